"""The matcher, the ledger and the notifier as they are, on a server of their own, taking turns in one process.

Nothing runs by itself here. Readers are handed what stands behind their cursors, in a fixed order, until none has anything
left; then rounds are chosen and messages sent, and readers get what that led to. So the same input leads to the same log.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from console.server import Server
from console.simulate.logtime import NOW, LogTime, Question
from console.simulate.standing import Hearing
from services.ledger import app as ledger
from services.ledger import audit as ledger_audit
from services.ledger import reckoning
from services.ledger import store as ledger_store
from services.ledger.settings import LedgerSettings
from services.matcher import app as matcher
from services.matcher import audit as matcher_audit
from services.matcher import store as matcher_store
from services.matcher.domain.bar import Dial
from services.matcher.domain.line import AFTER_DAYS
from services.matcher.memory import Memory
from services.matcher.settings import MatcherSettings
from services.matcher.store import under_way
from services.matcher.worker import Ref, choose, parts, seed_of, seen_by_a_round
from services.notifier import app as notifier
from services.notifier.due import Due
from services.notifier.handlers import Decisions
from services.notifier.settings import NotifierSettings
from services.notifier.store import MESSAGES, READY, recipient
from services.notifier.store import SERVICE as NOTIFIER
from services.notifier.worker import ruled_out
from shared.clock import Clock, derived_id
from shared.events import Event, MessageAttempted, PeerJoined, PeerLeft, RoundIntended, SignalsIntended
from shared.host import Host
from shared.programme import Programme
from shared.rows import Ref as RowRef
from shared.rows import Table
from shared.sealing import Vault
from shared.service import Entry
from shared.settings import Settings
from shared.stream.append import Input
from shared.stream.decode import Batch, Decoder
from shared.stream.names import Partition
from shared.stream.reader import Reader
from shared.stream.write import START
from shared.timers import Timekeeper

KEY = bytes(32)
"""Everything here is made up, and the server is gone with it."""

P0 = Partition(0)
READ = 256
"""Entries handed to a reader at a time, as in a running system."""

Found = list[tuple[bytes, Mapping[bytes, bytes]]]
"""Entries as Redis gives them."""

Work = Callable[[Any], Awaitable[None]]
"""What a service's worker does about an event that it is there for."""


class Stuck(RuntimeError):
    """A service can't go on, which is a bug of ours; its line above says why."""


class Turn:
    """One reader. What it does not handle is passed together with what it handles next: a commit less for each."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._behind = reader, Found()
        self._handles = {event.type.encode() for event in reader.service.inputs}

    async def begin(self) -> None:
        await self._reader.begin()

    def give(self, found: Found) -> None:
        self._behind += found

    @property
    def wanted(self) -> bool:
        """Whether there is something behind its cursor for it to handle, or more than it is handed at a time."""
        return len(self._behind) > READ or any(fields[b"type"] in self._handles for _, fields in self._behind)

    async def take(self) -> None:
        """Raises Stuck."""
        found, self._behind = self._behind[:READ], self._behind[READ:]
        if found and await self._reader.handle(_batch(self._reader.decoder, found)) != found[-1][0].decode():
            raise Stuck(f"the {self._reader.service.name} can't pass {found[-1][0].decode()}")


def _batch(decoder: Decoder, found: Found) -> Batch:
    return decoder.batch([at for at, _ in found], [fields for _, fields in found])


class Services:
    """Three services and the log between them. `now_ms` is the log's time."""

    def __init__(self, redis: LogTime, url: str, programme: Programme, dial: Dial, round_every_minutes: int,
                 hearing: Sequence[Hearing]) -> None:
        own: dict[str, Any] = {"key": SecretStr(base64.urlsafe_b64encode(KEY).decode()), "redis_url": SecretStr(url),
                               "partitions": 1, "read_batch": READ}
        self.now_ms, self.redis, self._hearing = 0, redis, hearing
        clock = Clock(now_ms=lambda: self.now_ms)

        def host(name: str, settings: Settings, make: Callable[[Host, Partition], Any]) -> Host:
            return Host(name, settings, programme, make=make, clock=clock, redis=redis)

        of_matcher = MatcherSettings(**own, dial=dial, round_every_minutes=round_every_minutes, assist=False, weights=None,
                                     first_in_line_days=AFTER_DAYS)
        of_ledger = LedgerSettings(**own)
        of_notifier = NotifierSettings(**own, try_out=True, smtp_url=None, mail_from=None)
        self._policy, self._due = matcher.policy(of_matcher, programme), Due(room=sys.maxsize)
        self._decisions = Decisions(ZoneInfo(programme.time_zone), of_notifier.mail_domain)
        self.vault = Vault(KEY)
        self._memory = Memory(self.vault)
        hosts = [
            host("matcher", of_matcher, lambda _host, _partition: matcher.table(self._memory, self._policy)),
            host("ledger", of_ledger, lambda _host, _partition: ledger.table(of_ledger.thresholds)),
            host("notifier", of_notifier, lambda _host, partition: notifier.service(self._decisions, self._due, partition))]
        self._turns = [Turn(reader) for each in hosts for reader in each.readers]
        self._appender = hosts[0].appender
        self._timekeeper = Timekeeper(redis, P0)
        self.thresholds, self._attention = of_ledger.thresholds, of_ledger.attention
        self._work: Mapping[type[Event], Work] = {RoundIntended: self._choose, SignalsIntended: self._reckon}
        self._decoder = Decoder({*self._work, *(event for heard in hearing for event in heard)})
        self._intended: list[Event] = []
        """What the workers have to do, in the log's order."""
        self._last, self.entries = START, 0
        self.next_ms: int | None = None
        """When the next timer is due."""

    async def begin(self) -> None:
        self.redis.also = self._news
        for turn in self._turns:
            await turn.begin()

    async def take(self, now_ms: int, inputs: Sequence[Input] = (), keys: Mapping[str, bytes] | None = None) -> None:
        """At this time of the log: what people did, what is due, and all that follows from both. `keys` are those of who is
        here; whoever left takes theirs along."""
        self.now_ms = now_ms
        pipeline: Question = self.redis.pipeline(transaction=False)
        pipeline.set(NOW, now_ms)
        for each in inputs:
            if isinstance(each.event, PeerJoined) and keys and (key := keys.get(each.event.peer)):
                pipeline.hset(P0.keys, each.event.peer, key)
            elif isinstance(each.event, PeerLeft):
                pipeline.hdel(P0.keys, each.event.peer)
        self.redis.ahead += pipeline.command_stack
        if inputs:
            await self._appender.append(P0, inputs)
        if self.next_ms is not None and self.next_ms <= now_ms:
            await self._timekeeper.move_due()
        await self._read()
        while self._intended or len(self._due):
            if self._intended:
                intended = self._intended.pop(0)
                await self._work[type(intended)](intended)
            else:
                await self._send()

    async def _read(self) -> None:
        """Until every reader has seen the log's end: again and again the first of them, in their order, for whom there is
        something to handle."""
        while True:
            await self._look()
            turn = next((each for each in self._turns if each.wanted), None)
            if turn is None:
                return
            await turn.take()

    async def _look(self) -> None:
        """Takes what is new on the log, and when the next timer is due. Both came along with the latest script, and neither has
        changed since."""
        news, self.redis.brought = self.redis.brought, None
        while news is not None:
            found, timers = news
            self.next_ms = int(timers[0][1]) if timers else None
            if found:
                self._last = found[-1][0].decode()
                self.entries += len(found)
                for turn in self._turns:
                    turn.give(found)
                self._hear(found)
            news = await self._news().execute() if len(found) == READ else None

    def _news(self) -> Question:
        question: Question = self.redis.pipeline(transaction=False)
        question.xrange(P0.log, f"({self._last}", count=READ)
        question.zrange(P0.timers, 0, 0, withscores=True)
        return question

    def _hear(self, found: Found) -> None:
        for item in _batch(self._decoder, found).items:
            if not isinstance(item, Entry):
                raise Stuck(f"{item.at} can't be read")
            if type(item.event) in self._work:
                self._intended.append(item.event)
            for heard in self._hearing:
                if (hears := heard.get(type(item.event))) is not None:
                    hears(item.event, item.at_ms)

    async def _choose(self, intended: RoundIntended) -> None:
        """As the matcher's worker does, in turn with the readers instead of beside them."""
        ref = Ref(P0, intended.community, intended.round)
        row = await under_way(self.redis, P0, ref.community, ref.round)
        if row is None:
            return
        people = seen_by_a_round(self._memory.pool, ref.community)
        chosen = choose(people, row.began_ms, self._policy, seed_of(ref.round))
        for number, part in enumerate(parts(ref, chosen)):
            await self._tell(Input(part, derived_id(ref.round, f"part:{number}"), cause=ref.round))
            if part.last:
                return

    async def _reckon(self, intended: SignalsIntended) -> None:
        """As the ledger's worker does, once everybody has read what happened."""
        ref = reckoning.Ref(P0, intended.community, intended.week)
        await self._tell(reckoning.result(await reckoning.reckon(self.redis, ref, self._attention)))

    async def _tell(self, *said: Input) -> None:
        """What a worker has to say goes to the log, and readers get what that leads to."""
        await self._appender.append(P0, said)
        await self._read()

    async def _send(self) -> None:
        """What has been rung for so far: looked at once more as the worker does, by the log's time; and all of it arrives."""
        rung = [(await self._due.take()).message for _ in range(len(self._due))]
        looks = [MESSAGES.path(P0, NOTIFIER), READY.path(P0, NOTIFIER)]
        texts, ready = await self._rows(*((path, rung) for path in looks))
        rows = {message: MESSAGES.load(text) for message, text, is_ready in zip(rung, texts, ready, strict=True)
                if text is not None and is_ready is not None}
        owners = await self._owners(recipient(row.template, row.to) for row in rows.values())
        said = []
        for message, row in rows.items():
            what = self._decisions.last_look(message, row, owners[recipient(row.template, row.to)], self.now_ms)
            event = ruled_out(message, what) or MessageAttempted(message=message, outcome="delivered")
            said.append(Input(event, derived_id(message, f"attempt:{row.tries}"), cause=message))
        if said:
            await self._tell(*said)

    async def _owners(self, refs: Iterable[RowRef]) -> dict[RowRef, Any]:
        by_table: dict[Table[Any], list[str]] = {}
        for table, id in dict.fromkeys(refs):
            by_table.setdefault(table, []).append(id)
        texts = await self._rows(*((table.path(P0, NOTIFIER), ids) for table, ids in by_table.items()))
        return {(table, id): None if text is None else table.load(text)
                for (table, ids), found in zip(by_table.items(), texts, strict=True)
                for id, text in zip(ids, found, strict=True)}

    async def _rows(self, *wanted: tuple[str, list[str]]) -> list[list[bytes | None]]:
        """Rows as they are stored, of one hash after the other."""
        pipeline = self.redis.pipeline(transaction=False)
        for path, ids in wanted:
            pipeline.hmget(path, ids)
        return list(await pipeline.execute())

    async def findings(self) -> list[tuple[str, str, str]]:
        """What does not add up now that all is quiet: whose, what, of which id; as `twoway verify` looks, without the pages."""
        for turn in self._turns:
            await turn.take()  # what nothing follows from is passed too
        of_matcher = replace(await matcher_store.snapshot(self.redis, P0), now_ms=self.now_ms)
        of_ledger = await ledger_store.snapshot(self.redis, P0)
        found = [("matcher", *each) for each in matcher_audit.findings(of_matcher)]
        found += [("ledger", *each) for each in ledger_audit.findings(of_ledger)]
        dead: Any = await self.redis.hkeys(P0.dead)
        return found + [("reader", "dead_letter", id.decode()) for id in dead]


@asynccontextmanager
async def private_server() -> AsyncIterator[tuple[LogTime, str]]:
    """A client of a server that nobody else knows of, and its address; nothing is left of it afterwards."""
    with TemporaryDirectory(prefix="twoway-simulate-") as folder:
        socket = Path(folder) / "socket"
        with Server(Path(folder), options={"appendonly": "no", "unixsocket": str(socket), "unixsocketperm": "700"}) as server:
            redis = LogTime(socket, server.password)
            try:
                yield redis, server.url
            finally:
                await redis.aclose()
