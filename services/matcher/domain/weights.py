"""How many points each good thing about a pair is worth: operator's data, read from a file and handed in.

The published default is `services/matcher/weights.toml`, where each stands beside its reason.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

POINTS_MAX = 20_000
"""For any one weight: keeps every sum within what the compiled engine reckons exactly."""

NET_MAX = 10
"""How far giving and receiving may lie apart and still count more, in moments. With 26 weeks behind it, a nudge and no debt."""

_Points = Annotated[int, Field(ge=0, le=POINTS_MAX, strict=True)]


class Weights(BaseModel):
    """Whole points. Every field has the published default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mutual: _Points = 6000
    """For help in both directions, times the harmonic mean of what each would find with the other."""
    help: _Points = 400
    """For each direction of help, times the share of what is sought."""
    shared_time: _Points = 125
    shared_times_max: Annotated[int, Field(ge=0, le=21, strict=True)] = 8
    """Shared times that count, of the 21 a week has."""
    shared_way: _Points = 300
    same_area: _Points = 300
    second_language: _Points = 300
    waited_day: _Points = 10
    """For each whole day that either has waited."""
    waited_max: _Points = 500
    returning: Annotated[int, Field(ge=0, le=500, strict=True)] = 15
    """For each moment of difference in what two gave and received, times the difference in what each would find."""
    newcomer: _Points = 200
    """For each newcomer whose partner welcomes newcomers."""
    soft_wish: _Points = 100
    """For each wish that the other's facts meet."""


PUBLISHED = Weights()
