"""What waits for a coordinator. Tables are read bit by bit, so that no peer's page waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeVar

from services.gateway import in_words
from services.gateway.catalogue import sentence
from services.gateway.desk.by_hand import to_tell
from services.gateway.desk.concerns import view
from services.gateway.desk.views import DifferView, DraftSide, DraftView, Home, PersonLine
from services.gateway.store import (
    BY_HAND,
    CONCERNS,
    DIFFERS,
    DRAFTS,
    PEERS,
    REQUESTS,
    SERVICE,
    ConcernRow,
    DifferRow,
    DraftRow,
    PeerRow,
    RequestRow,
)
from services.gateway.store.stories import MOMENTS, STORIES, pair_of
from services.gateway.web import Web
from shared.clock import DAY_MS
from shared.events import Details, Reasons
from shared.rows import Table
from shared.stream.names import Partition

R = TypeVar("R")

UNPROPOSED_MS = 14 * DAY_MS
"""By then whoever fits would do, so somebody to whom nobody was proposed needs a human look (as the matcher counts them)."""

LINES_MAX = 50
"""People in one list, those who have waited longest: more than a coordinator speaks with in a day."""

SCAN = 500
"""Rows read at a time: some 5 ms of this process."""


async def home(web: Web) -> Home:
    """Raises RedisError."""
    now_ms = web.host.clock.now_ms()
    concerns: list[tuple[Partition, str, ConcernRow]] = []
    drafts: list[tuple[Partition, str, DraftRow]] = []
    differs: list[tuple[Partition, str, DifferRow]] = []
    unproposed: list[tuple[int, Partition, str]] = []
    unreached: list[tuple[int, Partition, str]] = []
    untold: list[tuple[int, Partition, str]] = []
    for partition in web.host.directory.partitions:
        concerns += [(partition, id, row) async for id, row in everything(web, partition, CONCERNS) if row.closed_ms is None]
        drafts += [(partition, id, row) async for id, row in everything(web, partition, DRAFTS)]
        differs += [(partition, id, row) async for id, row in everything(web, partition, DIFFERS)]
        reserved = {peer for there, _, draft in drafts if there == partition for peer in draft.peers}
        async for peer, hand in everything(web, partition, BY_HAND):
            here = await web.peer(partition, peer)
            if here is not None and (news := await to_tell(web, here, hand)):
                untold.append((news[-1].at_ms, partition, peer))
        async for peer, row, request in _asking(web, partition):
            since_ms = waits_since_ms(row, request)
            if peer not in reserved and is_unproposed(row, since_ms, now_ms):
                unproposed.append((since_ms, partition, peer))
            if row.unreached(now_ms):
                unreached.append((row.unreached_ms, partition, peer))
    concerns.sort(key=lambda each: (not each[2].danger, each[2].raised_ms))
    drafts.sort(key=lambda each: each[2].since_ms)
    differs.sort(key=lambda each: each[2].since_ms)
    return Home(
        concerns=tuple([view(id, row, await web.peer(partition, row.peer)) for partition, id, row in concerns[:LINES_MAX]]),
        concerns_count=len(concerns),
        drafts=tuple([await draft(web, partition, id, row) for partition, id, row in drafts[:LINES_MAX]]),
        drafts_count=len(drafts),
        differs=tuple([each for partition, id, row in differs[:LINES_MAX]
                       if (each := await differ(web, partition, id, row)) is not None]),
        differs_count=len(differs),
        unproposed=await _lines(web, unproposed), unproposed_count=len(unproposed),
        to_tell=await _lines(web, untold), to_tell_count=len(untold),
        unreached=await _lines(web, unreached), unreached_count=len(unreached))


def waits_since_ms(row: PeerRow, request: RequestRow) -> int:
    """From when their wait counts, as far as is known here: a buddy whom they had lately was no wait."""
    return max(request.since_ms, row.proposed_ms, *(each.ended_ms for each in row.before), 0)


def is_unproposed(row: PeerRow, since_ms: int, now_ms: int) -> bool:
    """Whoever rests, is on a break, was set aside or suspended waits to hear of nobody."""
    away = row.aside or row.suspended_ms or row.break_until_ms > now_ms or row.rest_until_ms(now_ms)
    return not (away or row.pairs or row.proposals) and now_ms - since_ms >= UNPROPOSED_MS


async def draft(web: Web, partition: Partition, id: str, row: DraftRow) -> DraftView:
    """With whoever of the two has not left. Raises RedisError."""
    sides = []
    for peer, request, reasons in zip(row.peers, row.requests, row.reasons, strict=True):
        here = await web.peer(partition, peer)
        text: Any = await web.host.redis.hget(REQUESTS.path(partition, SERVICE), request)
        if here is None or text is None:
            continue
        asked = REQUESTS.load(text)
        details, told = web.host.vault.open(asked.details, here.key, Details), web.host.vault.open(reasons, here.key, Reasons)
        answers = in_words.of_request(details, asked.capacity, web.catalogue, web.host.programme) if isinstance(
            details, Details) else ()
        facts = told.facts if isinstance(told, Reasons) else ()
        sides.append(DraftSide(peer, here.profile.alias, answers,
                               tuple(sentence(fact, web.catalogue, web.host.programme) for fact in facts)))
    return DraftView(id, row.since_ms, row.runs_out_ms, row.decided, tuple(sides))


async def differ(web: Web, partition: Partition, id: str, row: DifferRow) -> DifferView | None:
    """None when it is gone meanwhile. Raises RedisError."""
    pipeline = web.host.redis.pipeline(transaction=False)
    pipeline.hget(MOMENTS.path(partition, SERVICE), row.place)
    pipeline.hget(STORIES.path(partition, SERVICE), pair_of(row.place))
    texts = await pipeline.execute()
    if None in texts:
        return None
    moment, story = MOMENTS.load(texts[0]), STORIES.load(texts[1])
    writer, other = story.peers[moment.by], story.peers[1 - moment.by]
    people = [PersonLine(each.peer, each.profile.alias, row.since_ms) for peer in (writer, other)
              if (each := await web.peer(partition, peer)) is not None]
    return DifferView(id, web.catalogue.words["kinds"][moment.kind], moment.at_ms, row.since_ms, tuple(people))


async def _lines(web: Web, found: Sequence[tuple[int, Partition, str]]) -> tuple[PersonLine, ...]:
    lines = []
    for since_ms, partition, peer in sorted(found, key=lambda each: each[0])[:LINES_MAX]:
        if (here := await web.peer(partition, peer)) is not None:
            lines.append(PersonLine(peer, here.profile.alias, since_ms))
    return tuple(lines)


async def _asking(web: Web, partition: Partition) -> AsyncIterator[tuple[str, PeerRow, RequestRow]]:
    """Everybody with an open request."""
    async for requests in _bits(web, partition, REQUESTS):
        rows = list(requests.values())
        texts: Any = await web.host.redis.hmget(PEERS.path(partition, SERVICE), [row.peer for row in rows]) if rows else []
        for id, row, text in zip(requests, rows, texts, strict=True):
            peer = None if text is None else PEERS.load(text)
            if peer is not None and peer.request == id:
                yield row.peer, peer, row


async def everything(web: Web, partition: Partition, table: Table[R]) -> AsyncIterator[tuple[str, R]]:
    """Every row of a table. Raises RedisError."""
    async for rows in _bits(web, partition, table):
        for each in rows.items():
            yield each


async def _bits(web: Web, partition: Partition, table: Table[R]) -> AsyncIterator[dict[str, R]]:
    """What comes twice in one scan is told once a bit; what changes while it is read may be in it or not."""
    cursor, seen = 0, set[str]()
    while True:
        page: Any = await web.host.redis.hscan(table.path(partition, SERVICE), cursor, count=SCAN)
        cursor, texts = page
        fresh = [(id, text) for id, text in _decoded(texts.items()) if id not in seen]
        seen.update(id for id, _ in fresh)
        yield {id: table.load(text) for id, text in fresh}
        if cursor == 0:
            return


def _decoded(texts: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[str, bytes]]:
    return ((id.decode(), text) for id, text in texts)
