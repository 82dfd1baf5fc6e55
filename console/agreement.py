"""After a demonstration: what people did, what their pages show and what the system holds, each counted apart."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from console.system import System
from console.visitor import Visitor
from services.gateway.store.addresses import Addresses
from services.ledger import store as ledger_store
from services.notifier import store as notifier_store
from shared.events import Event, MessageDelivered, MessageIntended, MomentReversed, PairFormed
from shared.service import Entry
from shared.stream.decode import decode
from shared.stream.rebuild import history

INTRODUCTION = "introduction"
MAIL_S_MAX = 60.0
"""How long the last introductions may take to be delivered."""

INTRODUCED_S_MAX = 180.0
"""How long everybody's introduction may take: what a killed notifier was sending is taken up again after a lease of 60 s."""

Counts = tuple[int, int]


async def introduced(at: System, email: str, until: float) -> None:
    """Waits until every introduction that was meant for this person has reached them, or `until` (monotonic) has come.

    An introduction that is still on its way when its pair ends or a difficult day begins is rightly withheld or held: a count
    of what was delivered can only be compared when nobody goes on before they were introduced.
    """
    while time.monotonic() < until:
        with suppress(RedisError):  # away for a moment, as it may be: asked again
            if not await _introductions_under_way(at, email):
                return
        await asyncio.sleep(0.2)


async def _introductions_under_way(at: System, email: str) -> bool:
    for partition, peer in await Addresses(at.redis, at.vault).peers(at.partitions, email):
        text: Any = await at.redis.hget(notifier_store.PEOPLE.path(partition, notifier_store.SERVICE), peer)
        if text is not None and any(each.template == INTRODUCTION for each in notifier_store.PEOPLE.load(text).unsent):
            return True
    return False


@dataclass(frozen=True)
class Row:
    """One count, seen from two or three sides. `off` is how many people's own counts differ, whatever the sums say."""

    what: str
    done: int
    shown: int | None
    kept: int
    off: int = 0

    @property
    def agrees(self) -> bool:
        return self.done == self.kept and self.shown in (None, self.done) and not self.off


@dataclass
class Told:
    """What the log says about these people's pairs."""

    pairs: set[str] = field(default_factory=set)
    introductions: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    reversed: int = 0


async def rows(at: System, visitors: Sequence[Visitor], seen: Mapping[int, Counts]) -> list[Row]:
    """Every count that can be compared. Raises RedisError."""
    there = [visitor for visitor in visitors if not visitor.left]
    peers = await _peers(at, there)
    pairs = {pair for visitor in visitors for pair in visitor.pairs}
    told = await _told(at, set(peers.values()), pairs)
    kept = await _ledger(at, peers)
    return [
        Row("people with a page", len(there), None, len(peers)),
        Row("people who left", len(visitors) - len(there), None, len(visitors) - len(peers)),
        Row("pairs", len(pairs), None, len(told.pairs)),
        Row("introductions delivered", 2 * len(pairs), None, len(told.introductions & told.delivered)),
        Row("moments taken back", sum(visitor.did["taken back"] for visitor in visitors), None, told.reversed),
        *_moments([visitor.person.number for visitor in there], done(visitors), seen, kept),
    ]


def _moments(numbers: Sequence[int], did: Mapping[int, Counts], seen: Mapping[int, Counts],
             kept: Mapping[int, Counts]) -> Iterator[Row]:
    """Given and received: the sums, and how many people's own three counts are not the same."""
    nobody = (0, 0)
    for side, what in enumerate(("moments given", "moments received")):
        each = [(did.get(one, nobody)[side], seen[one][side], kept.get(one, nobody)[side]) for one in numbers]
        by_deed, by_page, by_ledger = (sum(side) for side in zip(*each, strict=True))
        yield Row(what, by_deed, by_page, by_ledger, off=sum(len(set(three)) > 1 for three in each))


def done(visitors: Sequence[Visitor]) -> dict[int, Counts]:
    """What each person gave and received, by what both of each pair have sent."""
    of_pair: dict[str, list[int]] = {}
    for visitor in visitors:
        for pair in visitor.pairs:
            of_pair.setdefault(pair, []).append(visitor.person.number)
    gave, received = Counter[int](), Counter[int]()
    for visitor in visitors:
        me = visitor.person.number
        for deed in visitor.deeds:
            others = [each for each in of_pair[deed.pair] if each != me]  # none: a buddy who is not of this demonstration
            gave.update([me] if deed.gave else others)
            received.update(others if deed.gave else [me])
    return {number: (gave[number], received[number]) for number in gave | received}


async def _peers(at: System, visitors: Sequence[Visitor]) -> dict[int, str]:
    """Number → the peer that the address index knows by this person's address."""
    addresses = Addresses(at.redis, at.vault)
    found = {}
    for visitor in visitors:
        for _, peer in await addresses.peers(at.partitions, visitor.person.email):
            found[visitor.person.number] = peer
    return found


async def _ledger(at: System, peers: Mapping[int, str]) -> dict[int, Counts]:
    kept: dict[int, Counts] = {}
    for partition in at.partitions:
        ledger = await ledger_store.snapshot(at.redis, partition)
        for number, peer in peers.items():
            holder = ledger.holders.get(peer)
            if holder is not None and holder.account is not None:
                account = ledger.accounts[holder.account]
                kept[number] = (account.given, account.received)
    return kept


async def _told(at: System, peers: set[str], pairs: set[str]) -> Told:
    """Read again until every introduction is delivered, for a while."""
    until = time.monotonic() + MAIL_S_MAX
    while True:
        told = Told()
        for partition in at.partitions:
            async for entry, fields in history(at.redis, partition, at.settings.data):
                event_type = _READ.get(fields.get(b"type", b""))
                item = decode(entry, fields, event_type) if event_type is not None else None
                if isinstance(item, Entry):
                    _note(told, item.event, peers, pairs)
        if told.introductions <= told.delivered or time.monotonic() > until:
            return told
        await asyncio.sleep(0.5)


_READ: Mapping[bytes, type[Event]] = {
    event.type.encode(): event for event in (PairFormed, MessageIntended, MessageDelivered, MomentReversed)}


def _note(told: Told, event: Event, peers: set[str], pairs: set[str]) -> None:
    if isinstance(event, PairFormed) and (event.pair in pairs or peers & set(event.peers)):
        told.pairs.add(event.pair)
    elif isinstance(event, MessageIntended) and event.template == INTRODUCTION and event.about in pairs:
        told.introductions.add(event.message)
    elif isinstance(event, MessageDelivered):
        told.delivered.add(event.message)
    elif isinstance(event, MomentReversed) and peers & {event.giver, event.receiver}:
        told.reversed += 1
