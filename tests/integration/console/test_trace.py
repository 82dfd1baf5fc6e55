from __future__ import annotations

from shared.clock import Clock
from shared.events import (
    Answer,
    Invitation,
    Kind,
    Listened,
    MilestoneReached,
    MomentRecorded,
    MomentRememberedDifferently,
    MomentThanked,
    ProposalAnswered,
    PulseAnswered,
    ReferralMade,
    Signal,
    SignalsComputed,
    WaitingCounted,
)
from shared.stream.archive import archive_and_trim
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import SECRETS, Loop

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_the_story_of_an_event_goes_up_to_its_first_cause_and_down_to_its_last_effect(
        twoway: Twoway, loop: Loop) -> None:
    await loop.person("ann")
    await loop.person("ben")
    await loop.settle()
    proposals = await loop.rows("matcher", "proposals")
    told = (await twoway("trace", next(iter(proposals)), "--json")).json
    assert [(each["service"], each["type"]) for each in told] == [
        ("gateway", "support.requested"), ("matcher", "proposal.made"),
        ("notifier", "message.intended"), ("notifier", "message.intended")]
    by_id = {each["id"]: each for each in told}
    assert all(each["cause"] in by_id for each in told[1:])


async def test_a_story_can_be_asked_for_by_any_id_that_belongs_to_it(twoway: Twoway, loop: Loop) -> None:
    first, second, pair = await loop.pair()
    whole = (await twoway("trace", pair, "--json")).json
    [formed] = [each for each in whole if each["type"] == "pair.formed"]
    for id in (formed["id"], formed["id"][:8], formed["at"], formed["body"]["proposal"], first):
        types = [each["type"] for each in (await twoway("trace", id, "--json")).json]
        assert "pair.formed" in types, id
    answered = [each for each in whole if each["type"] == "proposal.answered"]
    assert [each["body"]["peer"] for each in answered] == [second], "what led to the pair is the second answer"


async def test_all_that_a_page_began_is_found_by_its_trace(twoway: Twoway, loop: Loop) -> None:
    await loop.person("ann", trace=TRACE)
    await loop.person("ben")
    await loop.settle()
    for id in (TRACE, TRACE.split("-")[1]):
        told = (await twoway("trace", id, "--json")).json
        assert [each["type"] for each in told][:3] == ["peer.joined", "peer.preferences_changed", "support.requested"]
        assert {"request.waiting", "message.intended"} <= {each["type"] for each in told}
        assert all(each["trace"] == TRACE for each in told)


async def test_a_story_reaches_back_into_the_archive(twoway: Twoway, loop: Loop) -> None:
    first, second = await loop.person("ann"), await loop.person("ben")
    await loop.settle()
    [proposal] = await loop.rows("matcher", "proposals")
    before = (await twoway("trace", proposal, "--json")).json
    assert await archive_and_trim(loop.redis, loop.partition, twoway.data, Clock().now_ms() + 1)
    assert (await twoway("trace", proposal, "--json")).json == before
    for peer in (first, second):
        await loop.say(ProposalAnswered(peer=peer, proposal=proposal, answer=Answer.YES))
    await loop.settle()
    after = (await twoway("trace", proposal, "--json")).json
    assert after[:len(before)] == before
    assert "pair.formed" in [each["type"] for each in after[len(before):]]


async def test_nothing_that_is_sealed_is_shown_not_even_as_it_rests(twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await loop.pair()
    for words in (("trace", first), ("trace", first, "--json"), ("trace", first, "--full")):
        out = (await twoway(*words)).out
        assert "s1." not in out
        assert not any(secret in out for secret in SECRETS)
    assert "sealed" in (await twoway("trace", first, "--json")).out


async def test_a_referrals_address_is_not_shown_not_even_as_it_rests(twoway: Twoway, loop: Loop) -> None:
    key = loop.vault.new_key("a-referral")
    sealed = loop.vault.seal("a-referral", key, Invitation(email="gus@brambles.example", consent="a"))
    await loop.say(ReferralMade(referral="a-referral", partner="clinic", community="riverside", address=sealed))
    for words in ((), ("--full",), ("--json",)):
        out = (await twoway("trace", "a-referral", *words)).out
        assert "clinic" in out
        assert "s1." not in out


async def test_an_id_that_nothing_bears_is_said_to_be_so(twoway: Twoway, loop: Loop) -> None:
    await loop.person("ann")
    assert "Nothing" in (await twoway("trace", "0123456789abcdef" * 2, code=1)).out
    assert (await twoway("trace", "0123456789abcdef" * 2, "--json", code=1)).json == []
    assert len((await twoway("trace", "no id; at all", code=2)).err.splitlines()) == 1


async def test_an_entry_that_nobody_can_read_has_a_story_too(twoway: Twoway, loop: Loop) -> None:
    await loop.redis.xadd(loop.partition.log, {b"type": b"moment.shared", b"id": b"broken-entry-1", b"body": b"\xff{"})
    await loop.settle()
    told = (await twoway("trace", "broken-entry-1", "--json")).json
    assert (told[0]["type"], told[0]["body"]) == ("moment.shared", "not JSON, 2 characters")
    assert {each["service"] for each in told if each["type"] == "entry.set_aside"} == {"ledger", "gateway"}


async def test_the_story_of_a_moment_tells_of_thanks_and_of_another_memory(twoway: Twoway, loop: Loop) -> None:
    first, second, pair = await loop.pair()
    moment = await loop.moment(pair, first, second)
    await loop.settle()
    thanked = await loop.say(MomentThanked(moment=moment, pair=pair, peer=second, to=first))
    await loop.say(MomentRememberedDifferently(moment=moment, peer=second))
    await loop.settle()
    told = (await twoway("trace", moment, "--json")).json
    types = [(each["service"], each["type"]) for each in told]
    assert ("gateway", "moment.thanked") in types
    assert ("gateway", "moment.remembered_differently") in types
    [message] = [each for each in told if each["cause"] == thanked]
    assert (message["service"], message["type"], message["body"]["template"]) == ("notifier", "message.intended", "thanked")


async def test_a_line_of_a_story_names_what_goes_together_and_nothing_that_somebody_felt(twoway: Twoway, loop: Loop) -> None:
    a_signal = Signal(name="kinds", window_weeks=12, numerator=3, value=3.0, state="fine")
    said = {
        "linked=0ther-way same_as=the-same": MomentRecorded(
            moment="a-moment", pair="a-pair", giver="ann", receiver="ben", kind=Kind.LISTENED, recorded_by="ann",
            linked="0ther-way", same_as="the-same"),
        "milestone=first_giving": MilestoneReached(peer="ann", milestone="first_giving"),
        "week=2955": SignalsComputed(community="riverside", week=2955, signals=(a_signal,)),
        "waiting=41 median_days=6 unproposed_14_days=3": WaitingCounted(
            community="riverside", waiting=41, median_days=6, unproposed_14_days=3, practical=17, practical_oldest_days=19),
    }
    for words, event in said.items():
        assert words in " ".join((await twoway("trace", await loop.say(event))).out.split())
    out = (await twoway("trace", await loop.say(PulseAnswered(peer="ann", listened=Listened.PARTLY)))).out
    assert "peer=ann" in out
    assert "partly" not in out
