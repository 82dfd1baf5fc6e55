"""A town of made-up people whom the matcher hears of, on a real server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from pydantic import SecretStr
from redis.asyncio import Redis

from services.matcher.app import build, table
from services.matcher.memory import Memory
from services.matcher.settings import MatcherSettings
from services.matcher.store import TABLES
from shared.events import Answer, Details, ProposalAnswered, ProposalMade, SupportRequested
from shared.host import Host
from shared.programme import load
from shared.rows import Rows
from shared.service import Entry
from shared.stream.rebuild import rebuild
from tests.integration.living import KEY_TEXT, P0, Living

MUTUAL = Details(seeks=("grief-canary", "sleep-canary"), offers=("grief-canary", "sleep-canary"), showable=("sleep-canary",))


class Town(Living):
    """The matcher and the people it hears of. No coordinator looks first, unless `chosen` says so."""

    def __init__(self, redis: Redis, redis_url: str, **chosen: Any) -> None:
        super().__init__(redis, "matcher")
        self.settings = MatcherSettings(key=SecretStr(KEY_TEXT), redis_url=SecretStr(redis_url),
                                        **{"assist": False} | chosen)

    def host(self) -> Host:
        return build(self.settings, load())[1]

    async def request(self, peer: str, capacity: int = 1, **fields: Any) -> SupportRequested:
        key = await self.key_for(peer)
        details = self.vault.seal(peer, key, MUTUAL.model_copy(update=fields))
        return SupportRequested(peer=peer, request=f"r-{peer}", community="riverside", details=details, capacity=capacity)

    async def asks(self, *peers: str, **fields: Any) -> None:
        await self.append(*[await self.request(peer, **fields) for peer in peers])
        await self.all_read()

    async def answers(self, *said: tuple[str, Answer]) -> None:
        """Each to the latest proposal that they are in."""
        for peer, answer in said:
            made = [event for event in await self.said(ProposalMade) if peer in event.peers]
            await self.append(ProposalAnswered(peer=peer, proposal=made[-1].proposal, answer=answer))
        await self.all_read()

    async def comes_out_of_the_log_again(self, folder: Path) -> None:
        """All that is derived is dropped and made again, by a matcher that may decide nothing: the same to the byte."""
        names = [each.name for each in TABLES]
        before = await self.stored(names)
        for name in names:
            await self.redis.delete(P0.of("matcher", name))
        matcher = table(Memory(self.vault))
        undecided = {kind: replace(handling, decide=refuses_to_decide) for kind, handling in matcher.inputs.items()}
        await rebuild(replace(matcher, inputs=undecided), P0, self.redis, self.vault, folder)
        assert await self.stored(names) == before

    async def proposed(self) -> list[set[str]]:
        return [set(event.peers) for event in await self.said(ProposalMade)]


def refuses_to_decide(_rows: Rows, _entry: Entry) -> NoReturn:
    raise AssertionError("a rebuild decides nothing")
