"""What the ledger needs to know beyond what all services do."""

from __future__ import annotations

from pydantic import Field

from shared.settings import Settings


class LedgerSettings(Settings):
    retention_days: int = Field(
        30, ge=1, le=3650, description="Days that an entry stays on the log before it moves to the archive. Every service "
        "must have read it first, so a service may be away for long without losing anything.")
    archive_months: int = Field(
        24, ge=1, le=240, description="Months that the archive is kept; older days are deleted. It is what services are "
        "rebuilt from.")
    port: int = Field(8002, ge=1, le=65535, description="Port of the ledger's health and metrics.")
