"""From rows to what a page shows. Seals are opened here, in memory, for the one who looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from services.gateway import in_words, story
from services.gateway.catalogue import sentence
from services.gateway.domain.references import reference
from services.gateway.handlers.notices import NOT_GOING_AHEAD, NUDGES
from services.gateway.look import Look
from services.gateway.store import PAIRS, PEERS, PROPOSALS, REQUESTS, PairRow, PeerRow, ProposalRow, RequestRow
from services.gateway.story import Telling
from services.gateway.views import (
    AgreementView,
    BeforeView,
    GestureView,
    HeardView,
    Me,
    PairView,
    ProposalView,
    RequestView,
    Resting,
    TrainingView,
)
from services.gateway.web import Here, Web
from shared.events import Contact, Details, Reasons, Training
from shared.rows import KEYS


async def me(web: Web, here: Here) -> Me:
    """Everything on a peer's own page, in a few looks at the store. Raises RedisError."""
    row, look = here.row, Look(web, here)
    await look.fetch((REQUESTS, (row.request,) if row.request else ()), (PROPOSALS, row.proposals), (PAIRS, row.pairs),
                     *story.pointers(row))
    telling = await Telling.begin(web, here, look)
    pairs = [(each, pair) for each in row.pairs if (pair := look.row(PAIRS, each)) is not None]
    request = look.row(REQUESTS, row.request) if row.request else None
    asks = await story.asks(telling)
    lately = await story.lately(telling, besides=asks)
    now_ms = web.host.clock.now_ms()
    return Me(
        alias=here.profile.alias, first_name=here.profile.first_name, silent=row.silent, given=row.given, received=row.received,
        resting=Resting(row.break_until_ms) if row.break_until_ms > now_ms else None,
        request=None if request is None else _request(web, look, row.request or "", request),
        proposals=tuple(_proposal(web, look, each, proposal) for each in row.proposals
                        if row.may_answer(each) and (proposal := look.row(PROPOSALS, each)) is not None),
        pairs=tuple(_pair(look, each, pair, alias) for each, pair in pairs
                    if (alias := look.name(pair.other(here.peer))) is not None),
        inbox=tuple(GestureView(each.gesture, telling.buddies.get(each.giver, telling.earlier), each.at_ms, each.moment)
                    for each in row.inbox),
        rest_until_ms=row.rest_until_ms(now_ms), suspended_ms=row.suspended_ms,
        notices=tuple(each.from_ms for each in row.noticed(now_ms) if each.template == NOT_GOING_AHEAD),
        closing=tuple(each.note for each in row.noticed(now_ms) if each.note is not None),
        nudges=_nudges(row, now_ms), unreached_ms=row.unreached(now_ms),
        before=tuple(BeforeView(each.pair, each.ended_ms) for each in row.before if now_ms < each.until_ms),
        lately=lately, asks=asks, refusals=story.refusals(telling), pulse=row.pulse(now_ms),
        trainings=tuple(dict.fromkeys(_trainings(look, row))),
        agreements=tuple(AgreementView(each.partner, each.wording, each.at_ms, each.taken_back_ms)
                         for each in row.consents if each.partner is not None),
        hears=tuple(HeardView(each.partner, each.what, each.at_ms) for each in row.hears))


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
    alias = look.name(other)
    return None if alias is None else (row, _pair(look, id, row, alias))


async def details(web: Web, here: Here) -> Details | None:
    """What the peer's open request says. Raises RedisError."""
    if here.row.request is None:
        return None
    look = Look(web, here)
    await look.fetch((REQUESTS, (here.row.request,)))
    row = look.row(REQUESTS, here.row.request)
    return None if row is None else look.open(row.details, Details)


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
