"""From rows to what a page shows. Seals are opened here, in memory, for the one who looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from services.gateway import in_words
from services.gateway.catalogue import sentence
from services.gateway.domain.references import reference
from services.gateway.handlers.notices import NOT_GOING_AHEAD, NUDGES
from services.gateway.store import PAIRS, PEERS, PROPOSALS, REQUESTS, SERVICE, PairRow, PeerRow, ProposalRow, RequestRow
from services.gateway.views import (
    AgreementView,
    BeforeView,
    GestureView,
    Me,
    PairView,
    ProposalView,
    RequestView,
    Resting,
    TrainingView,
    WrittenView,
)
from services.gateway.web import Here, Web
from shared.events import Contact, Details, Profile, Reasons, Sealed, Training
from shared.rows import KEYS, Table
from shared.sealing import Model, key_id

R = TypeVar("R")


async def me(web: Web, here: Here) -> Me:
    """Everything on a peer's own page, in three looks at the store. Raises RedisError."""
    row, look = here.row, Look(web, here)
    await look.fetch((REQUESTS, (row.request,) if row.request else ()), (PROPOSALS, row.proposals), (PAIRS, row.pairs))
    pairs = [(each, pair) for each in row.pairs if (pair := look.row(PAIRS, each)) is not None]
    others = {pair.other(here.peer) for _, pair in pairs}
    await look.fetch((PEERS, others), (KEYS, others))
    buddies = {other: alias for other in others if (alias := look.alias(other)) is not None}
    request = look.row(REQUESTS, row.request) if row.request else None
    earlier, now_ms = web.catalogue.words["names"]["earlier"], web.host.clock.now_ms()
    return Me(
        alias=here.profile.alias, quiet=row.hours, given=row.given, received=row.received,
        resting=Resting(row.break_until_ms) if row.break_until_ms > now_ms else None,
        request=None if request is None else _request(web, look, row.request or "", request),
        proposals=tuple(_proposal(web, look, each, proposal) for each in row.proposals
                        if row.may_answer(each) and (proposal := look.row(PROPOSALS, each)) is not None),
        pairs=tuple(_pair(look, each, pair, buddies[pair.other(here.peer)]) for each, pair in pairs
                    if pair.other(here.peer) in buddies),
        inbox=tuple(GestureView(each.gesture, buddies.get(each.giver, earlier), each.at_ms) for each in row.inbox),
        rest_until_ms=row.rest_until_ms(now_ms),
        notices=tuple(each.from_ms for each in row.noticed(now_ms) if each.template == NOT_GOING_AHEAD),
        nudges=_nudges(row, now_ms),
        before=tuple(BeforeView(each.pair, each.ended_ms) for each in row.before if now_ms < each.until_ms),
        written=tuple(WrittenView(each.moment, each.kind, "gave" if each.gave else "received", each.at_ms, each.withdrawn,
                                  each.partner, each.mine) for each in row.written),
        trainings=tuple(dict.fromkeys(_trainings(look, row))),
        agreements=tuple(AgreementView(each.partner, each.wording, each.at_ms, each.taken_back_ms)
                         for each in row.consents if each.partner is not None))


async def pair(web: Web, here: Here, id: str) -> tuple[PairRow, PairView] | None:
    """One of the peer's own pairs; none for anybody else's. Raises RedisError."""
    if id not in here.row.pairs:
        return None
    look = Look(web, here)
    await look.fetch((PAIRS, (id,)))
    if (row := look.row(PAIRS, id)) is None:
        return None
    other = row.other(here.peer)
    await look.fetch((PEERS, (other,)), (KEYS, (other,)))
    alias = look.alias(other)
    return None if alias is None else (row, _pair(look, id, row, alias))


async def details(web: Web, here: Here) -> Details | None:
    """What the peer's open request says. Raises RedisError."""
    if here.row.request is None:
        return None
    look = Look(web, here)
    await look.fetch((REQUESTS, (here.row.request,)))
    row = look.row(REQUESTS, here.row.request)
    return None if row is None else look.open(row.details, Details)


class Look:
    """What one page needs, fetched in as few round trips as there are levels of pointing."""

    def __init__(self, web: Web, here: Here) -> None:
        self.peer = here.peer
        self._web, self._partition = web, here.partition
        self._rows: dict[tuple[str, str], Any] = {(KEYS.name, here.peer): here.key, (PEERS.name, here.peer): here.row}

    async def fetch(self, *wanted: tuple[Table[Any], Iterable[str]]) -> None:
        asked = [(table, [id for id in ids if (table.name, id) not in self._rows]) for table, ids in wanted]
        asked = [(table, ids) for table, ids in asked if ids]
        pipeline = self._web.host.redis.pipeline(transaction=False)
        for table, ids in asked:
            pipeline.hmget(table.path(self._partition, SERVICE), ids)
        for (table, ids), texts in zip(asked, await pipeline.execute(), strict=True):
            for id, text in zip(ids, texts, strict=True):
                self._rows[table.name, id] = None if text is None else table.load(text)

    def row(self, table: Table[R], id: str) -> R | None:
        return self._rows.get((table.name, id))

    def open(self, sealed: Sealed, model: type[Model]) -> Model | None:
        """None when its owner has left."""
        opened = self._web.host.vault.open(sealed, self.row(KEYS, key_id(sealed)), model)
        return opened if isinstance(opened, model) else None

    def alias(self, peer: str) -> str | None:
        """None when they have left: a page shows nothing of that, and their pair just goes like any other (rule 17)."""
        row = self.row(PEERS, peer)
        profile = None if row is None else self.open(row.profile, Profile)
        return None if profile is None else profile.alias


def _nudges(row: PeerRow, now_ms: int) -> tuple[str, ...]:
    """Each once, and none while a break lasts (rule 9)."""
    if row.break_until_ms > now_ms:
        return ()
    return tuple(dict.fromkeys(each.template for each in row.noticed(now_ms) if each.template in NUDGES))


def _trainings(look: Look, row: PeerRow) -> Iterable[TrainingView]:
    for each in row.trainings:
        if (said := look.open(each.about, Training)) is not None:
            yield TrainingView(said.title, date.fromisoformat(said.completed), each.partner)


def _request(web: Web, look: Look, id: str, row: RequestRow) -> RequestView:
    said, topics = look.open(row.details, Details), web.host.programme.topics
    peer = look.row(PEERS, look.peer)
    return RequestView(
        reference(id), row.since_ms, row.capacity, aside=peer is not None and peer.aside,
        seeks=_named(said.seeks, topics) if said else (), offers=_named(said.offers, topics) if said else (),
        answers=in_words.of_request(said, row.capacity, web.catalogue, web.host.programme) if said else ())


def _proposal(web: Web, look: Look, id: str, row: ProposalRow) -> ProposalView:
    mine = row.reasons[row.peers.index(look.peer)]
    told, peer = look.open(mine, Reasons), look.row(PEERS, look.peer)
    reasons = tuple(sentence(fact, web.catalogue, web.host.programme) for fact in (told.facts if told else ()))
    return ProposalView(id, reasons, peer is not None and id in peer.said_yes)


def _pair(look: Look, id: str, row: PairRow, alias: str) -> PairView:
    """Both contacts, or only one's own: what the other offered is not looked at before both have (rule 13)."""
    other = row.other(look.peer)
    mine = look.open(row.contacts[look.peer], Contact) if look.peer in row.contacts else None
    theirs = look.open(row.contacts[other], Contact) if mine and other in row.contacts else None
    return PairView(id, alias, mine.text if mine else None, theirs.text if theirs else None)


def _named(keys: Iterable[str], words: Mapping[str, str]) -> tuple[str, ...]:
    """A key that the programme has dropped since shows as it is."""
    return tuple(words.get(key, key) for key in keys)
