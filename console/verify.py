"""`twoway verify`: every invariant, recounted on live data. Whatever it finds is a bug of ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import typer
from redis.exceptions import RedisError

from console import checks, shown, system
from console.checks import Cursor, Finding, Pages, Places
from console.refill import MARK
from console.system import AsJson, Data, System
from services.gateway import left_ids
from services.gateway.store import ADDRESS_OF, ADDRESSES, INVITED_AS, KNOWN_AS, PAIRS, PEERS, PROPOSALS, REFERRALS, REQUESTS
from services.gateway.store import SERVICE as GATEWAY
from services.gateway.store.stories import STORIES
from services.ledger import audit as ledger_audit
from services.ledger import store as ledger_store
from services.matcher import audit as matcher_audit
from services.matcher import store as matcher_store
from shared import SERVICES
from shared.events import MomentRecorded
from shared.sealing import BrokenSeal
from shared.service import Entry
from shared.stream.decode import decode
from shared.stream.names import Partition
from shared.stream.rebuild import history
from shared.stream.write import START

_NO_LOG = {"last-generated-id": START.encode(), "entries-added": 0}

REST_S_MAX = 10.0
"""How long it waits for every service to have passed the last entry: what one service said, another may not have read."""

ANSWER_S_MAX = 120.0
"""A million rows at one moment take the server some seconds."""


@dataclass
class Result:
    """What was found on one partition. Not `compared`: services were never at one place within the time."""

    partition: int
    compared: bool = True
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def add_to(app: typer.Typer) -> None:
    app.command()(verify)


def verify(json: AsJson = False, data: Data = None) -> None:
    """Recount every invariant on live data. Exit code 1 when something does not add up, or could not be compared.

    May run beside live services; it waits up to 10 seconds for a moment at which all of them have read everything.
    """
    async def work(at: System) -> int:
        results = [await look_over(at, partition) for partition in at.partitions]
        if await at.redis.exists(MARK):
            results[0].findings.append(Finding("console", "restore_not_finished", MARK))
        if json:
            shown.as_json([asdict(each) | {"findings": [found._asdict() for found in each.findings]} for each in results])
        else:
            _show(results)
        return 0 if all(each.compared and not each.findings for each in results) else 1
    system.run(work, data, ANSWER_S_MAX)


async def look_over(at: System, partition: Partition) -> Result:
    """Everything there is to find on one partition. Raises RedisError."""
    result = Result(partition.number)
    moments = await _recorded(at, partition)
    until = time.monotonic() + REST_S_MAX
    while True:
        rested = await rest(at, partition, until)
        left = _left(at, partition)  # before everything else: whoever leaves from now on is not expected to be gone
        before = await places(at, partition)
        matcher = await matcher_store.snapshot(at.redis, partition)
        ledger = await ledger_store.snapshot(at.redis, partition)
        pages = await _pages(at, partition)
        if rested and before.at_rest and await places(at, partition) == before:
            break
        if time.monotonic() > until:
            result.compared = False
            break
    result.findings += checks.cursors(before)
    result.findings += _of("matcher", matcher_audit.findings(matcher))
    result.findings += _of("ledger", ledger_audit.findings(ledger))
    result.findings += checks.recorded(moments, ledger)
    if result.compared:
        result.findings += checks.left(pages, left)
        result.findings += checks.keys(pages)
        result.findings += checks.together(pages, matcher, ledger)
    reversals = sum(each.reverses is not None for each in ledger.transfers.values())
    result.counts = {
        "people": len(pages.peers), "requests": len(pages.requests), "proposals": len(pages.proposals),
        "pairs": len(pages.pairs), "moments": len(ledger.transfers) - reversals, "reversals": reversals,
        "dead_letters": await at.redis.hlen(partition.dead)}
    return result


async def places(at: System, partition: Partition) -> Places:
    """All cursors, and then the log's end, which is never before any of them."""
    pipeline = at.redis.pipeline(transaction=True)
    for service in SERVICES:
        pipeline.hmget(partition.cursor(service), "at", "read")
    pipeline.hget(partition.archived, "at")
    pipeline.exists(partition.log)
    *cursors, archived, there = await pipeline.execute()
    info: Any = await at.redis.xinfo_stream(partition.log) if there else _NO_LOG
    return Places(
        cursors={service: Cursor((cursor or START.encode()).decode(), int(read or 0))
                 for service, (cursor, read) in zip(SERVICES, cursors, strict=True)},
        last=info["last-generated-id"].decode(), added=int(info["entries-added"]),
        archived=(archived or START.encode()).decode())


async def rest(at: System, partition: Partition, until: float) -> bool:
    """Waits for a moment at which every service has read everything; says whether it came before `until` (monotonic).

    While Redis is away nothing is at rest, and it is asked again. Raises RedisError when it is still away at the end.
    """
    while True:
        try:
            if (await places(at, partition)).at_rest:
                return True
        except RedisError:
            if time.monotonic() > until:
                raise
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.05)


async def _pages(at: System, partition: Partition) -> Pages:
    pipeline = at.redis.pipeline(transaction=True)
    for table in (PEERS, REQUESTS, PROPOSALS, PAIRS, REFERRALS, ADDRESSES, ADDRESS_OF, INVITED_AS, KNOWN_AS, STORIES):
        pipeline.hgetall(table.path(partition, GATEWAY))
    pipeline.hgetall(partition.keys)
    peers, requests, proposals, pairs, referrals, holders, addresses, invited, known, stories, keys = await pipeline.execute()
    return Pages(
        peers=PEERS.load_all(peers), requests=REQUESTS.load_all(requests), proposals=PROPOSALS.load_all(proposals),
        pairs=PAIRS.load_all(pairs), referrals=REFERRALS.load_all(referrals), keys={id.decode() for id in keys},
        invited={id.decode() for id in invited}, references={hash.decode(): peer.decode() for hash, peer in known.items()},
        stories=STORIES.load_all(stories),
        shut=[id.decode() for id, wrapped in keys.items() if not _opens(at, id.decode(), wrapped)],
        holders={address.decode(): peer.decode() for address, peer in holders.items()},
        addresses={peer.decode(): address.decode() for peer, address in addresses.items()})


def _opens(at: System, owner: str, wrapped: bytes) -> bool:
    try:
        at.vault.unwrap(owner, wrapped)
    except BrokenSeal:
        return False
    return True


async def _recorded(at: System, partition: Partition) -> set[str]:
    """The moments that log and archive call recorded."""
    found = set()
    async for entry, fields in history(at.redis, partition, at.settings.data):
        if fields.get(b"type") == MomentRecorded.type.encode():
            item = decode(entry, fields, MomentRecorded)
            found |= {item.event.moment} if isinstance(item, Entry) else set()
    return found


def _left(at: System, partition: Partition) -> Collection[str]:
    return {peer for where, peer in left_ids.read(at.settings.data) if where == partition}


def _of(service: str, found: Iterable[tuple[str, str]]) -> list[Finding]:
    return [Finding(service, what, of) for what, of in found]


def _show(results: list[Result]) -> None:
    names = list(results[0].counts)
    shown.table(("partition", *(name.replace("_", " ") for name in names)), (
        (f"p{each.partition}", *(each.counts[name] for name in names)) for each in results))
    found = [(f"p{each.partition}", *finding) for each in results for finding in each.findings]
    if found:
        shown.table(("partition", "in", "what", "of"), found)
        print("Each line is a bug of Twoway's: keep the data as it is, and look at the story with `twoway trace`.")
    for each in results:
        if not each.compared:
            print(f"p{each.partition}: the services did not come to rest within {REST_S_MAX:.0f} s, so they were not compared "
                  "with one another; see `twoway status`, then try again.")
    if not found and all(each.compared for each in results):
        print("Everything adds up.")
