"""How proposals ended, as the history tells it: what a replay goes by where it proposes the same two people.

For two whom nobody ever proposed to each other no answer is known. For them it is assumed that proposals end as they did over
all: each takes one of the endings that were seen, by lot, and the same two take the same one under every policy.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from console.history import Happened
from shared.clock import DAY_MS
from shared.events import Answer, PairFormed, ProposalAnswered, ProposalLapsed, ProposalMade, ProposalWithdrawn

How = Literal["pair", "lapsed"] | Answer


@dataclass(frozen=True)
class Fate:
    """How a proposal ended, how long after it was made, and who of the two (0: the longer wait) had a part in it: whoever said
    otherwise, or whoever had said yes before it lapsed."""

    how: How
    after_ms: int
    who: tuple[int, ...] = ()


ASSUMED = (
    *[Fate("pair", DAY_MS)] * 7, Fate(Answer.NOT_NOW, DAY_MS, (1,)), Fate(Answer.SOMEONE_DIFFERENT, 2 * DAY_MS, (0,)),
    Fate("lapsed", 7 * DAY_MS, (1,)))
"""Where nothing was seen yet: seven of ten proposals become a pair, which two people who each say yes nine times in ten, less
a few who do not answer, come to."""


class Fates:
    """Those of every two who were proposed to each other; for all others one by lot."""

    def __init__(self, seen: Iterable[tuple[frozenset[str], Fate]] = ()) -> None:
        self._seen: dict[frozenset[str], list[Fate]] = defaultdict(list)
        for two, fate in seen:
            self._seen[two].append(fate)
        self._all: Sequence[Fate] = [fate for fates in self._seen.values() for fate in fates] or ASSUMED

    @property
    def seen(self) -> int:
        """How many endings all others go by; 0 when they go by `ASSUMED`."""
        return 0 if self._all is ASSUMED else len(self._all)

    def of(self, one: str, other: str, time: int = 0) -> tuple[Fate, bool]:
        """(the fate of these two, whether it was seen). `time`: how many times they were proposed before."""
        if time < len(fates := self._seen.get(frozenset((one, other)), [])):
            return fates[time], True
        lot = hashlib.sha256("/".join((*sorted((one, other)), str(time))).encode()).digest()
        return self._all[int.from_bytes(lot[:8]) % len(self._all)], False


def seen(happened: Iterable[Happened]) -> Fates:
    """Of all proposals that the two people's words ended, or that nobody's did. What a break, a leaving or a request taken back
    ended is not among them, for those stand in the history by themselves."""
    made: dict[str, tuple[ProposalMade, int]] = {}
    said: dict[str, ProposalAnswered] = {}
    fates = list[tuple[frozenset[str], Fate]]()
    for each in happened:
        event = each.event
        if isinstance(event, ProposalMade):
            made[event.proposal] = event, each.at_ms
        elif isinstance(event, ProposalAnswered) and event.answer is not Answer.YES:
            said[event.proposal] = event
        elif isinstance(event, PairFormed | ProposalLapsed | ProposalWithdrawn) and event.proposal in made:
            of, at_ms = made.pop(event.proposal)
            ending = _ending(event, said.get(event.proposal), of.peers)
            if ending is not None:
                fates.append((frozenset(of.peers), Fate(ending[0], each.at_ms - at_ms, ending[1])))
    return Fates(fates)


def _ending(event: PairFormed | ProposalLapsed | ProposalWithdrawn, word: ProposalAnswered | None,
            peers: tuple[str, str]) -> tuple[How, tuple[int, ...]] | None:
    if isinstance(event, PairFormed):
        return "pair", ()
    if isinstance(event, ProposalLapsed):
        return "lapsed", tuple(peers.index(peer) for peer in event.said_yes if peer in peers)
    if event.reason == "answered" and word is not None and word.peer in peers:
        return word.answer, (peers.index(word.peer),)
    return None
