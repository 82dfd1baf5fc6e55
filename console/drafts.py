"""Suggestions that wait for a coordinator, opened in this process's memory, as somebody needs to see them who decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console import shown
from console.system import System
from services.gateway.catalogue import Catalogue, sentence
from services.gateway.store import PEERS as PAGES
from services.gateway.store import SERVICE as GATEWAY
from services.matcher.domain.drafts import Draft, only_in_person
from services.matcher.domain.people import Person
from services.matcher.store import PEERS, REQUESTS, SERVICE, all_drafts
from shared.events import Details, Profile, Reasons
from shared.programme import Programme
from shared.rows import KEYS
from shared.stream.names import Partition

GONE = "has left"


@dataclass(frozen=True)
class One:
    """One of the two. What can't be opened is None: they left a moment ago."""

    peer: str
    community: str
    since_ms: int
    alias: str | None
    details: Details | None
    reasons: Reasons | None

    @property
    def person(self) -> Person | None:
        return None if self.details is None else Person.of(self.peer, "", self.community, self.since_ms, self.details)


@dataclass(frozen=True)
class Waiting:
    partition: Partition
    id: str
    draft: Draft
    two: tuple[One, One]

    @property
    def community(self) -> str:
        return self.two[0].community

    @property
    def only_in_person(self) -> bool:
        first, second = self.two[0].person, self.two[1].person
        return first is not None and second is not None and only_in_person(first, second)


async def waiting(at: System) -> AsyncIterator[Waiting]:
    """Every one there is. What goes while it is read is passed over. Raises RedisError."""
    for partition in at.partitions:
        async for id, draft in all_drafts(at.redis, partition):
            first, second = [await _one(at, partition, draft, place) for place in range(2)]
            if first is not None and second is not None:
                yield Waiting(partition, id, draft, (first, second))


async def _one(at: System, partition: Partition, draft: Draft, place: int) -> One | None:
    peer = draft.peers[place]
    pipeline = at.redis.pipeline(transaction=False)
    pipeline.hget(REQUESTS.path(partition, SERVICE), draft.requests[place])
    pipeline.hget(PAGES.path(partition, GATEWAY), peer)
    pipeline.hget(KEYS.path(partition, SERVICE), peer)
    pipeline.hget(PEERS.path(partition, SERVICE), peer)
    request, page, key, standing = await pipeline.execute()
    if request is None:
        return None
    asked = REQUESTS.load(request)
    details, reasons = at.vault.open(asked.details, key, Details), at.vault.open(draft.reasons[place], key, Reasons)
    profile = at.vault.open(PAGES.load(page).profile, key, Profile) if page is not None else None
    waits_since_ms = PEERS.load(standing).since_ms if standing is not None else None
    return One(peer, asked.community, waits_since_ms or asked.since_ms, profile.alias if isinstance(profile, Profile) else None,
               details if isinstance(details, Details) else None, reasons if isinstance(reasons, Reasons) else None)


def figures(each: Waiting) -> dict[str, Any]:
    """For programs: keys as they are, no words."""
    return {"proposal": each.id, "partition": each.partition.number, "community": each.community,
            "since_ms": each.draft.since_ms, "runs_out_ms": each.draft.runs_out_ms, "benefit": each.draft.benefit,
            "step": each.draft.step, "only_in_person": each.only_in_person, "people": [_figures(one) for one in each.two]}


def _figures(one: One) -> dict[str, Any]:
    said = one.details.model_dump(mode="json", include=set(_SHOWN)) if one.details is not None else {}
    return {"peer": one.peer, "alias": one.alias, "since_ms": one.since_ms, **said,
            "reasons": [fact.model_dump(mode="json") for fact in one.reasons.facts] if one.reasons is not None else []}


_SHOWN = {"seeks": "looks for", "offers": "could offer", "avoids": "would rather not meet", "languages": "speaks",
          "ways": "connects by", "times": "is free", "area": "area", "age_band": "age"}
"""What of a request is shown, and in which words. What somebody disclosed about themselves beside it is not: it is no
reason for or against anybody here, for limits and wishes were kept already."""


def show(each: Waiting, programme: Programme, words: Catalogue, now_ms: int) -> None:
    """For people: the two side by side."""
    draft, names = each.draft, {**words.named(programme), **programme.age_bands}
    community = next((known.name for known in programme.communities if known.key == each.community), each.community)
    print(f"{each.id}   {community}   {'ONLY IN PERSON   ' if each.only_in_person else ''}"
          f"benefit {draft.benefit:,}, step {draft.step}")
    print(f"waits for {shown.span((now_ms - draft.since_ms) / 1000)}; runs out {shown.time(draft.runs_out_ms)}")
    rows = [("has waited", *(shown.span((now_ms - one.since_ms) / 1000) for one in each.two))]
    rows += [(title, *(_said(one, field, names) for one in each.two)) for field, title in _SHOWN.items()]
    rows += [("would read", *(_reasons(one, programme, words) for one in each.two)), ("peer", *draft.peers)]
    shown.table(("", *(one.alias or GONE for one in each.two)), (row for row in rows if any(row[1:])))


def _said(one: One, field: str, names: Mapping[str, str]) -> str:
    value = None if one.details is None else getattr(one.details, field)
    if field == "area" or value is None:
        return value or ""  # in their own words
    return ", ".join(_named((value,) if isinstance(value, str) else value, names))


def _named(keys: Iterable[str], names: Mapping[str, str]) -> Iterable[str]:
    """A key that the programme has dropped since shows as it is."""
    return (names.get(key, key) for key in keys)


def _reasons(one: One, programme: Programme, words: Catalogue) -> str:
    return ". ".join(sentence(fact, words, programme) for fact in one.reasons.facts) if one.reasons is not None else ""
