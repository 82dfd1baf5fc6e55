"""What the ledger needs to know beyond what all services do."""

from __future__ import annotations

from pydantic import Field

from services.ledger.domain.protection import Thresholds
from shared.settings import Settings


class LedgerSettings(Settings):
    retention_days: int = Field(
        30, ge=1, le=3650, description="Days that an entry stays on the log before it moves to the archive. Every service "
        "must have read it first, so a service may be away for long without losing anything.")
    archive_months: int = Field(
        24, ge=1, le=240, description="Months that the archive is kept; older days are deleted. It is what services are "
        "rebuilt from.")
    giving_times: int = Field(
        3, ge=2, le=20, description="Somebody who gave at least this many times what they received is offered a rest, if all "
        "that follows is so too. Giving and receiving ebb and flow, so the band of what is fine is wide.")
    giving_more: int = Field(
        10, ge=3, le=200, description="And they gave at least this many moments more than they received, in the last 12 weeks "
        "and in the last 26. Fewer is less than one a week, which tires nobody.")
    giving_weeks: int = Field(
        7, ge=1, le=12, description="And they gave more than they received in at least this many of the last 12 weeks. A month "
        "touches six weeks at most, so that one busy month alone is never enough.")
    giving_newcomer_weeks: int = Field(
        12, ge=4, le=52, description="And their first moment was at least this many weeks ago: before that the two windows "
        "would say the same, and people who are new often begin by giving.")
    giving_again_weeks: int = Field(
        12, ge=4, le=52, description="And they were offered none in as many weeks: an offer that comes often is a reproach.")
    only_giving: int = Field(
        5, ge=2, le=100, description="Whoever gave this many moments, over more than four weeks, and of whom nothing received "
        "was ever recorded, is asked once whether there is something they would like. Fewer may be chance.")
    port: int = Field(8002, ge=1, le=65535, description="Port of the ledger's health and metrics.")

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(times=self.giving_times, more=self.giving_more, weeks=self.giving_weeks,
                          newcomer_weeks=self.giving_newcomer_weeks, again_weeks=self.giving_again_weeks,
                          only_given=self.only_giving)
