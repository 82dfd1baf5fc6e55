"""The pages of the desk, each with its router."""

from __future__ import annotations

from services.gateway.desk import by_hand, concerns, door, for_them, home, moments, people, proposals, report

ROOMS = (door, home, concerns, proposals, moments, people, by_hand, for_them, report)
