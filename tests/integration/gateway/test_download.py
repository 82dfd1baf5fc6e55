"""Everything held about a person, in one file: whole, theirs alone, and silent about what others did."""

from __future__ import annotations

from typing import Any

from services.gateway import catalogue
from services.gateway.download.document import read_json
from services.gateway.download.history import Messages
from services.gateway.download.told import BY_CONCERN, MESSAGES, TOLD, UNTOLD
from services.gateway.limiting import DOWNLOADS_PER_HOUR
from shared.clock import DAY_MS
from shared.events import (
    REGISTRY,
    Answer,
    ConcernClosed,
    Ending,
    Kind,
    MessageClass,
    MessageDelivered,
    MessageIntended,
    MessageWithheld,
    MomentRecorded,
    PairClosed,
    PairEnded,
    PeerBlocked,
    ProposalAnswered,
    ProposalWithdrawn,
    SupportRequested,
)
from tests.integration.gateway.site import Site, Visitor
from tests.integration.gateway.test_my_page import Two

KEPT = catalogue.load().kept
PATH = "/me/download"


async def downloaded(visitor: Visitor) -> tuple[str, Any]:
    """The whole file, and the JSON in it."""
    await visitor.open(PATH)
    answer = await visitor.client.post(PATH, data={"form": "f"}, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="my-page.html"'
    assert answer.headers["cache-control"] == "no-store"
    return answer.text, read_json(answer.content)


def whats(held: Any) -> list[str]:
    return [each["what"] for each in held["history"]]


def test_every_event_there_is_is_told_or_has_a_reason_not_to_be() -> None:
    told = {*TOLD, *MESSAGES, BY_CONCERN}
    assert not told & UNTOLD.keys()
    assert told | UNTOLD.keys() == {*REGISTRY.values()}


def test_everything_that_is_told_has_its_words() -> None:
    lines = {event.type for event in (*TOLD, BY_CONCERN)} | {"message"}
    assert lines <= KEPT["lines"].keys()
    assert {text.partition(": ")[0] for text in KEPT["lines"].values()} <= KEPT["sections"].keys()


async def test_what_a_person_told_us_and_did_is_all_in_their_file_and_nobody_elses(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.kim.open(f"/me/pairs/{pair}/contact")
    await two.kim.submit(f"/me/pairs/{pair}/contact", contact="07700 900123, <evenings>")
    await two.kim.open("/me/concern")
    await two.kim.submit("/me/concern", text="The café is too loud & too bright")
    await two.kim.post("/me/break", {"kind": "difficult_day", "days": "3"})
    await here.settled()
    concern = (await here.events("concern.raised"))[0]["concern"]
    await here.says(ConcernClosed(concern=concern), MomentRecorded(
        moment="m" * 32, pair=pair, giver=two.peers[1], receiver=two.peers[0], kind=Kind.LISTENED, recorded_by=two.peers[1]))
    text, held = await downloaded(two.kim)
    assert held["whole"]
    assert held["now"]["you"][0]["email"] == "kim@example.org"
    assert held["now"]["request"][0]["seeks"] == ["anxiety", "sleep"]
    assert held["now"]["buddies"][0]["my_contact"] == "07700 900123, <evenings>"
    agreed = held["now"]["agreements"][0]
    assert (agreed["version"], agreed["at_ms"] > 0, "I agree that" in agreed["text"]) == ("4", True, True)
    assert [each["kind"] for each in held["moments"]] == ["listened"]
    assert {"peer.joined", "consent.given", "support.requested", "sign_in.requested", "proposal.made", "pair.formed",
            "contact.offered", "concern.raised", "concern.closed", "break.started"} <= {*whats(held)}
    for told in ("kim@example.org", "Sleep", "07700 900123, &lt;evenings&gt;", "The café is too loud &amp; too bright",
                 "A difficult day", "I agree that", "listened to you"):
        assert told in text
    assert "<evenings>" not in text
    _, others = await downloaded(two.sam)
    for told in ("kim@example.org", "900123", "café", two.peers[0], "difficult_day"):
        assert told not in str(others)


async def test_the_file_opens_anywhere_and_asks_nobody_for_anything(here: Site) -> None:
    two = await Two.meet(here)
    text, _ = await downloaded(two.kim)
    for loads in ("<script", "<link", "src=", "http-equiv", "@import"):
        assert loads not in text
    assert text.startswith("<!DOCTYPE html>")
    assert "116 123" in text


async def test_a_file_does_not_tell_what_the_other_answered_or_did(here: Site) -> None:
    """What stands on the log of the other's doing, beside both ids, leaves the file as it was (rule 17)."""
    two = await Two.meet(here)
    proposal = await two.proposed()
    kim, sam = two.peers
    _, before = await downloaded(two.kim)
    await here.says(ProposalAnswered(peer=sam, proposal=proposal, answer=Answer.NOT_THIS_PERSON),
                    ProposalWithdrawn(proposal=proposal, peers=two.peers, reason="answered"),
                    PeerBlocked(peer=sam, blocked=kim))
    _, after = await downloaded(two.kim)
    assert after["history"] == before["history"]
    pair = await two.paired()
    _, before = await downloaded(two.kim)
    await here.says(PairEnded(peer=sam, pair=pair, ending=Ending.SAFETY),
                    PairClosed(pair=pair, peers=two.peers, reason="ended", by=sam))
    _, after = await downloaded(two.kim)
    assert whats(after) == whats(before)
    assert "safety" not in str(after)


def test_a_message_is_told_once_it_is_settled_and_never_one_that_somebody_was_spared() -> None:
    def intended(message: str) -> MessageIntended:
        return MessageIntended(message=message, to="kim", template="proposal", klass=MessageClass.ESSENTIAL,
                               message_id="<m@x>", not_before_ms=0)

    def withheld(message: str, reason: str, due_ms: int | None = None) -> MessageWithheld:
        return MessageWithheld(message=message, to="kim", template="proposal", reason=reason, due_ms=due_ms)

    messages = Messages("kim", now_ms=DAY_MS)
    assert messages.tell(intended("a"), 1) is None
    delivered = MessageDelivered(message="a", to="kim", template="proposal")
    assert messages.tell(delivered, 2) == (2, {"message": "proposal", "klass": "essential", "outcome": "delivered"})
    assert messages.tell(delivered.model_copy(update={"to": "sam"}), 3) is None
    assert messages.tell(withheld("b", "blocked"), 4) is None
    assert messages.tell(withheld("c", "stopped", due_ms=2 * DAY_MS), 5) is None
    assert messages.tell(withheld("d", "stopped", due_ms=9), 5) == (
        9, {"message": "proposal", "klass": None, "outcome": "withheld"})


async def test_what_was_sealed_for_somebody_else_or_broken_keeps_nobody_from_their_file(here: Site) -> None:
    two = await Two.meet(here)
    asked = (await here.events("support.requested"))[1]
    await here.says(SupportRequested(**{**asked, "peer": two.peers[0], "request": "r" * 32}))
    _, held = await downloaded(two.kim)
    asked_for = [each.get("seeks") for each in held["history"] if each["what"] == "support.requested"]
    assert asked_for == [["anxiety", "sleep"], None]


async def test_a_file_is_made_a_few_times_an_hour_and_for_nobody_who_is_not_signed_in(here: Site) -> None:
    two = await Two.meet(here)
    for _ in range(DOWNLOADS_PER_HOUR):
        await downloaded(two.kim)
    await two.kim.post(PATH, {})
    assert two.kim.status == 429
    await downloaded(two.sam)
    stranger = here.visitor()
    await stranger.post(PATH, {})
    assert stranger.path == "/sign-in"
