"""A made-up programme to try the dial on before there are people: who asks, when, and for what. A seed makes the people."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from console.history import Happened, History
from shared.clock import DAY_MS
from shared.events import Details, Sealed, SupportRequested, Way
from shared.programme import Programme

TIMES = tuple(f"{day}-{part}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
              for part in ("morning", "afternoon", "evening"))


def history(programme: Programme, people: int, weeks: int, seed: int, now_ms: int) -> History:
    """So many people who ask, evenly spread over the weeks before `now_ms`. Topics that come first in the programme are sought
    and offered most (Zipf); seven of ten speak its first language, most of the others that one too."""
    random = Random(seed)
    at = sorted(random.uniform(now_ms - weeks * 7 * DAY_MS, now_ms) for _ in range(people))
    happened, details = list[Happened](), dict[str, Details]()
    for number, at_ms in enumerate(at):
        peer, request = f"made up {number}", f"request {number}"
        details[request] = _details(random, list(programme.topics), list(programme.languages))
        happened.append(Happened(int(at_ms), SupportRequested(
            peer=peer, request=request, community=programme.communities[0].key, details=Sealed(""))))
    return History(happened, details, 0, now_ms)


def _details(random: Random, topics: Sequence[str], languages: Sequence[str]) -> Details:
    spoken = {languages[0] if random.random() < 0.7 else random.choice(languages)}
    if random.random() < 0.6:
        spoken.add(languages[0])
    return Details(seeks=_some(random, topics), offers=_some(random, topics), languages=tuple(sorted(spoken)),
                   ways=(Way.MESSAGE, *((Way.CALL,) if random.random() < 0.5 else ())),
                   times=tuple(random.sample(TIMES, random.randint(0, 8))))


def _some(random: Random, topics: Sequence[str]) -> tuple[str, ...]:
    weights = [1 / (1 + place) for place in range(len(topics))]
    return tuple(dict.fromkeys(random.choices(topics, weights, k=random.randint(1, 4))))
