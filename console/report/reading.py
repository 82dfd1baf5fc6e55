"""The weeks that a report is about, from the ledger's table of signals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from redis.asyncio import Redis

from console.running import refuse
from console.system import System
from services.ledger.domain.weeks import week_of
from services.ledger.store import SERVICE, SIGNALS, of_week
from shared.programme import Programme
from shared.report.weeks import HOUR_MS, Reckoned, Week, last_day
from shared.report.words import Words
from shared.stream.names import DIRECTORY, Partition


async def read(at: System, community: str | None, weeks: int, programme: Programme, words: Words) -> Reckoned:
    """The latest `weeks` weeks, or as many as there are. Refuses where there is nothing to report. Raises RedisError."""
    placed = {key.decode(): int(number) for key, number in (await _directory(at)).items()}
    community = _known(community, dict.fromkeys([*(each.key for each in programme.communities), *sorted(placed)]))
    now = at.clock.now_ms()
    found = None
    if community in placed:
        found = await reckoned(at.redis, Partition(placed[community]), community, weeks, now)
    if found is None:
        when = f"on Monday {words.day(_next_monday(now))}, some minutes past midnight UTC"
        refuse(f"there are no signals of {community} yet; the first come {when}, if the ledger runs then. Look again then"
               if community in placed else
               f"nobody of {community} has asked for a buddy yet, so there are no signals; were somebody to ask this week, the "
               f"first would come {when}")
    return found


async def reckoned(redis: Redis, partition: Partition, community: str, weeks: int, now_ms: int) -> Reckoned | None:
    """The latest `weeks` weeks of a community, or as many as there are; none where no week was reckoned. Raises RedisError."""
    names: Any = await redis.hkeys(SIGNALS.path(partition, SERVICE))  # names alone: of ten communities in ten years 5,000
    parts = [name.decode().rpartition(":") for name in names]
    there = sorted(int(week) for of, _, week in parts if of == community)
    if not there:
        return None
    wanted = range(max(there[0], there[-1] - weeks + 1), there[-1] + 1)
    texts: Any = await redis.hmget(SIGNALS.path(partition, SERVICE), [of_week(community, week) for week in wanted])
    return Reckoned(community, tuple(_week(number, text) for number, text in zip(wanted, texts, strict=True)),
                    stale=there[-1] < week_of(now_ms - HOUR_MS) - 1)


async def _directory(at: System) -> dict[bytes, bytes]:
    found: Any = await at.redis.hgetall(DIRECTORY)
    return dict(found)


def _known(wanted: str | None, communities: Mapping[str, None]) -> str:
    """Those of the programme, and those where somebody is: a console may have been started without the programme's file."""
    if wanted is None and len(communities) == 1:
        return next(iter(communities))
    if wanted is None:
        refuse(f"which community? Name one with --community; there are {', '.join(communities)}")
    if wanted not in communities:
        refuse(f"there is no community {wanted}; there are {', '.join(communities)}")
    return wanted


def _week(number: int, text: bytes | None) -> Week:
    return Week(number, {} if text is None else {each.name: each for each in SIGNALS.load(text).signals})


def _next_monday(now_ms: int) -> date:
    return last_day(week_of(now_ms)) + timedelta(days=1)
