"""A peer's own page: what it shows, what each button puts on the log, and what nobody ever learns from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.gateway import left_ids
from services.gateway.store import ADDRESS_OF, ADDRESSES, CONCERNS, NOTICES_MAX, PEERS, REQUESTS, SERVICE
from shared.clock import DAY_MS, Clock
from shared.events import (
    AnswerRefused,
    BreakEnded,
    BreakKind,
    BreakStarted,
    ConcernRaised,
    Contact,
    CountsChanged,
    FreeText,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    PairClosed,
    PairFormed,
    Profile,
    ProfileChanged,
    ProposalLapsed,
    ProposalMade,
    ProposalWithdrawn,
    Reason,
    Reasons,
    RequestRefused,
    RequestSetAside,
)
from shared.rows import KEYS
from tests.integration.gateway.site import P0, Site, Visitor, site


class Two:
    """Kim and Sam, both on their own pages, and what the matcher would say about them."""

    def __init__(self, here: Site, kim: Visitor, sam: Visitor, asked: list[dict[str, Any]]) -> None:
        self.here, self.kim, self.sam = here, kim, sam
        self.peers: tuple[str, str] = (asked[0]["peer"], asked[1]["peer"])
        self.requests: tuple[str, str] = (asked[0]["request"], asked[1]["request"])

    @classmethod
    async def meet(cls, here: Site) -> Two:
        await here.asks("kim@example.org")
        await here.asks("sam@example.org")
        return cls(here, await here.signed_in("kim@example.org"), await here.signed_in("sam@example.org"),
                   await here.events("support.requested"))

    async def proposed(self, proposal: str = "p" * 32) -> str:
        sealed = []
        for peer in self.peers:
            key = await self.here.redis.hget(KEYS.path(P0, SERVICE), peer)
            facts = (Reason(key="they_offer", values=("sleep",)), Reason(key="you_both_connect_by", values=("message",)))
            sealed.append(self.here.host.vault.seal(peer, key, Reasons(facts=facts)))
        await self.here.says(ProposalMade(
            proposal=proposal, requests=self.requests, peers=self.peers, reasons=(sealed[0], sealed[1]), benefit=1,
            lapses_ms=self.here.host.clock.now_ms() + 7 * DAY_MS))
        return proposal

    async def paired(self, pair: str = "a" * 32) -> str:
        await self.here.says(PairFormed(pair=pair, proposal=await self.proposed(), peers=self.peers))
        await self.look()
        return pair

    async def look(self) -> None:
        await self.kim.open("/me")
        await self.sam.open("/me")


async def test_a_proposal_shows_plain_reasons_and_four_answers_and_no_name(here: Site) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    await two.look()
    text = two.kim.page.text
    assert "They could offer support with something you are looking for: Sleep" in text
    assert "You would both connect by: Messages" in text
    buttons = [each.attributes["value"] for each in two.kim.page.all("button") if each.attributes.get("name") == "answer"]
    assert buttons == ["yes", "not_now", "not_this_person", "someone_different"]
    alias = next(each for each in two.sam.page.all("strong")).text
    assert alias not in text
    await two.kim.submit(f"/me/proposals/{proposal}", button=("answer", "yes"))
    assert two.kim.path.startswith("/me")
    assert "You said yes" in two.kim.page.text
    assert (await here.events("proposal.answered")) == [
        {"peer": two.peers[0], "proposal": proposal, "answer": "yes", "by": None}]


async def test_what_the_other_answers_changes_nothing_on_ones_own_page(here: Site) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    await two.look()
    before = _without_ids(two.sam)
    for answer in ("yes", "not_now"):
        await two.kim.post(f"/me/proposals/{proposal}", {"answer": answer})
        await two.sam.open("/me")
        assert _without_ids(two.sam) == before
    await two.kim.open("/me")
    assert "Someone who may fit" not in two.kim.page.text


async def test_an_answer_sent_twice_is_one_and_a_hostile_one_is_none(here: Site) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    for _ in range(3):
        await two.kim.post(f"/me/proposals/{proposal}", {"answer": "yes"})
    for fields in ({"answer": "no"}, {}, {"answer": ["yes", "not_now"]}, {"answer": "\x00"}):
        await two.kim.post(f"/me/proposals/{proposal}", fields)
        assert two.kim.status == 400
    stranger = await _somebody(here)
    await stranger.post(f"/me/proposals/{proposal}", {"answer": "not_now"})
    assert stranger.status == 404
    assert len(await here.events("proposal.answered")) == 1


async def test_a_proposal_that_lapses_or_is_withdrawn_just_goes(here: Site) -> None:
    two = await Two.meet(here)
    await here.says(ProposalLapsed(proposal=await two.proposed("b" * 32), peers=two.peers))
    withdrawn = await two.proposed("c" * 32)
    await here.says(ProposalWithdrawn(proposal=withdrawn, peers=two.peers, reason="blocked"))
    await two.look()
    for visitor in (two.kim, two.sam):
        assert "may fit" not in visitor.page.text
        assert "block" not in visitor.page.text.lower()


async def test_the_page_says_that_something_is_not_going_ahead_from_the_morning_on_and_for_two_weeks(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    later_ms = 0
    clock = Clock(now_ms=lambda: Clock().now_ms() + later_ms)
    async with site(redis_url, redis, tmp_path, clock) as here:
        two = await Two.meet(here)
        morning_ms = here.host.clock.now_ms() + DAY_MS // 2
        about = {"template": "not_going_ahead", "reason": "stopped", "klass": "essential", "message_id": "<m@x>"}
        await here.says(
            MessageIntended(message="m" * 32, to=two.peers[0], not_before_ms=morning_ms, **about),
            MessageWithheld(message="w" * 32, to=two.peers[1], due_ms=morning_ms, **about))
        for days, told in ((0, 0), (1, 1), (13, 1), (15, 0)):
            later_ms = days * DAY_MS
            await two.look()
            for visitor in (two.kim, two.sam):
                assert visitor.page.text.count("this one is not going ahead, and your place is kept") == told


async def test_who_is_offered_a_rest_reads_on_their_page_too_that_no_second_person_comes_and_how_to_change_that(
        here: Site) -> None:
    two = await Two.meet(here)
    await here.says(MessageWithheld(message="w" * 32, to=two.peers[0], template="rest_or_ask", reason="stopped",
                                    due_ms=here.host.clock.now_ms()))
    await two.look()
    assert "For four weeks from when this note came we suggest no second person to you" in two.kim.page.text
    assert "withdraw your request and ask us anew" in two.kim.page.text


async def test_no_number_of_nudges_hides_that_something_is_not_going_ahead(here: Site) -> None:
    two = await Two.meet(here)
    now_ms = here.host.clock.now_ms()
    told = ["not_going_ahead", *["rest_or_ask", "would_like"] * NOTICES_MAX]
    await here.says(*(MessageWithheld(message=f"m{number}", to=two.peers[0], template=template, reason="cap", due_ms=now_ms)
                      for number, template in enumerate(told)))
    await two.look()
    assert two.kim.page.text.count("this one is not going ahead, and your place is kept") == 1


async def test_no_nudge_stands_on_the_page_while_a_break_lasts(here: Site) -> None:
    two = await Two.meet(here)
    kim, now_ms = two.peers[0], here.host.clock.now_ms()
    await here.says(MessageWithheld(message="w" * 32, to=kim, template="rest_or_ask", reason="cap", due_ms=now_ms))
    for events, stands in (((BreakStarted(peer=kim, kind=BreakKind.BREAK, until_ms=now_ms + DAY_MS),), False),
                           ((BreakEnded(peer=kim),), True)):
        await here.says(*events)
        await two.look()
        assert ("you matter too" in two.kim.page.text) == stands


@pytest.mark.parametrize(("nudge", "words"), [("rest_or_ask", "you matter too"), ("would_like", "something you would like")])
async def test_a_nudge_stands_on_the_page_of_whoever_it_is_for_whether_a_message_tells_it_or_not(
        here: Site, nudge: str, words: str) -> None:
    two = await Two.meet(here)
    now_ms = here.host.clock.now_ms()
    about = {"to": two.peers[0], "template": nudge}
    await here.says(MessageWithheld(message="w" * 32, reason="cap", due_ms=now_ms, **about))
    await two.look()
    assert two.kim.page.text.count(words) == 1
    assert words not in two.sam.page.text
    await here.says(MessageIntended(message="m" * 32, klass="kind", message_id="<m@x>", not_before_ms=now_ms, **about))
    await two.look()
    assert two.kim.page.text.count(words) == 1


async def test_coming_back_from_a_break_brings_the_notice_forward_and_a_later_try_does_not_hide_it(here: Site) -> None:
    two = await Two.meet(here)
    now_ms = here.host.clock.now_ms()
    about = {"message": "m" * 32, "to": two.peers[0], "template": "not_going_ahead"}
    await here.says(MessageIntended(klass="essential", message_id="<m@x>", not_before_ms=now_ms + 14 * DAY_MS, **about))
    await two.look()
    assert "not going ahead" not in two.kim.page.text
    for until_ms in (now_ms, now_ms + DAY_MS):
        await here.says(MessageHeld(until_ms=until_ms, **about))
        await two.look()
        assert "not going ahead" in two.kim.page.text
    await here.says(MessageWithheld(reason="stopped", **about))
    await two.look()
    assert two.kim.page.text.count("not going ahead") == 1
    assert "not going ahead" not in two.sam.page.text


async def test_after_not_now_the_page_says_until_when_nobody_is_looked_for(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    later_ms = 0
    clock = Clock(now_ms=lambda: Clock().now_ms() + later_ms)
    async with site(redis_url, redis, tmp_path, clock) as here:
        two = await Two.meet(here)
        proposal = await two.proposed()
        await two.kim.post(f"/me/proposals/{proposal}", {"answer": "not_now"})
        await here.says(ProposalWithdrawn(proposal=proposal, peers=two.peers, reason="answered"))
        await two.look()
        assert "nothing new is suggested to you until" in two.kim.page.text
        assert "We are looking for someone" not in two.kim.page.text
        assert "We are looking for someone" in two.sam.page.text
        later_ms = 14 * DAY_MS
        await two.kim.open("/me")
        assert "We are looking for someone" in two.kim.page.text
        later_ms = 0
        await two.kim.post("/me/withdraw", {})
        await two.kim.open("/ask")
        await two.kim.fills_in(seeks=["grief"], offers=["forms"], ways=["letter"], languages=["cy"], consent="yes")
        await two.kim.submit("/ask/check")
        await two.kim.open("/me")
        assert "We are looking for someone" in two.kim.page.text


async def test_a_not_now_that_did_not_count_is_no_rest(here: Site) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    await two.kim.post(f"/me/proposals/{proposal}", {"answer": "not_now"})
    await here.says(AnswerRefused(proposal=proposal, peer=two.peers[0], reason="no_longer_open"))
    await here.says(ProposalLapsed(proposal=proposal, peers=two.peers))
    await two.kim.open("/me")
    assert "We are looking for someone" in two.kim.page.text


async def test_contacts_appear_once_both_have_offered_and_go_when_one_is_taken_back(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    path = f"/me/pairs/{pair}/contact"
    before = _without_ids(two.sam)
    await two.kim.open(path)
    await two.kim.submit(path, contact="07700 900123\nafter six")
    await two.sam.open("/me")
    assert _without_ids(two.sam) == before
    await two.sam.open(path)
    assert "07700" not in two.sam.page.text
    await two.sam.submit(path, contact="sam@home.example")
    await two.look()
    assert "sam@home.example" in two.kim.page.text
    assert "07700 900123" in two.sam.page.text
    sealed = (await here.events("contact.offered"))[0]["contact"]
    assert (await here.opened(sealed, Contact)).text == "07700 900123\nafter six"
    await two.kim.open(path)
    assert two.kim.fields(path)["contact"] == ["07700 900123\nafter six"]
    await two.kim.submit(f"{path}/back")
    await two.look()
    assert "07700" not in two.sam.page.text
    assert "sam@home.example" not in two.kim.page.text


async def test_a_gesture_is_one_tap_reaches_the_inbox_and_counts_once_however_often_it_is_sent(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    page = two.kim.fields(f"/me/pairs/{pair}/gesture")
    for _ in range(3):
        await two.kim.post(f"/me/pairs/{pair}/gesture", {**page, "gesture": "cup_of_tea"})
    await two.sam.open("/me")
    assert two.sam.page.text.count("“A cup of tea for you”") == 1
    [sent] = await here.events("gesture.sent")
    assert (sent["giver"], sent["receiver"], sent["pair"]) == (*two.peers, pair)
    await two.kim.open("/me")
    await two.kim.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "cup_of_tea"))
    assert len(await here.events("gesture.sent")) == 2


@pytest.mark.parametrize(("path", "fields"), [("end", {"ending": "safety"}), ("block", {})])
async def test_a_gesture_that_comes_after_an_ending_or_a_block_is_on_nobodys_page(
        here: Site, path: str, fields: dict[str, str]) -> None:
    """The other's page still offers it, until the matcher closes the pair."""
    two = await Two.meet(here)
    pair = await two.paired()
    await two.kim.post(f"/me/pairs/{pair}/{path}", fields)
    await two.sam.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "thank_you"))
    assert len(await here.events("gesture.sent")) == 1
    await two.look()
    assert "Thank you”" not in two.kim.page.text


async def test_the_page_shows_the_two_counts_of_the_ledger(here: Site) -> None:
    two = await Two.meet(here)
    await here.says(CountsChanged(peer=two.peers[0], given=7, received=2))
    await two.kim.open("/me")
    shown = [each.text for each in two.kim.page.all("dd")]
    assert shown[:2] == ["7", "2"]
    assert "5" not in shown


async def test_an_ending_or_a_block_goes_from_ones_own_page_at_once(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.sam.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "thank_you"))
    await two.kim.open(f"/me/pairs/{pair}/block")
    await two.kim.submit(f"/me/pairs/{pair}/block")
    assert (await here.events("peer.blocked")) == [{"peer": two.peers[0], "blocked": two.peers[1]}]
    assert "Your buddy" not in two.kim.page.text
    assert "Thank you”" not in two.kim.page.text
    await two.kim.post(f"/me/pairs/{pair}/gesture", {"gesture": "thank_you"})
    assert two.kim.status == 404
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="blocked"))
    again = await two.paired("d" * 32)
    await two.sam.open(f"/me/pairs/{again}/end")
    await two.sam.submit(f"/me/pairs/{again}/end")
    assert two.sam.errors() == ["ending"]
    await two.sam.submit(f"/me/pairs/{again}/end", ending="moved_on")
    assert "Your buddy" not in two.sam.page.text
    assert (await here.events("pair.ended"))[0]["ending"] == "moved_on"
    await here.says(PairClosed(pair=again, peers=two.peers, reason="ended"))
    await two.kim.open("/me")
    assert "moved" not in two.kim.page.text.lower()


async def test_the_second_of_two_may_still_say_it_was_unsafe_raise_a_concern_and_block(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.sam.open(f"/me/pairs/{pair}/concern")
    await two.kim.post(f"/me/pairs/{pair}/end", {"ending": "agreed"})
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="ended", by=two.peers[0]))
    await two.sam.submit(f"/me/pairs/{pair}/concern", text="It began before this ended")
    assert two.sam.heading == "Thank you for telling us"
    [raised] = await here.events("concern.raised")
    assert (raised["peer"], raised["pair"]) == (two.peers[1], pair)
    await two.sam.open("/me")
    links = {each.attributes["href"] for each in two.sam.page.all("a")}
    assert {f"/me/before/{pair}", *(f"/me/pairs/{pair}/{form}" for form in ("concern", "end", "block"))} <= links
    await two.sam.open(f"/me/pairs/{pair}/end")
    assert two.sam.fields(f"/me/pairs/{pair}/end")["ending"] == ["safety"]
    await two.sam.submit(f"/me/pairs/{pair}/end")
    assert "never be suggested to each other again" in two.sam.page.text
    assert (await here.events("pair.ended"))[-1] == {
        "peer": two.peers[1], "pair": pair, "ending": "safety", "note": None}
    await two.sam.open(f"/me/pairs/{pair}/block")
    await two.sam.submit(f"/me/pairs/{pair}/block")
    assert await here.events("peer.blocked") == [{"peer": two.peers[1], "blocked": two.peers[0]}]
    assert pair not in str([each.attributes for each in two.sam.page.all("a")])


async def test_what_is_over_says_the_same_to_both_and_nothing_of_how_or_by_whom(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.kim.post(f"/me/pairs/{pair}/end", {"ending": "moved_on"})
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="ended", by=two.peers[0]))
    aliases = [next(each for each in visitor.page.all("strong")).text for visitor in (two.kim, two.sam)]
    for form in ("end", "block", "concern"):
        for visitor in (two.kim, two.sam):
            await visitor.open(f"/me/pairs/{pair}/{form}")
            assert visitor.status == 200
        assert _without_ids(two.kim) == _without_ids(two.sam)
        assert not any(alias in two.sam.page.text for alias in aliases)
    for form in ("moment", "contact"):
        await two.sam.open(f"/me/pairs/{pair}/{form}")
        assert two.sam.status == 404


async def test_a_second_tap_on_an_ending_or_a_block_is_told_that_it_is_over(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    for _ in range(2):
        await two.kim.post(f"/me/pairs/{pair}/end", {"ending": "agreed"})
    assert two.kim.heading == "This is over"
    await here.says(PairClosed(pair=pair, peers=two.peers, reason="ended", by=two.peers[0]))
    for _ in range(2):
        await two.kim.post(f"/me/pairs/{pair}/block", {})
    assert two.kim.heading == "This is over"
    assert "nothing was changed" not in two.kim.page.text
    assert len(await here.events("pair.ended")) == len(await here.events("peer.blocked")) == 1


async def test_a_stranger_reaches_nothing_of_a_pair(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    stranger = await _somebody(here)
    for form in ("moment", "contact", "end", "block", "concern", "gesture", "elsewhere"):
        await stranger.open(f"/me/pairs/{pair}/{form}")
        assert stranger.status == 404
        await stranger.post(f"/me/pairs/{pair}/{form}",
                            {"contact": "x", "text": "x", "ending": "agreed", "gesture": "thank_you"})
        assert stranger.status in (404, 405)
    assert not await here.events("peer.blocked")
    await two.kim.open(f"/me/pairs/{pair}/elsewhere")
    assert two.kim.status == 404


async def test_a_concern_is_kept_sealed_for_the_programme_and_answered_with_urgent_help(here: Site) -> None:
    two = await Two.meet(here)
    pair = await two.paired()
    await two.kim.open(f"/me/pairs/{pair}/concern")
    await two.kim.submit(f"/me/pairs/{pair}/concern", text="x" * 5_000)
    assert two.kim.errors() == ["text"]
    assert two.kim.fields(f"/me/pairs/{pair}/concern")["text"] == ["x" * 5_000]
    await two.kim.submit(f"/me/pairs/{pair}/concern", text="I felt unsafe")
    assert two.kim.heading == "Thank you for telling us"
    assert "116 123" in two.kim.page.text
    [raised] = await here.events("concern.raised")
    assert (await here.opened(raised["text"], FreeText)).text == "I felt unsafe"
    await here.settled()
    row = CONCERNS.load(await here.redis.hget(CONCERNS.path(P0, SERVICE), raised["concern"]))
    assert (row.peer, row.pair, row.closed_ms) == (two.peers[0], pair, None)


async def test_a_difficult_day_is_one_tap_and_coming_back_another(here: Site) -> None:
    two = await Two.meet(here)
    await two.kim.open("/me")
    await two.kim.submit("/me/break")
    assert "You are resting until" in two.kim.page.text
    [started] = await here.events("break.started")
    assert started["kind"] == "difficult_day"
    assert abs(started["until_ms"] - here.host.clock.now_ms() - DAY_MS) < 60_000
    await two.kim.submit("/me/back")
    assert "You are resting" not in two.kim.page.text
    await two.kim.open("/me/break")
    await two.kim.submit("/me/break")
    assert two.kim.errors() == ["days"]
    await two.kim.submit("/me/break", days="14", kind="break")
    assert "You are resting until" in two.kim.page.text


async def test_a_break_sent_twice_is_one_break_and_both_answers_say_so(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    later_ms = 0
    clock = Clock(now_ms=lambda: Clock().now_ms() + later_ms)
    async with site(redis_url, redis, tmp_path, clock) as here:
        two = await Two.meet(here)
        await two.kim.open("/me")
        page = two.kim.fields("/me/break")
        for _ in range(3):
            await two.kim.post("/me/break", page)
            assert (two.kim.status, two.kim.path) == (200, "/me?said=break")
            later_ms += 1_000
        assert len(await here.events("break.started")) == 1
        await two.kim.post("/me/break", {**page, "days": "7"})
        assert len(await here.events("break.started")) == 2


async def test_whoever_was_set_aside_sees_it_calmly_and_comes_back_in_one_tap(here: Site) -> None:
    two = await Two.meet(here)
    await two.kim.open("/me")
    assert "we suggest no one new" not in two.kim.page.text
    await here.says(RequestSetAside(request=two.requests[0], peer=two.peers[0]))
    await two.kim.open("/me")
    assert "we suggest no one new at the moment. Your place is kept" in two.kim.page.text
    assert "We are looking for someone" not in two.kim.page.text
    await two.sam.open("/me")
    assert "we suggest no one new" not in two.sam.page.text
    await two.kim.submit("/me/resume")
    assert await here.events("request.resumed") == [{"peer": two.peers[0], "request": two.requests[0]}]
    assert "Welcome back" in two.kim.page.text
    assert "we suggest no one new" not in two.kim.page.text
    assert "We are looking for someone" in two.kim.page.text


async def test_coming_back_ends_the_rest_after_not_now_and_no_break(here: Site) -> None:
    two = await Two.meet(here)
    proposal = await two.proposed()
    await two.kim.post(f"/me/proposals/{proposal}", {"answer": "not_now"})
    await here.says(ProposalWithdrawn(proposal=proposal, peers=two.peers, reason="answered"))
    await here.says(RequestSetAside(request=two.requests[0], peer=two.peers[0]))
    await two.kim.open("/me")
    assert "nothing new is suggested to you until" not in two.kim.page.text, "it is for as long as they like"
    before = two.kim.fields("/me/resume")
    await two.kim.submit("/me/break")
    assert "we suggest no one new" not in two.kim.page.text, "first they come back from the break"
    await two.kim.post("/me/resume", before)
    assert "While you rest nothing is suggested to you" in two.kim.page.text
    await two.kim.submit("/me/back")
    assert "We are looking for someone" in two.kim.page.text


async def test_the_same_tap_sent_twice_is_one_and_without_a_request_there_is_nothing_to_come_back_to(here: Site) -> None:
    two = await Two.meet(here)
    await here.says(RequestSetAside(request=two.requests[0], peer=two.peers[0]))
    await two.kim.open("/me")
    fields = two.kim.fields("/me/resume")
    for _ in range(2):
        await two.kim.post("/me/resume", fields)
    assert len(await here.events("request.resumed")) == 1
    await two.kim.open("/me/withdraw")
    await two.kim.submit("/me/withdraw")
    await two.kim.post("/me/resume", fields)
    assert len(await here.events("request.resumed")) == 1


async def test_a_request_is_withdrawn_and_asked_anew_without_saying_again_who_one_is(here: Site) -> None:
    two = await Two.meet(here)
    await two.kim.open("/ask")
    assert two.kim.heading == "Your request is with us already"
    await two.kim.open("/me/withdraw")
    await two.kim.submit("/me/withdraw")
    assert "You have no request with us" in two.kim.page.text
    assert await here.events("support.withdrawn") == [{"peer": two.peers[0], "request": two.requests[0]}]
    for step in ("email", "alias", "adult", "community"):
        await two.kim.open(f"/ask/{step}")
        assert two.kim.status == 404
    await two.kim.fills_in(seeks=["grief"], offers=["forms"], ways=["letter"], languages=["cy"], consent="yes")
    assert two.kim.path == "/ask/check"
    assert not [each for each in two.kim.page.all("a") if each.attributes["href"].startswith(("/ask/email", "/ask/alias"))]
    await two.kim.submit("/ask/check")
    requested = (await here.events("support.requested"))[-1]
    assert requested["peer"] == two.peers[0]
    assert requested["request"] != two.requests[0]
    assert len(await here.events("peer.joined")) == 2
    await two.kim.open("/me")
    assert "Losing someone" in two.kim.page.text


async def test_a_request_that_got_no_place_can_be_made_again(here: Site) -> None:
    two = await Two.meet(here)
    await here.says(RequestRefused(request=two.requests[0], peer=two.peers[0], reason="unreadable"))
    await two.kim.open("/me")
    assert "You have no request with us" in two.kim.page.text


async def test_leaving_destroys_the_key_and_everything_that_leads_to_the_person(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        two = await Two.meet(here)
        pair = await two.paired()
        await two.kim.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "thank_you"))
        second = await here.signed_in("kim@example.org")
        await two.kim.open("/me/leave")
        await two.kim.submit("/me/leave")
        assert two.kim.errors() == ["sure"]
        await two.kim.submit("/me/leave", sure="yes")
        assert two.kim.heading == "Goodbye, and thank you"
        assert two.kim.has_urgent_help()
        assert not await redis.hexists(KEYS.path(P0, SERVICE), two.peers[0])
        for table in (PEERS, ADDRESS_OF):
            assert not await redis.hexists(table.path(P0, SERVICE), two.peers[0])
        assert await redis.hlen(ADDRESSES.path(P0, SERVICE)) == 1
        assert await redis.hlen(REQUESTS.path(P0, SERVICE)) == 1
        assert [(number, peer) for number, peer in left_ids.read(tmp_path)] == [(P0, two.peers[0])]
        for visitor in (two.kim, second):
            await visitor.open("/me")
            assert visitor.path == "/sign-in"
        await two.sam.open("/me")
        assert "from an earlier buddy" in two.sam.page.text
        await here.asks("kim@example.org")
        assert len({event["peer"] for event in await here.events("peer.joined")}) == 3


async def test_leaving_twice_is_one_goodbye_and_keeps_nothing_of_the_person(here: Site) -> None:
    two = await Two.meet(here)
    await two.kim.open("/me/leave")
    page = {**two.kim.fields("/me/leave"), "sure": "yes"}
    cookies = dict(two.kim.client.cookies)
    await two.kim.post("/me/leave", page)
    assert two.kim.heading == "Goodbye, and thank you"
    await two.kim.post("/me/leave", page)
    assert two.kim.heading == "Goodbye, and thank you"
    two.kim.client.cookies.update(cookies)
    await two.kim.post("/me/leave", page)
    assert (two.kim.status, two.kim.heading) == (200, "Goodbye, and thank you")
    assert len(await here.events("peer.left")) == 1
    [kept] = await here.redis.keys("twoway:gateway:goodbye:*")
    assert await here.redis.get(kept) == b""
    assert 0 < await here.redis.ttl(kept) <= 3_600
    assert page["form"][0].encode() not in kept
    stranger = here.visitor("192.0.2.9")
    await stranger.post("/me/leave", {"sure": "yes", "form": "f" * 32})
    assert stranger.path == "/sign-in"


async def _somebody(here: Site) -> Visitor:
    await here.asks("lee@example.org")
    return await here.signed_in("lee@example.org")


def _without_ids(visitor: Visitor) -> list[tuple[str, str]]:
    """The page as it reads, without what is fresh on every page."""
    return [(each.tag, each.text) for each in visitor.page.elements]


async def test_another_profile_takes_the_place_of_the_one_before_and_words_of_danger_are_marked(here: Site) -> None:
    two = await Two.meet(here)
    peer = two.peers[0]
    key = await here.redis.hget(KEYS.path(P0, SERVICE), peer)
    vault = here.host.vault
    await here.says(
        ProfileChanged(peer=peer, profile=vault.seal(peer, key, Profile(alias="Misty Wren", email="kim@example.org"))),
        ConcernRaised(concern="c" * 32, peer=peer, text=vault.seal(peer, key, FreeText(text="words")), about="request",
                      danger=True))
    row = CONCERNS.load(await here.redis.hget(CONCERNS.path(P0, SERVICE), "c" * 32))
    await two.kim.open("/me")
    assert "Misty Wren" in two.kim.page.text
    assert (row.about, row.danger) == ("request", True)
