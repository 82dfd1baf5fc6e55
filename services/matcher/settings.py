"""What the matcher needs to know beyond what all services do."""

from __future__ import annotations

from pydantic import Field

from shared.settings import Settings


class MatcherSettings(Settings):
    port: int = Field(8001, ge=1, le=65535, description="Port of the matcher's health and metrics.")
