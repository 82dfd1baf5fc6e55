"""Two people from the form to the counts and to every way of parting, through real pages, wherever Twoway runs."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shared.testing import until
from tests.journeys import partner
from tests.journeys.conftest import Company
from tests.journeys.places import Place
from tests.journeys.someone import Someone, comes

pytestmark = pytest.mark.prove


async def two(company: Company) -> tuple[Someone, Someone]:
    """Two people who fit, asked and signed in: one by the link, one by the code."""
    ann = await company.someone("ann", seeks="sleep", offers="grief")
    ben = await company.someone("ben", seeks="grief", offers="sleep")
    await ann.asks()
    await ben.asks()
    assert (await ann.signs_in_by_link()).path == "/me"
    assert (await ben.signs_in_by_code()).path == "/me"
    return ann, ben


async def buddies(company: Company) -> tuple[Someone, Someone]:
    """Two people who were introduced."""
    ann, ben = await two(company)
    await ann.says("yes")
    await ben.says("yes")
    assert await ann.pair() == await ben.pair()
    return ann, ben


async def test_two_people_go_from_the_form_to_the_counts_and_hear_no_more_than_they_should(
        place: Place, company: Company) -> None:
    ann, ben = await two(company)
    await ann.gets("received")
    await ben.gets("proposal")
    assert "They could offer support with something you are looking for: Sleep" in (await ann.me()).text
    assert ben.alias not in (await ann.me()).text, "nobody is introduced before both said yes"

    answered = await ann.says("yes")
    assert "Thank you, we have your answer." in answered.text
    await ann.sees("You said yes.")
    assert "You said yes." not in (await ben.me()).text, "what one answers the other never learns"
    assert ann.alias not in (await ben.me()).text
    await ben.says("yes")
    await ann.sees(ben.alias)
    await ben.sees(ann.alias)
    await asyncio.gather(ann.gets("introduction"), ben.gets("introduction"))

    assert "Written down." in (await ann.within("moment", direction="gave", kind="listened", minutes="20")).text
    assert "Sent." in (await ben.taps("cup_of_tea")).text
    await ann.sees_counts(1, 1)
    await ben.sees_counts(1, 1)
    assert "A cup of tea for you." in (await ann.gets("gesture")).text
    assert "“A cup of tea for you” from" in (await ann.me()).text

    place.command("verify")  # waits until every service has read everything
    expected = Counter(received=1, sign_in=1, proposal=1, introduction=1)
    assert await ann.messages() == expected + Counter(gesture=1)
    assert await ben.messages() == expected


async def test_neither_sees_the_others_contact_before_both_have_offered(company: Company) -> None:
    ann, ben = await buddies(company)
    await ann.within("contact", contact="07700 900111, in the evening")
    await ann.sees("You have offered a way to reach you.")
    page = await ben.sees("you can offer a way to reach you")
    assert "07700 900111" not in page.text
    assert "You have offered" not in page.text
    assert (await ben.messages())["contact"] == 0
    await ben.within("contact", contact="ben's door, Tuesdays")
    await ben.sees("07700 900111, in the evening")
    await ann.sees("ben's door, Tuesdays")
    await asyncio.gather(ann.gets("contact"), ben.gets("contact"))

    form = (await ann.browser.get(f"/me/pairs/{await ann.pair()}/contact")).form(f"/me/pairs/{await ann.pair()}/contact/back")
    await ann.browser.send(form)
    await ben.sees("You have offered a way to reach you.")
    assert "07700 900111" not in (await ben.me()).text
    assert "ben's door" not in (await ann.me()).text


async def test_the_same_page_sent_twice_counts_once_and_what_was_not_so_is_taken_back(company: Company) -> None:
    ann, ben = await buddies(company)
    path = f"/me/pairs/{await ann.pair()}/moment"
    form = (await ann.browser.get(path)).form(path)
    for _ in range(2):
        await ann.browser.send(form, direction="received", kind="practical_help")
    await ann.sees_counts(0, 1)
    await ben.sees_counts(1, 0)
    [moment] = await ann.moments()
    await ann.says_of(moment, "back")
    await ann.sees_counts(0, 0)
    await ben.sees_counts(0, 0)


async def test_both_have_a_moment_in_their_story_and_say_of_it_what_each_may(place: Place, company: Company) -> None:
    ann, ben = await buddies(company)
    await ann.within("moment", direction="gave", kind="shared_coping", minutes="20", way="call")
    await ann.sees_counts(1, 0)
    [moment] = await ben.moments()
    assert f"{ann.alias} shared a way of coping with you" in (await ben.browser.get(moment)).text
    assert f"You shared a way of coping with {ben.alias}" in (await ann.browser.get("/me/story")).text
    await ben.says_of(moment, "thank")
    await ann.sees(f"{ben.alias} says thank you for this.")
    follows = await ben.browser.get(f"{moment}/differently")
    assert "neither has to be wrong" in follows.text
    await ben.browser.send(follows.form(f"{moment}/differently"))
    await ann.sees(f"{ben.alias} remembers this differently.")
    await ann.says_of(moment, "back")
    await ann.sees_counts(0, 0)
    await ben.sees("Taken back:")
    place.command("verify")


async def test_on_a_difficult_day_a_gesture_waits_on_the_page_and_no_message_comes(company: Company) -> None:
    ann, ben = await buddies(company)
    await asyncio.gather(ann.gets("introduction"), ben.gets("introduction"))
    rest = (await ann.me()).form("/me/break")
    assert "You are resting now." in (await ann.browser.send(rest)).text
    await ann.sees("You are resting until")
    assert "resting" not in (await ben.me()).text
    await ben.taps("thinking_of_you")
    await ann.sees("“Thinking of you” from")
    await ben.sees_counts(1, 0)
    await ann.browser.send((await ann.me()).form("/me/back"))
    page = await ann.sees("Today is a difficult day")
    assert "You are resting" not in page.text
    await ben.taps("i_hear_you")
    assert "I hear you." in (await ann.gets("gesture")).text
    assert (await ann.messages())["gesture"] == 1


async def test_whoever_says_not_now_is_left_in_peace_and_the_other_learns_nothing(company: Company) -> None:
    ann, ben = await two(company)
    await ben.says("yes")
    await ann.says("not_now")
    page = await ben.sees("We are looking for someone who fits")
    assert "You said yes." not in page.text
    assert "Someone who may fit" not in (await ann.me()).text
    await asyncio.gather(ann.gets("proposal"), ben.gets("proposal"))
    assert set(await ben.messages()) == {"received", "sign_in", "proposal"}, "the one notice comes the next morning"
    # the place is kept: somebody else who fits is suggested at once
    cat = await company.someone("cat", seeks="grief", offers="grief")
    await cat.asks()
    await ben.proposal()


async def test_an_ended_pair_is_over_for_both_and_neither_is_told_why(company: Company) -> None:
    ann, ben = await buddies(company)
    await ann.within("moment", direction="gave", kind="listened")
    await ben.sees_counts(0, 1)
    assert "It has ended." in (await ann.within("end", ending="moved_on")).text
    for each in (ann, ben):
        page = await each.sees("We are looking for someone who fits")
        assert "/gesture" not in " ".join(form.action for form in page.forms)
    assert "ended" not in (await ben.me()).text
    await ben.sees_counts(0, 1)
    await asyncio.gather(ann.gets("introduction"), ben.gets("introduction"))
    assert set(await ben.messages()) == {"received", "sign_in", "proposal", "introduction"}


async def test_a_block_is_for_ever_and_private(place: Place, company: Company) -> None:
    ann, ben = await buddies(company)
    pair = await ann.pair()
    assert "You will not be suggested to each other again." in (await ann.within("block")).text
    for each in (ann, ben):
        await each.sees("We are looking for someone who fits")
    assert "blocked" not in (await ben.me()).text.lower()
    form = (await ben.browser.get(f"/me/pairs/{pair}/block")).forms_to(f"/me/pairs/{pair}/block")
    assert form, "the other may block too, as after any other ending"
    cat = await company.someone("cat", seeks="sleep", offers="grief")
    await cat.asks()
    await ben.says("not_this_person")
    # both are free again and fit each other, as before; nobody else is there
    place.command("verify")  # waits until every service has read everything
    for each in (ann, ben):
        assert not (await each.me()).forms_to("/me/proposals/")
        assert (await each.messages())["proposal"] == (1 if each is ann else 2)


@pytest.mark.parametrize("parting", ["ending", "leaving"])
async def test_a_moment_from_before_counts_however_the_other_went(place: Place, company: Company, parting: str) -> None:
    ann, ben = await buddies(company)
    pair = await ann.pair()
    await (ann.leaves() if parting == "leaving" else ann.within("end", ending="moved_on"))
    await ben.sees("Write down a moment from before")
    await ben.writes_down_from_before(pair, direction="received", kind="listened", when="today")
    await ben.sees_counts(0, 1)
    place.command("verify")
    [moment] = await ben.moments()
    page = await ben.browser.get(moment)
    assert "An earlier buddy listened to you" in page.text
    assert page.forms_to(f"{moment}/back"), "it can still be taken back"


async def test_who_leaves_sees_goodbye_their_key_is_destroyed_and_signing_in_again_gives_nothing(
        place: Place, company: Company) -> None:
    before = place.keys()
    ann, ben = await buddies(company)
    theirs = place.keys() - before
    assert len(theirs) == 2
    await ann.taps("thank_you")
    await ben.sees_counts(0, 1)
    goodbye = await ann.leaves()
    assert goodbye.heading == "Goodbye, and thank you"
    assert (await ann.browser.get("/me")).path == "/sign-in"
    await until(lambda: len(place.keys() & theirs) == 1, "the key of whoever left being destroyed")

    page = await ben.sees("We are looking for someone who fits")
    assert ann.alias not in page.text.replace(ben.alias, "")
    await ben.sees_counts(0, 1)
    before_asking = await ann.messages()
    await ann.asks_to_sign_in()
    await ben.signs_in_by_link()  # what was asked for later has come, so what was asked for earlier would have
    assert await ann.messages() == before_asking
    place.command("verify")


async def test_a_partners_referral_joins_by_its_one_invitation(place: Place, company: Company) -> None:
    clinic = partner.added(place, company.community)
    dee = await company.someone("dee", seeks="sleep", offers="grief")
    status, first = clinic.refer(place.url, f"referral-{dee.email}", dee.email, company.community)
    assert (status, first["duplicate"]) == (202, False)
    status, again = clinic.refer(place.url, f"referral-{dee.email}", dee.email, company.community)
    assert (status, again) == (202, first | {"duplicate": True})
    status, _ = clinic.refer(place.url, f"referral-{dee.email}", "somebody-else@people.example", company.community)
    assert status == 409

    link = (await dee.gets("invitation")).link
    invitation = await dee.browser.get(link)
    assert invitation.heading == "You are invited"
    form = await dee.browser.send(invitation.form(link), reply="accept")
    assert form.path == "/ask"
    page = await dee.browser.get("/ask/community")
    assert ("community", company.community) in page.form("/ask/community").sent

    async def joined() -> bool:
        return "joined" in clinic.became(place.url, first["receipt"])
    assert not await joined()
    await dee.asks()
    await dee.signs_in_by_link()
    await comes(joined, "the receipt saying that they joined, as they had agreed to")
    assert (await dee.browser.get(link)).heading == "This invitation is closed"

    eve = await company.someone("eve", seeks="grief", offers="sleep")
    await eve.asks()
    await dee.says("yes")
    await eve.signs_in_by_code()
    await eve.says("yes")
    await dee.sees(eve.alias)
    await asyncio.gather(dee.gets("introduction"), eve.gets("introduction"))
    assert await dee.messages() == Counter(invitation=1, received=1, sign_in=1, proposal=1, introduction=1)
