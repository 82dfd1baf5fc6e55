"""What becomes of a moment, and of whatever is said of it afterwards: one line each, through the ledger on a real server.

A line is what happens, on which day since the pair was formed; what comes of the last of it; and moments given and received by
each then. Whoever received has written a moment down unless `by` says otherwise; a moment is called m unless `as` does; `of` is
the day on which it happened, as it was said.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from services.ledger.app import table
from services.ledger.audit import findings
from services.ledger.domain.refusals import ORDER
from services.ledger.store import snapshot
from shared.clock import DAY_MS
from shared.events import (
    Correction,
    Event,
    Gesture,
    GestureSent,
    Kind,
    MomentCorrected,
    MomentKeptApart,
    MomentPutBack,
    MomentRefused,
    MomentRememberedDifferently,
    MomentShared,
    MomentThanked,
    MomentUpheld,
    PairClosed,
    PairFormed,
    PeerLeft,
    TimerElapsed,
)
from shared.stream.append import fields
from tests.integration.core.tally import Bench
from tests.integration.living import P0

BEGAN_MS = int(datetime(2024, 1, 1, 12, tzinfo=UTC).timestamp() * 1000)
"""A Monday at noon, long enough ago that all of it is over."""

SCENARIOS = """
0 pair ab; 1 moment a b                                                         | recorded             | a 1 0, b 0 1
0 pair ab; 1 moment a b by a                                                    | recorded             | a 1 0, b 0 1
0 pair ab; 1 tea a b                                                            | recorded             | a 1 0, b 0 1
0 pair ab; 1 moment a b both                                                    | recorded 2           | a 1 1, b 1 1
0 pair ab; 9 moment a b of 3                                                    | recorded             | a 1 0, b 0 1
0 pair ab; 9 moment a b both of 3                                               | recorded 2           | a 1 1, b 1 1
0 pair ab; 0 pair bc; 1 moment a b; 1 moment b c as n                           | recorded             | a 1 0, b 1 1, c 0 1

1 moment a b                                                                    | unknown_pair         |
0 pair ab; 1 tea a b in zz                                                      | unknown_pair         |
0 pair ab; 1 moment a c in ab                                                   | not_of_this_pair     |
0 pair ab; 1 moment a b by c                                                    | not_of_this_pair     |
0 pair ab; 1 tea c b in ab                                                      | not_of_this_pair     |
0 pair ab; 1 moment a a in ab                                                   | same_person          |
1 moment a a in ab                                                              | unknown_pair         |
0 pair ab; 1 moment c c in ab                                                   | not_of_this_pair     |
0 pair ab; 1 moment a b of 2                                                    | in_future            |
0 pair ab; 1 moment a b of 1.003                                                | recorded             | a 1 0, b 0 1
0 pair ab; 1 moment a a in ab of 2                                              | same_person          |
9 pair ab; 9 moment a b of 8.1                                                  | recorded             | a 1 0, b 0 1
9 pair ab; 9 moment a b of 7                                                    | before_pair          |
0 pair ab; 1 moment a b; 2 moment a b                                           | already_recorded     | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 moment b a both                                      | already_recorded     | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 tea b a                                              | already_recorded     | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 moment a b of 5                                      | in_future            | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 end ab; 99 moment a b                                | already_recorded     | a 1 0, b 0 1

0 pair ab; 20 end ab; 21 moment a b of 20                                       | recorded             | a 1 0, b 0 1
0 pair ab; 20 end ab; 50 moment a b of 19                                       | recorded             | a 1 0, b 0 1
0 pair ab; 20 end ab; 51 moment a b of 19                                       | pair_ended           |
0 pair ab; 20 end ab; 385 moment a b of 19                                      | pair_ended           |
0 pair ab; 20 end ab; 21 tea a b                                                | pair_ended           |
0 pair ab; 20 end ab; 385 moment a b of 400                                     | in_future            |
0 pair ab; 5 leave a; 5 end ab; 6 moment a b of 5                               | recorded             | b 0 1
0 pair ab; 5 leave a; 5 end ab; 6 moment a b both                               | recorded 2           | b 1 1
0 pair ab; 5 leave a; 5 end ab; 6 moment a b by a                               | not_of_this_pair     |
0 pair ab; 5 leave a; 5 end ab; 36 forget ab; 36 moment a b                     | unknown_pair         |

0 pair ab; 1 moment a b by b; 1 moment a b by a as n                            | recorded same as m   | a 2 0, b 0 2
0 pair ab; 1 moment a b by b; 3 moment a b by a as n of 1                       | recorded same as m   | a 2 0, b 0 2
0 pair ab; 1 moment a b by b; 2 moment a b by a as n                            | recorded             | a 2 0, b 0 2
0 pair ab; 1 moment a b by b; 1 moment b a by a as n                            | recorded             | a 1 1, b 1 1
0 pair ab; 1 moment a b by b; 1 moment a b by b as n                            | recorded             | a 2 0, b 0 2
0 pair ab; 1 moment a b by b; 1 moment a b by a as n; 1 moment a b by a as o    | recorded             | a 3 0, b 0 3
0 pair ab; 1 moment a b by b; 1 back b m; 1 moment a b by a as n                | recorded             | a 1 0, b 0 1
0 pair ab; 1 moment a b by b; 1 moment a b by a as n; 2 back a n same_moment    | reversed same_moment | a 1 0, b 0 1
0 pair ab; 1 moment a b by b; 1 moment a b by a as n; 2 apart a n               | nothing              | a 2 0, b 0 2
0 pair ab; 1 moment a b by b; 1 moment a b by a as n; 2 apart b n               | not_yours            | a 2 0, b 0 2

0 pair ab; 1 moment a b; 2 back b m                                             | reversed mistake     | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 back a m                                             | not_yours            | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back c m                                             | not_yours            | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b n                                             | unknown_moment       | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 back b m                                 | already_reversed     | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 back b m; 3 restore b m                              | restored             | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 restore a m                              | not_yours            | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 restore b m                                          | not_reversed         | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 restore b m; 4 restore b m               | not_reversed         | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 restore b m; 4 back b m                  | reversed mistake     | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 back b m; 3 restore b m; 4 back b m; 5 restore b m   | restored             | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back operator m                                      | reversed operator    | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 back operator m; 3 restore b m                       | not_yours            | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 back operator m; 3 restore operator m                | restored             | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 restore operator m                       | restored             | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back operator m; 3 back operator m                   | already_reversed     | a 0 0, b 0 0
0 pair ab; 1 moment a b both; 2 back b m                                        | reversed mistake     | a 0 1, b 1 0
0 pair ab; 1 moment a b; 2 leave b; 3 back operator m                           | reversed operator    | a 0 0
0 pair ab; 1 moment a b; 2 end ab; 400 back b m                                 | reversed mistake     | a 0 0, b 0 0

0 pair ab; 1 moment a b; 2 differs a m                                          | nothing, differs     | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs b m                                          | not_yours            | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs c m                                          | not_yours            | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a n                                          | unknown_moment       | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 differs a m                              | already_reversed     | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 differs a m; 3 differs a m                           | nothing, differs     | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a m; 3 back b m agreed                       | reversed agreed      | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 differs a m; 3 back a m agreed                       | not_yours, differs   | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a m; 3 upholds b m                           | nothing, by writer   | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a m; 3 upholds a m                           | not_yours, differs   | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a m; 3 upholds b m; 4 upholds operator m     | nothing, by operator | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a m; 3 upholds operator m; 4 upholds b m     | nothing, by operator | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 differs a m; 3 upholds b m; 4 back operator m        | reversed operator    | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 differs a m; 3 leave a; 4 upholds b m                | nothing, by writer   | b 0 1
0 pair ab; 1 moment a b; 2 upholds b m                                          | nothing              | a 1 0, b 0 1

0 pair ab; 1 moment a b; 2 thanks a b m                                         | nothing              | a 1 0, b 0 1
0 pair ab; 1 moment a b by a; 2 thanks b a m                                    | nothing              | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 thanks b a m                                         | not_yours            | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 thanks a b n                                         | unknown_moment       | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 thanks c b m in ab                                   | not_of_this_pair     | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 thanks a b m in zz                                   | unknown_pair         | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 thanks a a m in ab                                   | same_person          | a 1 0, b 0 1
0 pair ab; 1 moment a b; 2 back b m; 3 thanks a b m                             | already_reversed     | a 0 0, b 0 0
0 pair ab; 1 moment a b; 2 end ab; 3 thanks a b m                               | pair_ended           | a 1 0, b 0 1
"""

LINES = [line for line in SCENARIOS.splitlines() if line]


def event_of(step: str) -> tuple[int, Event]:
    """When, and what."""
    day, what, *words = step.split()
    said = dict(re.findall(r"(by|of|in|as) (\S+)", " ".join(words)))
    at_ms = BEGAN_MS + round(float(day) * DAY_MS)
    names = [word for word in words[:3] if word not in (*said, "both")]
    peer = None if names[0] == "operator" else names[0]
    pair, moment = said.get("in", "".join(sorted(names[0] + names[1])) if len(names) > 1 else names[0]), said.get("as", "m")
    match what:
        case "pair":
            return at_ms, PairFormed(pair=names[0], proposal="p", peers=(names[0][0], names[0][1]))
        case "end":
            return at_ms, PairClosed(pair=names[0], peers=(names[0][0], names[0][1]), reason="ended")
        case "leave":
            return at_ms, PeerLeft(peer=names[0])
        case "forget":
            return at_ms, TimerElapsed(service="ledger", what="forget", of=names[0], due_ms=at_ms)
        case "moment":
            return at_ms, MomentShared(
                moment=moment, pair=pair, giver=names[0], receiver=names[1], kind=Kind.LISTENED, both_ways="both" in words,
                recorded_by=said.get("by", names[1]),
                happened_ms=BEGAN_MS + round(float(said["of"]) * DAY_MS) if "of" in said else None)
        case "tea":
            return at_ms, GestureSent(moment=moment, pair=pair, giver=names[0], receiver=names[1], gesture=Gesture.CUP_OF_TEA)
        case "back":
            return at_ms, MomentCorrected(moment=words[1], peer=peer, reason=Correction(*words[2:] or ["mistake"]))
        case "restore":
            return at_ms, MomentPutBack(moment=words[1], peer=peer)
        case "differs":
            return at_ms, MomentRememberedDifferently(moment=words[1], peer=names[0])
        case "upholds":
            return at_ms, MomentUpheld(moment=words[1], peer=peer)
        case "apart":
            return at_ms, MomentKeptApart(moment=words[1], peer=names[0])
        case "thanks":
            return at_ms, MomentThanked(moment=words[2], pair=pair, peer=names[0], to=names[1])
    raise ValueError(step)


@pytest.mark.parametrize("line", LINES)
async def test_a_scenario_ends_as_its_line_says(redis: Redis, line: str) -> None:
    steps, result, counts = (part.strip() for part in line.split("|"))
    for n, step in enumerate(steps.split(";")):
        at_ms, event = event_of(step)
        await redis.xadd(P0.log, _flat(event, f"step {n}"), id=f"{at_ms}-*")
    await Bench(redis, table()).read()
    state = await snapshot(redis, P0)
    said = [REPLIES[name](body) for name, body in await _said(redis, f"step {n}") if name in REPLIES]
    memory = state.memories.get("m")
    differs = [f"by {memory.upheld}" if memory.upheld else "differs"] if memory is not None else []
    assert ", ".join([*_together(said or ["nothing"]), *differs]) == result
    held = {peer: state.accounts[row.account] for peer, row in state.holders.items() if row.account is not None}
    assert ", ".join(f"{peer} {row.given} {row.received}" for peer, row in sorted(held.items())) == counts
    assert findings(state) == []


def test_every_refusal_has_its_line() -> None:
    named = Counter(line.split("|")[1].split(",")[0].strip() for line in LINES)
    assert set(ORDER) <= named.keys()
    assert set(ORDER) == set(MomentRefused.model_fields["reason"].annotation.__args__)  # type: ignore[union-attr]


REPLIES: dict[str, Any] = {
    "moment.recorded": lambda body: f"recorded same as {body['same_as']}" if body.get("same_as") else "recorded",
    "moment.reversed": lambda body: f"reversed {body.get('reason') or 'mistake'}",
    "moment.restored": lambda body: "restored",
    "moment.refused": lambda body: body["reason"],
}


def _flat(event: Event, id: str) -> Any:
    flat = fields(event, id, "", "")
    return dict(zip(flat[::2], flat[1::2], strict=True))


async def _said(redis: Redis, cause: str) -> list[tuple[str, dict[str, Any]]]:
    entries: Any = await redis.xrange(P0.log)
    return [(each[b"type"].decode(), orjson.loads(each[b"body"])) for _, each in entries if each[b"cause"] == cause.encode()]


def _together(said: list[str]) -> list[str]:
    return [each if count == 1 else f"{each} {count}" for each, count in Counter(said).items()]
