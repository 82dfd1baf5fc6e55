"""What the matcher needs to know beyond what all services do."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field, field_validator

from services.matcher.domain.bar import BARS, NO_BAR, Dial
from services.matcher.domain.line import AFTER_DAYS
from services.matcher.domain.rounds import Policy
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.weights import read
from shared.settings import Settings


class MatcherSettings(Settings):
    port: int = Field(8001, ge=1, le=65535, description="Port of the matcher's health and metrics.")
    try_out: bool = Field(
        False, description="1: unless TWOWAY_DIAL is set, whoever fits is suggested at once, for in a try-out nobody waits "
        "for days; unless TWOWAY_ASSIST is set, no coordinator has to look first.")
    assist: bool = Field(
        True, description="1 or on: what is suggested waits for a coordinator (`twoway proposals list`) before either of the "
        "two hears of it. 0 or off: it goes out at once, but for two who can only meet in person: a coordinator always "
        "looks at those. On until you switch it off, for a programme should know what its people receive before it lets "
        "go. docs/operators/matching.md tells more.")
    dial: Dial = Field(
        "balanced", description="How good a suggestion has to be, against how long people wait. sooner: half of what each "
        "seeks is enough within two days, whoever fits after a week; balanced: nearly all of it at first, less each day, "
        "whoever fits after two weeks; better: more than that, and three weeks. docs/operators/matching.md tells more.")
    weights: Path | None = Field(
        None, description="The programme's own weights, what makes a pair good, as a TOML file; unset means the shipped "
        "services/matcher/weights.toml, to copy and change, where each weight stands beside its reason. "
        "`twoway match --weights` tries a file on a pool first.")
    round_every_minutes: float = Field(
        15, ge=0.01, le=1440, description="Minutes between two rounds, in which everybody of a community who waits is looked "
        "at together. More often brings hardly anything: what is enough changes by whole days, and whoever arrives is "
        "looked at at once anyway.")
    round_lease_s: float = Field(
        120, ge=1, le=3600, description="Seconds after which a round that a killed process was computing is taken up again. "
        "A round of some thousands of people takes seconds.")

    first_in_line_days: int = Field(
        AFTER_DAYS, ge=1, le=366, description="Days from which somebody who has nobody yet, no suggestion and no buddy, "
        "chooses first in a round, the longest wait before the others, and never before the dial asks nothing more. So nobody "
        "is passed over without end. Fewer days cost the others good pairs; more leave people waiting.")

    @field_validator("weights")
    @classmethod
    def _that_can_be_read(cls, path: Path | None) -> Path | None:
        if path is not None:
            read(path)
        return path

    @cached_property
    def worth(self) -> Weights:
        """As the file said when it was first asked for: one process goes by the same weights from its start to its end."""
        return PUBLISHED if self.weights is None else read(self.weights)

    @property
    def policy(self) -> Policy:
        bar = NO_BAR if self.try_out and "dial" not in self.model_fields_set else BARS[self.dial]
        assist = self.assist and not (self.try_out and "assist" not in self.model_fields_set)
        return Policy(bar, round(self.round_every_minutes * 60_000), assist, self.first_in_line_days, self.worth)
