"""`twoway status`: how far each service has come, who waits, what is under way, what was set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import typer

from console import shown, system
from console.system import AsJson, Data, System
from services.gateway.store import CONCERNS
from services.gateway.store import SERVICE as GATEWAY
from services.matcher.domain.standing import Standing
from services.matcher.domain.waiting import is_unproposed
from services.matcher.store import PAIRS, PEERS, PROPOSALS, REQUESTS, SCAN, all_drafts, all_rounds
from services.matcher.store import SERVICE as MATCHER
from services.notifier.store import NOT_THERE
from services.notifier.store import SERVICE as NOTIFIER
from shared import SERVICES, lag
from shared.rows import Table
from shared.stream.names import Partition


@dataclass(frozen=True)
class Reader:
    """One service on one partition. `running`: somebody holds its lock, so it is being read."""

    service: str
    running: bool
    cursor: str
    lag_entries: int
    lag_s: float


@dataclass(frozen=True)
class Status:
    """One partition."""

    partition: int
    readers: list[Reader]
    requests: int
    """All that are open: a request stays open for as many buddies as its person chose."""
    waiting: int
    """Those of people who have nobody yet, and nobody in sight: no pair, no proposal, not even for a coordinator to see."""
    unproposed_14_days: int
    """Those of people who have waited for 14 days in which nobody was proposed to them; whoever rests, is on a break or was set
    aside is not among them."""
    drafts: int
    """What waits for a coordinator."""
    oldest_draft_s: float | None
    """How long the oldest of those has waited."""
    proposals: int
    pairs: int
    next_round_s: float | None
    """Until the soonest of the communities' rounds; none when nobody waits with a place."""
    rounds_under_way: int
    proven_share: float | None
    """How near to the best possible the latest rounds are proven to have come: the least of the communities' shares."""
    concerns: int
    not_there: int
    """People whose address a mail server said to be none."""
    dead_letters: int
    timers: int
    log_entries: int


def add_to(app: typer.Typer) -> None:
    app.command()(status)


def status(json: AsJson = False, data: Data = None) -> None:
    """Show how far each service has come, and what waits. Exit code 1 when a service is not running or letters are dead."""
    async def work(at: System) -> int:
        found = [await _partition(at, partition) for partition in at.partitions]
        if json:
            shown.as_json([asdict(each) for each in found])
        else:
            _show(found)
        well = all(not each.dead_letters and all(reader.running for reader in each.readers) for each in found)
        return 0 if well else 1
    system.run(work, data)


async def _partition(at: System, partition: Partition) -> Status:
    readers = [await _reader(at, partition, service) for service in SERVICES]
    pipeline = at.redis.pipeline(transaction=False)
    pipeline.hlen(REQUESTS.path(partition, MATCHER))
    pipeline.hlen(partition.dead)
    pipeline.zcard(partition.timers)
    pipeline.xlen(partition.log)
    pipeline.hlen(NOT_THERE.path(partition, NOTIFIER))
    requests, dead, timers, entries, not_there = await pipeline.execute()
    rounds = (await all_rounds(at.redis, partition)).values()
    due_ms = [row.due_ms for row in rounds if row.due_ms]
    drafted_ms = [draft.since_ms async for _, draft in all_drafts(at.redis, partition)]
    waiting, unproposed = await _waiting(at, partition)
    return Status(
        partition=partition.number, readers=readers, requests=requests, not_there=not_there, dead_letters=dead, timers=timers,
        log_entries=entries, rounds_under_way=sum(row.under_way is not None for row in rounds),
        proven_share=min((row.proven_share for row in rounds if row.proven_share is not None), default=None),
        next_round_s=max(0, min(due_ms) - at.clock.now_ms()) / 1000 if due_ms else None,
        waiting=waiting, unproposed_14_days=unproposed, drafts=len(drafted_ms),
        oldest_draft_s=max(0, at.clock.now_ms() - min(drafted_ms)) / 1000 if drafted_ms else None,
        proposals=await _count(at, partition, MATCHER, PROPOSALS, lambda row: row.peers is not None),
        pairs=await _count(at, partition, MATCHER, PAIRS, lambda row: not row.over),
        concerns=await _count(at, partition, GATEWAY, CONCERNS, lambda row: row.closed_ms is None))


async def _waiting(at: System, partition: Partition) -> tuple[int, int]:
    """(`waiting`, `unproposed_14_days`). Read bit by bit, so that nobody waits for it."""
    waiting, unproposed, now_ms = set[str](), set[str](), at.clock.now_ms()
    cursor = 0
    while True:
        page: Any = await at.redis.hscan(PEERS.path(partition, MATCHER), cursor, count=SCAN)
        cursor, found = page
        alone = {peer: row for peer, row in PEERS.load_all(found).items() if row.request is not None and row.alone}
        waiting |= alone.keys()
        since_ms = await _since_ms(at, partition, alone)
        unproposed |= {peer for peer, row in alone.items() if row.waits and peer in since_ms
                       and is_unproposed(since_ms[peer], row.proposed_day, now_ms)}
        if cursor == 0:
            return len(waiting), len(unproposed)


async def _since_ms(at: System, partition: Partition, standings: Mapping[str, Standing]) -> dict[str, int]:
    """From when each one's wait counts. Whose request is gone by now is not among them."""
    known = {peer: row.since_ms for peer, row in standings.items() if row.since_ms is not None}
    asked = {peer: row.request for peer, row in standings.items() if peer not in known and row.request is not None}
    texts: Any = await at.redis.hmget(REQUESTS.path(partition, MATCHER), list(asked.values())) if asked else []
    return known | {peer: REQUESTS.load(text).since_ms for peer, text in zip(asked, texts, strict=True) if text is not None}


async def _reader(at: System, partition: Partition, service: str) -> Reader:
    behind = await lag.of(at.redis, partition, service, at.clock.now_ms())
    running = bool(await at.redis.exists(partition.lock(service)))
    return Reader(service, running, behind.at, behind.entries, behind.seconds)


async def _count(at: System, partition: Partition, service: str, table: Table[Any],
                 counts: Callable[[Any], bool]) -> int:
    """Rows that count; a table also holds what is over. Read bit by bit, so that nobody waits for it."""
    found = {id async for id, text in at.redis.hscan_iter(table.path(partition, service), count=500)
             if counts(table.load(text))}
    return len(found)


def _show(found: list[Status]) -> None:
    shown.table(("partition", "service", "running", "behind", "for", "cursor"), (
        (f"p{each.partition}", reader.service, "yes" if reader.running else "no", reader.lag_entries,
         shown.span(reader.lag_s), reader.cursor) for each in found for reader in each.readers))
    names = ("partition", "requests", "waiting", "for approval", "proposals", "pairs", "next round", "proven", "concerns",
             "dead letters", "timers", "log entries")
    shown.table(names, (
        (f"p{each.partition}", each.requests, _waits(each), _drafts(each), each.proposals, each.pairs, _round(each),
         _proven(each), each.concerns, each.dead_letters, each.timers, each.log_entries) for each in found))
    if any(each.dead_letters for each in found):
        print("Look at what was set aside: twoway dead-letters list")
    if any(each.unproposed_14_days for each in found):
        print("Somebody has waited for 14 days, and nobody was proposed to them: twoway fairness shows which groups wait")
    if any(each.drafts for each in found):
        print("Suggestions wait for a coordinator: twoway proposals list")
    if any(each.concerns for each in found):
        print("Somebody asked the programme to look: twoway concerns list")
    if any(each.not_there for each in found):
        print("People whose address takes no messages: " + str(sum(each.not_there for each in found))
              + ". Whose: twoway messages unreachable")


def _waits(each: Status) -> str:
    return f"{each.waiting}, {each.unproposed_14_days} unproposed" if each.unproposed_14_days else str(each.waiting)


def _drafts(each: Status) -> str:
    return str(each.drafts) if each.oldest_draft_s is None else f"{each.drafts}, for {shown.span(each.oldest_draft_s)}"


def _round(each: Status) -> str:
    if each.rounds_under_way:
        return "under way"
    return "" if each.next_round_s is None else f"in {shown.span(each.next_round_s)}"


def _proven(each: Status) -> str:
    return "" if each.proven_share is None else f"{each.proven_share:.2%}"
