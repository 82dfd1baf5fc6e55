"""How a peer stands with everybody else: what is reserved, who is a buddy, who is kept apart, who rests.

Of two people who are kept apart each one's standing names the other, so that either side alone is enough to know.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import DAY_MS

LAPSES_MAX = 3
"""Proposals in a row that lapse without a word from somebody before they are set aside: three weeks in which it may be
that nobody reads what we write, and in which others wait for an answer that does not come."""

COUNTS_LAST_MS = 26 * 7 * DAY_MS
"""How long the ledger's last word on somebody's giving and receiving counts: as long as the weeks that it is about."""

PROTECTED_MS = 28 * DAY_MS
"""How long somebody who gives far more than they receive has no second place (rule 7): four weeks are a rest that is felt, and
after them the ledger may say so again."""

FOR_EVER = None
"""Until when two are kept apart after a block, *not this person* or an ending for safety."""


_HEARD: Mapping[str, object] = {"lapses": 0, "aside": False}


class Standing(BaseModel):
    """One peer, from their first request until they leave. Every change gives a new value."""

    model_config = ConfigDict(frozen=True)
    request: str | None = None
    """The one request that is open; without one nothing is proposed."""
    capacity: int = 0
    """What the latest request said: the most open proposals and pairs at a time (rule 2)."""
    carried: int = 0
    """Pairs that were there before that request. They count, and may alone be more than it asks for."""
    proposals: dict[str, str] = Field(default_factory=dict)
    """Open proposal, or one that waits for a coordinator → the other. Both take a place."""
    pairs: dict[str, str] = Field(default_factory=dict)
    """Pair → the other."""
    past: dict[str, str] = Field(default_factory=dict)
    """Pair that has ended → the other: the second of two may still say that it ended for safety."""
    apart: dict[str, int | None] = Field(default_factory=dict)
    """The other → until when these two are not put together, in ms, or FOR_EVER."""
    since_ms: int | None = None
    """From when their wait counts, where that is later than their request: while somebody has as many buddies as they asked
    for, it stands still."""
    full_since_ms: int | None = None
    """Since when they have."""
    rest_until_ms: int = 0
    break_until_ms: int = 0
    lapses: int = 0
    """Proposals that lapsed without a word from this peer, since they last gave one."""
    aside: bool = False
    """Nothing is proposed until they come back; their request stays open, and their place is kept."""
    given: int = 0
    received: int = 0
    """Moments of the last 26 weeks, when the ledger last said so. For pairing alone (rule 6)."""
    counts_until_ms: int | None = None
    """Until when they count; none while the ledger has said nothing."""
    proposed_day: int = 0
    """The latest day (since 1970, in UTC) on which somebody was proposed to them; 0 while nobody was."""
    suspended: bool = False
    """A coordinator lets nothing new be proposed; request and place are kept."""
    protected_until_ms: int = 0
    """Until then one open proposal or pair at most, whatever the request asks for; 0 when that is over."""

    @property
    def places(self) -> int:
        """How many more proposals may go out now."""
        if self.request is None or self.rest_until_ms or self.break_until_ms or self.unheard or self.suspended:
            return 0
        most = min(1, self.capacity) if self.protected_until_ms else self.capacity
        return max(0, most - len(self.proposals) - len(self.pairs))

    @property
    def unheard(self) -> bool:
        """So many proposals lapsed without a word that nothing more is proposed."""
        return self.lapses >= LAPSES_MAX

    @property
    def alone(self) -> bool:
        """Nobody is there, and nobody is proposed."""
        return not self.proposals and not self.pairs

    @property
    def waits(self) -> bool:
        """With a place, and with nobody: whoever rests, is on a break, was set aside or suspended waits to hear of nobody."""
        return self.alone and self.places > 0

    @property
    def silent(self) -> bool:
        """To be set aside. Not before the last open proposal is over, for it may still be answered."""
        return self.request is not None and self.unheard and not self.proposals and not self.aside

    @property
    def strangers_to(self) -> frozenset[str]:
        """Whom nothing may be proposed with: those kept apart, and those who are there already."""
        return frozenset((*self.apart, *self.proposals.values(), *self.pairs.values()))

    def asking(self, request: str, capacity: int, at_ms: int) -> Standing:
        """Whoever asks anew is ready to hear: a rest after *not now* is over, and how many places they have is theirs. With as
        many buddies as they ask for they do not wait yet."""
        full_since_ms = at_ms if self.pairs and len(self.pairs) >= capacity else None
        return self._with(request=request, capacity=capacity, carried=len(self.pairs), rest_until_ms=0, protected_until_ms=0,
                          since_ms=full_since_ms, full_since_ms=full_since_ms, **_HEARD)

    def changing(self, capacity: int, since_ms: int, at_ms: int) -> Standing:
        """Whoever says anew what they ask for is there, and keeps their place. Their wait stands still while they have as many
        buddies as they ask for now. `since_ms` is from when their request counts."""
        now = self._with(capacity=capacity, carried=len(self.pairs), lapses=self.lapses if self.aside else 0)
        if now.full_since_ms is None and now.pairs and len(now.pairs) >= capacity:
            return now._with(full_since_ms=at_ms, since_ms=since_ms if now.since_ms is None else now.since_ms)
        return now._waiting_again(at_ms)

    def resuming(self) -> Standing:
        """Whoever was set aside and would like to hear of people again is ready to: a rest after *not now* is over too."""
        return self._with(rest_until_ms=0, **_HEARD)

    def not_asking(self) -> Standing:
        return self._with(request=None, **_HEARD)

    def heard(self) -> Standing:
        """They gave a word, whichever it was: nobody wonders any more whether they are there."""
        return self._with(**_HEARD)

    def lapsed(self) -> Standing:
        return self._with(lapses=self.lapses + 1)

    def set_aside(self) -> Standing:
        return self._with(aside=True)

    def counted(self, given: int, received: int, at_ms: int) -> Standing:
        return self._with(given=given, received=received, counts_until_ms=at_ms + COUNTS_LAST_MS)

    def as_of(self, now_ms: int) -> Standing:
        """The same, without counts that are too old by now."""
        old = self.counts_until_ms is not None and now_ms >= self.counts_until_ms
        return self._with(given=0, received=0, counts_until_ms=None) if old else self

    def protected(self, until_ms: int) -> Standing:
        return self._with(protected_until_ms=until_ms)

    def protected_no_more(self, due_ms: int) -> Standing:
        """Changes nothing when it was said anew since."""
        return self._with(protected_until_ms=0) if self.protected_until_ms <= due_ms else self

    def reserved(self, proposal: str, other: str) -> Standing:
        return self._with(proposals={**self.proposals, proposal: other})

    def proposed_on(self, day: int) -> Standing:
        return self._with(proposed_day=day)

    def released(self, proposal: str) -> Standing:
        return self._with(proposals=_without(self.proposals, proposal))

    def paired(self, proposal: str, pair: str, other: str, at_ms: int, since_ms: int | None) -> Standing:
        """The proposal's place becomes the pair's. `since_ms` is from when their wait has counted till now."""
        now = self.released(proposal)._with(pairs={**self.pairs, pair: other})
        if now.request is None or len(now.pairs) < now.capacity or now.full_since_ms is not None:
            return now
        return now._with(full_since_ms=at_ms, since_ms=since_ms)

    def parted(self, pair: str, at_ms: int) -> Standing:
        if pair not in self.pairs:
            return self
        past = {**self.past, pair: self.pairs[pair]}
        return self._with(pairs=_without(self.pairs, pair), past=past)._waiting_again(at_ms)

    def kept_apart(self, other: str, until_ms: int | None) -> Standing:
        """The longer of two reasons counts; FOR_EVER is longest."""
        known = self.apart.get(other, 0)
        longer = FOR_EVER if known is FOR_EVER or until_ms is FOR_EVER else max(known, until_ms)
        return self._with(apart={**self.apart, other: longer})

    def apart_until_at_most(self, due_ms: int) -> list[str]:
        """Whom a time kept apart that is over by `due_ms`."""
        return [other for other, until in self.apart.items() if until is not FOR_EVER and until <= due_ms]

    def reunited_with(self, other: str) -> Standing:
        return self._with(apart=_without(self.apart, other))

    def resting(self, until_ms: int) -> Standing:
        """A newer *not now* ends later than an older one."""
        return self._with(rest_until_ms=until_ms)

    def rested(self, due_ms: int) -> Standing:
        """Changes nothing when a later *not now* has made the rest longer."""
        return self._with(rest_until_ms=0) if self.rest_until_ms <= due_ms else self

    def away(self, until_ms: int) -> Standing:
        """A newer break takes an older one's place, be it longer or shorter. Whoever takes one is there; who was set
        aside before comes back by a word of their own."""
        return self._with(break_until_ms=until_ms, lapses=self.lapses if self.aside else 0)

    def back(self, due_ms: int | None = None) -> Standing:
        """`due_ms` is the timer's; a timer of a break that a longer one replaced changes nothing."""
        return self._with(break_until_ms=0) if due_ms is None or self.break_until_ms <= due_ms else self

    def suspending(self) -> Standing:
        return self._with(suspended=True)

    def restored(self) -> Standing:
        return self._with(suspended=False)

    def without(self, peer: str) -> Standing:
        """Nothing here leads to `peer` any more; open proposals and pairs end by events of their own."""
        return self._with(apart=_without(self.apart, peer),
                          past={pair: other for pair, other in self.past.items() if other != peer})

    def forgetting(self, pair: str, at_ms: int) -> Standing:
        """The pair is gone with the one who left."""
        return self._with(pairs=_without(self.pairs, pair), past=_without(self.past, pair))._waiting_again(at_ms)

    def _waiting_again(self, at_ms: int) -> Standing:
        """Somebody who had as many buddies as they asked for waits on from where they were: what they had waited before is
        theirs (rule 1), and the time with a buddy was no wait."""
        if self.full_since_ms is None or len(self.pairs) >= self.capacity:
            return self
        since_ms = None if self.since_ms is None else self.since_ms + at_ms - self.full_since_ms
        return self._with(full_since_ms=None, since_ms=since_ms)

    def _with(self, **changes: object) -> Standing:
        return self.model_copy(update=changes)


def _without(names: Mapping[str, str] | Mapping[str, int | None], name: str) -> dict[str, object]:
    return {each: value for each, value in names.items() if each != name}

