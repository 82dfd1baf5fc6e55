"""One person, opened from what waits or by their reference, and what a coordinator can do for them."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from services.gateway import reading
from services.gateway.desk.by_hand import by_hand, to_tell
from services.gateway.desk.forms import EndForThem
from services.gateway.desk.seat import Saying, Seat
from services.gateway.desk.views import NoteView, PersonView
from services.gateway.desk.waiting import everything
from services.gateway.problems import Problems
from services.gateway.store import CONCERNS, PEERS
from services.gateway.views import PairView
from services.gateway.web import Here
from shared.clock import derived_id
from shared.events import Ending, PairEnded, PeerRestored, PeerSuspended, SupportWithdrawn


def router(seat: Seat) -> APIRouter:
    routes, web = APIRouter(prefix="/desk/people/{peer}"), seat.web

    async def found(peer: str) -> Here:
        """Raises HTTPException 404, for whoever has left too; RedisError."""
        there = await web.find(PEERS, peer)
        here = None if there is None else await web.peer(there[0], peer)
        if here is None:
            raise HTTPException(404)
        return here

    async def view(here: Here) -> PersonView:
        row, me = here.row, await reading.me(web, here)
        hand = await by_hand(web, here.partition, here.peer)
        notes = [NoteView(id, note.raised_ms, note.about, note.closed_ms)
                 async for id, note in everything(web, here.partition, CONCERNS) if note.peer == here.peer]
        community = next((one.name for one in web.host.programme.communities if one.key == row.community), row.community)
        return PersonView(
            here.peer, here.profile.alias, community, here.profile.phone, row.leave_messages, me.request, me.pairs,
            proposals=len(row.proposals), break_until_ms=me.resting.until_ms if me.resting else 0,
            rest_until_ms=me.rest_until_ms, unreached_ms=me.unreached_ms, suspended_ms=row.suspended_ms,
            by_hand=hand is not None, open=me.proposals if hand is not None else (),
            to_tell=() if hand is None else await to_tell(web, here, hand),
            notes=tuple(sorted(notes, key=lambda each: -each.raised_ms)))

    async def pair_of(here: Here, pair: str) -> PairView:
        """Raises HTTPException 404, RedisError."""
        if (there := await reading.pair(web, here, pair)) is None:
            raise HTTPException(404)
        return there[1]

    @routes.get("")
    async def page(request: Request, peer: str, said: str = "") -> Response:
        by, here = await seat.taken_by(request), await found(peer)
        await seat.saw(by, "person", peer)
        return seat.page(request, "person", person=await view(here), notice=web.catalogue.words["desk"]["saved"].get(said))

    @routes.post("/suspend")
    async def suspend(request: Request, peer: str) -> Response:
        by, answers = await seat.posted_by(request)
        here = await found(peer)
        shown = True
        if not here.row.suspended_ms:
            said = Saying(PeerSuspended(peer=peer), web.once(here, answers, "suspended"))
            shown = await seat.act(by, "person_suspended", peer, here.partition, said)
        return seat.back_to(f"/desk/people/{peer}", "suspended", shown)

    @routes.post("/restore")
    async def restore(request: Request, peer: str) -> Response:
        by, answers = await seat.posted_by(request)
        here = await found(peer)
        shown = True
        if here.row.suspended_ms:
            said = Saying(PeerRestored(peer=peer), web.once(here, answers, "restored"))
            shown = await seat.act(by, "person_restored", peer, here.partition, said)
        return seat.back_to(f"/desk/people/{peer}", "restored", shown)

    @routes.post("/withdraw")
    async def withdraw(request: Request, peer: str) -> Response:
        """Under the id that the person's own withdrawal has: whoever says it first, it is said once."""
        by, _ = await seat.posted_by(request)
        here = await found(peer)
        shown = True
        if (asked := here.row.request) is not None:
            said = Saying(SupportWithdrawn(peer=peer, request=asked), derived_id(asked, "withdrawn"))
            shown = await seat.act(by, "request_withdrawn", peer, here.partition, said)
        return seat.back_to(f"/desk/people/{peer}", "withdrawn", shown)

    @routes.get("/pairs/{pair}")
    async def ending(request: Request, peer: str, pair: str) -> Response:
        by, here = await seat.taken_by(request), await found(peer)
        there = await pair_of(here, pair)
        await seat.saw(by, "pair", pair)
        return seat.page(request, "end", peer=peer, alias=here.profile.alias, pair=there)

    @routes.post("/pairs/{pair}")
    async def end(request: Request, peer: str, pair: str) -> Response:
        by, answers = await seat.posted_by(request)
        here = await found(peer)
        if pair not in here.row.pairs:
            return seat.back_to(f"/desk/people/{peer}", "ended", shown=True)
        checked = web.check(EndForThem, answers)
        if isinstance(checked, Problems):
            return seat.page(request, "end", 422, peer=peer, alias=here.profile.alias, pair=await pair_of(here, pair),
                             problems=checked, posted=answers)
        event = PairEnded(peer=peer, pair=pair, ending=Ending(checked.ending))
        said = Saying(event, web.once(here, answers, f"end:{pair}:{checked.ending}"))
        shown = await seat.act(by, "pair_ended", pair, here.partition, said)
        return seat.back_to(f"/desk/people/{peer}", "ended", shown)

    return routes
