"""Between two buddies: gestures, moments, contacts, an ending, a block, a concern."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway import reading
from services.gateway.catalogue import sentence_of
from services.gateway.forms import EndPair, Moment, OfferContact, RaiseConcern, SendGesture
from services.gateway.pages.concerns import raise_concern
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.store import PairRow
from services.gateway.views import PairView
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import (
    ClosingNote,
    Contact,
    ContactOffered,
    ContactTakenBack,
    Ending,
    Gesture,
    GestureSent,
    Kind,
    MomentShared,
    PairEnded,
    PeerBlocked,
    Way,
)
from shared.stream.append import Input

FORMS = ("moment", "contact", "end", "block", "concern")
SAFETY = ("end", "block", "concern")
"""Stay open to both for a while after a pair has ended, so that who ends it first shuts no door on the other."""


class NotTheirPair(Exception):
    """This pair is not one of the peer's own, or it has ended."""


class PairOver(NotTheirPair):
    """What was to end is over for this peer; a second tap on the same button comes here too."""


def router(web: Web) -> APIRouter:
    routes = APIRouter(prefix="/me/pairs/{pair}")

    @routes.get("/{form}")
    async def form(request: Request, pair: str, form: str) -> Response:
        _, _, view = await (_theirs_or_before if form in SAFETY else _theirs)(web, request, pair)
        if form not in FORMS:
            return web.message(request, "not_found", 404)
        answers = Posted({"contact": (view.my_contact,)} if form == "contact" and view.my_contact else {})
        return _form(web, request, form, view, posted=answers)

    @routes.post("/gesture")
    async def gesture(request: Request, pair: str) -> Response:
        answers = await web.posted(request)
        (here, row, _), checked = await _theirs(web, request, pair), web.check(SendGesture, answers)
        if isinstance(checked, Problems):
            return web.message(request, "bad_request", 400)
        id = web.once(here, answers, f"gesture:{pair}:{checked.gesture}")
        event = GestureSent(moment=derived_id(id, "moment"), pair=pair, giver=here.peer, receiver=row.other(here.peer),
                            gesture=Gesture(checked.gesture))
        return await web.done(here, "gesture", [Input(event, id)])

    @routes.post("/moment")
    async def moment(request: Request, pair: str) -> Response:
        answers = await web.posted(request)
        here, row, view = await _theirs(web, request, pair)
        checked = check_moment(web, answers, row.formed_ms)
        if isinstance(checked, Problems):
            return _form(web, request, "moment", view, 422, posted=answers, problems=checked)
        shared = moment_shared(web, here, answers, pair, row.other(here.peer), row.formed_ms, checked)
        return await web.done(here, "moment", [shared])

    @routes.post("/contact")
    async def contact(request: Request, pair: str) -> Response:
        answers = await web.posted(request)
        (here, _, view), checked = await _theirs(web, request, pair), web.check(OfferContact, answers)
        if isinstance(checked, Problems):
            return _form(web, request, "contact", view, 422, posted=answers, problems=checked)
        sealed = web.host.vault.seal(here.peer, here.key, Contact(text=checked.contact))
        event = ContactOffered(peer=here.peer, pair=pair, contact=sealed)
        said = Input(event, web.once(here, answers, f"contact:{pair}"), clear=checked.contact.encode())
        return await web.done(here, "contact", [said])

    @routes.post("/contact/back")
    async def contact_back(request: Request, pair: str) -> Response:
        answers = await web.posted(request)
        here, _, _ = await _theirs(web, request, pair)
        event = ContactTakenBack(peer=here.peer, pair=pair)
        return await web.done(here, "contact_back", [Input(event, web.once(here, answers, f"contact back:{pair}"))])

    @routes.post("/end")
    async def end(request: Request, pair: str) -> Response:
        """What is over can't end once more, but either of the two may say that it did not feel safe."""
        answers = await web.posted(request)
        here, _, view = await _to_end(web, request, pair)
        checked = web.check(EndPair, answers)
        unsafe = isinstance(checked, EndPair) and checked.ending == Ending.SAFETY
        if view.ended_ms is not None and not unsafe:
            raise PairOver
        if isinstance(checked, Problems):
            return _form(web, request, "end", view, 422, posted=answers, problems=checked)
        note = None if unsafe or checked.note is None else ClosingNote(checked.note)
        event = PairEnded(peer=here.peer, pair=pair, ending=Ending(checked.ending), note=note)
        return await web.done(here, "unsafe" if unsafe else "ended",
                              [Input(event, derived_id(f"{here.peer}:{pair}", f"end:{checked.ending}"))])

    @routes.post("/block")
    async def block(request: Request, pair: str) -> Response:
        await web.posted(request)
        here, other, _ = await _to_end(web, request, pair)
        event = PeerBlocked(peer=here.peer, blocked=other)
        return await web.done(here, "blocked", [Input(event, derived_id(f"{here.peer}:{other}", "block"))])

    @routes.post("/concern")
    async def concern(request: Request, pair: str) -> Response:
        answers = await web.posted(request)
        (here, _, view), checked = await _theirs_or_before(web, request, pair), web.check(RaiseConcern, answers)
        if isinstance(checked, Problems):
            return _form(web, request, "concern", view, 422, posted=answers, problems=checked)
        return await raise_concern(web, request, here, answers, checked.text, pair)

    return routes


async def _theirs(web: Web, request: Request, pair: str) -> tuple[Here, PairRow, PairView]:
    """Raises NotSignedIn, NotTheirPair, RedisError."""
    here = await web.signed_in(request)
    found = await reading.pair(web, here, pair)
    if found is None:
        raise NotTheirPair
    return here, *found


async def _theirs_or_before(web: Web, request: Request, pair: str) -> tuple[Here, str, PairView]:
    """The peer, the other, and what a page shows: of a pair that ended not long ago no name (rule 17).

    Raises NotSignedIn, NotTheirPair, RedisError.
    """
    here = await web.signed_in(request)
    if (found := await reading.pair(web, here, pair)) is not None:
        return here, found[0].other(here.peer), found[1]
    before = here.row.ended_lately(pair, web.host.clock.now_ms())
    if before is None:
        raise NotTheirPair
    earlier = web.catalogue.words["names"]["earlier"]
    return here, before.other, PairView(pair, earlier, ended_ms=before.ended_ms)


async def _to_end(web: Web, request: Request, pair: str) -> tuple[Here, str, PairView]:
    """As above, and raises PairOver in place of NotTheirPair."""
    try:
        return await _theirs_or_before(web, request, pair)
    except NotTheirPair as error:
        raise PairOver from error


def moment_shared(web: Web, here: Here, answers: Posted, pair: str, other: str, formed_ms: int, checked: Moment) -> Input:
    """What was written down, under the same id for the same page sent twice."""
    giver, receiver = (other, here.peer) if checked.direction == "received" else (here.peer, other)
    id = web.once(here, answers, f"moment:{pair}")
    return Input(MomentShared(
        moment=derived_id(id, "moment"), pair=pair, giver=giver, receiver=receiver, kind=Kind(checked.kind),
        recorded_by=here.peer, minutes=checked.minutes, way=None if checked.way is None else Way(checked.way),
        both_ways=checked.direction == "both",
        happened_ms=None if checked.happened is None else max(web.pages.noon_ms(checked.happened), formed_ms)), id)


def check_moment(web: Web, answers: Posted, formed_ms: int) -> Moment | Problems:
    """No day before the two were buddies, and none that is still to come, by the programme's own zone."""
    first, today = (web.pages.date_of(at_ms) for at_ms in (formed_ms, web.host.clock.now_ms()))
    return web.check(Moment, answers, web.choices.within(first, today))


def moment_choices(web: Web, alias: str) -> dict[str, dict[str, str]]:
    """What a moment's form lets people choose from. A gesture is not written down: it is sent."""
    words = web.catalogue.words
    return {"moment_kinds": {key: text for key, text in words["kinds"].items() if key != Kind.GESTURE},
            "directions": {key: sentence_of(text, alias) for key, text in words["directions"].items()}}


def _form(web: Web, request: Request, form: str, pair: PairView, status: int = 200, **context: object) -> Response:
    return web.page(request, f"me/{form}", status, pair=pair, alias=pair.alias, action=f"/me/pairs/{pair.id}/{form}",
                    **moment_choices(web, pair.alias), **context)
