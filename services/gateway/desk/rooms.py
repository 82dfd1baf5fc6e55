"""The pages of the desk, each with its router."""

from __future__ import annotations

from services.gateway.desk import concerns, door, home, moments, people, proposals, report

ROOMS = (door, home, concerns, proposals, moments, people, report)
