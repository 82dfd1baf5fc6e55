"""What is said of a moment after it was written down: taken back, put back, remembered differently.

Each correction is a transfer of its own that names the one it reverses, be that the moment or the correction before. So a chain
of them goes on as long as people change their minds, and every entry stays as it was written.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.clock import derived_id


def reversal_id(transfer: str) -> str:
    """Under which id the transfer stands that reverses this one."""
    return derived_id(transfer, "reversal")


class Corrections(BaseModel):
    """How often a moment was taken back and put back, one after the other, and the transfer that did so last."""

    model_config = ConfigDict(frozen=True)
    times: int = 0
    last: str = ""

    @property
    def taken_back(self) -> bool:
        return self.times % 2 == 1

    def one_more(self, moment: str) -> Corrections:
        return Corrections(times=self.times + 1, last=reversal_id(self.last or moment))


class OtherMemory(BaseModel):
    """The other of the two remembers a moment differently. It says nothing of either of them, so it may outlast both."""

    model_config = ConfigDict(frozen=True)
    since_ms: int
    upheld: Literal["writer", "operator"] | None = None
    """Who looked at it since and says that the moment stands; an operator's word is the last."""
