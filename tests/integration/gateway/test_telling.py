"""What partners tell of people: named by the partner's own reference, as far as the person agreed to it on their invitation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.gateway.service import service
from services.gateway.store import KNOWN_AS, KNOWN_BY, RECEIPT_LIVES_MS, RECEIPTS, REFERRED_AS, SERVICE, TABLES
from shared.clock import DAY_MS
from shared.events import (
    CheckinPosted,
    CheckinRefused,
    Kind,
    MomentRecorded,
    MomentReversed,
    Posted,
    TimerElapsed,
    Training,
    TrainingNoted,
    TrainingRefused,
)
from shared.links import invitation_link
from shared.rows import Table
from shared.stream.rebuild import rebuild
from tests.integration.gateway.site import BASE, GOOD, P0, Site, Visitor, site
from tests.integration.gateway.test_partners import Clinic, _clinic

WITH_ALL = ["joined", "checkins", "training"]
MET: dict[str, Any] = {"person": "client 42", "happened": "2026-11-20T14:00:00Z",
                       "moments": [{"kind": "listened", "direction": "both", "minutes": 40}]}
TRAINED = {"person": "client 42", "title": "Listening skills", "completed": "2026-11-20"}


@pytest.fixture
async def clinic(here: Site) -> Clinic:
    return await _clinic(here)


async def _joins(here: Site, clinic: Clinic, *agreed: str, person: str = "client 42", email: str = "kim@example.org",
                 scope: list[str] | None = None, **changes: str) -> tuple[Visitor, str]:
    """Somebody whom the clinic refers, who ticks what is `agreed` on their invitation's page. Their id too."""
    answer = await clinic.sends(id=f"referral of {person} {email}", email=email, scope=WITH_ALL if scope is None else scope,
                                **({} if person == "" else {"person": person}))
    assert answer.status_code == 202, answer.text
    await here.settled()
    referral = (await here.events("referral.made"))[-1]["referral"]
    path = invitation_link(BASE, here.host.vault, referral).removeprefix(BASE)
    visitor = here.visitor()
    await visitor.open(path)
    await visitor.submit(path, button=("reply", "accept"), agreed=list(agreed))
    await visitor.fills_in(**{**GOOD, "email": email, **changes})
    await visitor.submit("/ask/check")
    assert visitor.path == "/ask/sent"
    await here.settled()
    return visitor, (await here.events("referral.used"))[-1]["peer"]


async def _rows(here: Site, table: Table[Any]) -> dict[bytes, bytes]:
    found: Any = await here.redis.hgetall(table.path(P0, SERVICE))
    return dict(found)


async def _told(clinic: Clinic, type: str, data: dict[str, Any], id: str = "t-1") -> str:
    answer = await clinic.tells(type, data, id=id)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["receipt"])


async def test_what_is_ticked_on_the_invitation_is_recorded_as_consent_with_the_partner_and_names_the_person(
        here: Site, clinic: Clinic) -> None:
    _, kim = await _joins(here, clinic, "checkins")
    [used] = await here.events("referral.used")
    assert used["agreed"] == ["checkins"]
    given = [each for each in await here.events("consent.given") if each["partner"] is not None]
    assert given == [{"peer": kim, "wording": "checkins", "version": "3", "partner": "clinic", "by": None}]
    await _told(clinic, "checkin.recorded", MET)
    [told] = await here.events("checkin.recorded")
    assert (told["partner"], told["peers"], told["happened_ms"]) == ("clinic", [kim], 1795183200000)
    assert told["moments"] == [{"kind": "listened", "direction": "both", "minutes": 40}]


async def test_a_reference_names_nobody_unless_the_person_ticked_something(here: Site, clinic: Clinic) -> None:
    await _joins(here, clinic)
    assert [each["partner"] for each in await here.events("consent.given")] == [None]
    assert await _rows(here, KNOWN_AS) == {}
    await _told(clinic, "checkin.recorded", MET)
    assert (await here.events("checkin.recorded"))[0]["peers"] == [None]


async def test_nothing_is_asked_or_agreed_to_beyond_the_referrals_scope(here: Site, clinic: Clinic) -> None:
    visitor, _ = await _joins(here, clinic, "checkins", "training", "joined", "all of it", scope=["joined", "training"])
    assert (await here.events("referral.used"))[0]["agreed"] == ["training"]
    await here.signed_in("kim@example.org", visitor)
    assert "Training that you have done, from Clinic, as you agreed" in visitor.page.text
    assert "Moments that you shared with a buddy, from Clinic" not in visitor.page.text


async def test_nobody_agrees_in_the_name_of_whoever_has_an_address(here: Site, clinic: Clinic) -> None:
    await here.asks("sam@example.org")
    answer = await clinic.sends(id="r", email="kim@example.org", scope=WITH_ALL, person="client 42")
    assert answer.status_code == 202
    await here.settled()
    referral = (await here.events("referral.made"))[-1]["referral"]
    path = invitation_link(BASE, here.host.vault, referral).removeprefix(BASE)
    visitor = here.visitor()
    await visitor.open(path)
    await visitor.submit(path, button=("reply", "accept"), agreed=["checkins"])
    await visitor.fills_in(**{**GOOD, "email": "sam@example.org"})
    await visitor.submit("/ask/check")
    await here.settled()
    [joined] = await here.events("peer.joined")
    assert await here.events("referral.used") == [{"referral": referral, "peer": joined["peer"], "agreed": []}]
    assert await _rows(here, KNOWN_AS) == {}


async def test_a_reference_is_kept_as_a_keyed_hash_and_goes_with_the_person(here: Site, clinic: Clinic) -> None:
    visitor, kim = await _joins(here, clinic, "checkins")
    [(hash, peer)] = (await _rows(here, KNOWN_AS)).items()
    assert peer == kim.encode()
    assert await _rows(here, KNOWN_BY) == {peer: hash}
    assert await _rows(here, REFERRED_AS) == {}
    everything = str(await here.redis.xrange(P0.log)) + "".join([
        str(await _rows(here, table)) for table in (KNOWN_AS, KNOWN_BY, RECEIPTS)])
    assert "client 42" not in everything
    await here.signed_in("kim@example.org", visitor)
    await visitor.open("/me/leave")
    await visitor.submit("/me/leave", sure="yes")
    await here.settled()
    assert await here.events("peer.left") == [{"peer": kim}]
    assert await _rows(here, KNOWN_AS) == await _rows(here, KNOWN_BY) == {}
    await _told(clinic, "checkin.recorded", MET)
    assert (await here.events("checkin.recorded"))[-1]["peers"] == [None]


async def test_the_reference_of_an_invitation_that_is_refused_or_runs_out_is_forgotten(here: Site, clinic: Clinic) -> None:
    for number, email in enumerate(("kim@example.org", "sam@example.org")):
        assert (await clinic.sends(id=f"r{number}", email=email, scope=WITH_ALL, person=f"client {number}")).status_code == 202
    await here.settled()
    assert len(await _rows(here, REFERRED_AS)) == 2
    first, second = (each["referral"] for each in await here.events("referral.made"))
    visitor, path = here.visitor(), invitation_link(BASE, here.host.vault, first).removeprefix(BASE)
    await visitor.open(path)
    await visitor.submit(path, button=("reply", "refuse"), agreed=["checkins"])
    await here.says(TimerElapsed(service="gateway", what="referral_expiry", of=second, due_ms=1))
    assert await _rows(here, REFERRED_AS) == await _rows(here, KNOWN_AS) == {}


async def test_a_reference_given_twice_by_mistake_goes_on_naming_the_first(here: Site, clinic: Clinic) -> None:
    _, kim = await _joins(here, clinic, "checkins")
    _, sam = await _joins(here, clinic, "checkins", email="sam@example.org")
    assert kim != sam
    assert list((await _rows(here, KNOWN_AS)).values()) == [kim.encode()]


async def test_one_partners_reference_means_nothing_from_another(here: Site, clinic: Clinic) -> None:
    await _joins(here, clinic, "checkins")
    other = await _clinic(here, "other", "https://other.example")
    answer = await clinic.tells("checkin.recorded", MET, id="x")
    assert answer.status_code == 202
    event = {"specversion": "1.0", "type": "twoway.checkin.recorded.v1", "id": "x", "source": "https://other.example",
             "data": {"community": "riverside", **MET}}
    assert (await other.sends(body=json.dumps(event).encode())).status_code == 202
    assert [each["peers"] == [None] for each in await here.events("checkin.recorded")] == [False, True]


async def test_a_repetition_is_told_apart_even_when_the_reference_has_come_to_name_somebody_meanwhile(
        here: Site, clinic: Clinic) -> None:
    first = (await clinic.tells("checkin.recorded", MET, id="t-1")).json()
    await _joins(here, clinic, "checkins")
    assert (await clinic.tells("checkin.recorded", MET, id="t-1")).json() == {**first, "duplicate": True}
    for changed in (MET | {"person": "client 43"}, MET | {"happened": "2026-11-20T15:00:00Z"}):
        assert (await clinic.tells("checkin.recorded", changed, id="t-1")).status_code == 409
    assert (await clinic.tells("training.completed", TRAINED, id="t-1")).status_code == 409
    await here.settled()
    hashes = [key async for key in here.redis.scan_iter("*delivery:*")]
    assert [await here.redis.pttl(key) > RECEIPT_LIVES_MS for key in hashes] == [True], "as long as it has a receipt"
    for key in [key async for key in here.redis.scan_iter("*:seen:*")]:
        await here.redis.delete(key)
    assert (await clinic.tells("checkin.recorded", MET, id="t-1")).json()["duplicate"] is True
    assert len(await here.events("checkin.recorded")) == 1


@pytest.mark.parametrize("invited", ["made", "silenced"])
async def test_an_id_is_one_events_whatever_its_type_and_whether_or_not_anybody_was_invited(
        here: Site, clinic: Clinic, invited: str) -> None:
    if invited == "silenced":
        await here.asks("kim@example.org")
    assert (await clinic.sends(id="one")).status_code == 202
    assert (await clinic.tells("checkin.recorded", MET, id="one")).status_code == 409
    assert (await clinic.tells("checkin.recorded", MET, id="one")).status_code == 409
    assert (await clinic.tells("training.completed", TRAINED, id="two")).status_code == 202
    assert (await clinic.sends(id="two", email="sam@example.org")).status_code == 409
    assert await here.events("checkin.recorded") == []


async def test_a_receipt_says_what_became_of_it_for_thirty_days(here: Site, clinic: Clinic) -> None:
    receipt = await _told(clinic, "checkin.recorded", MET)
    checkin = (await here.events("checkin.recorded"))[0]["checkin"]
    assert await clinic.status(receipt) == {"receipt": receipt, "status": "accepted"}
    await here.says(CheckinPosted(checkin=checkin, partner="clinic", peers=(), moments=(), happened_ms=1))
    assert await clinic.status(receipt) == {"receipt": receipt, "status": "recorded"}
    [due_ms] = [due for timer, due in await here.redis.zrange(P0.timers, 0, -1, withscores=True) if checkin.encode() in timer]
    assert abs(due_ms - here.host.clock.now_ms() - RECEIPT_LIVES_MS) < 60_000
    await here.says(TimerElapsed(service="gateway", what="receipt_expiry", of=checkin, due_ms=int(due_ms)))
    assert await _rows(here, RECEIPTS) == {}
    for key in [key async for key in here.redis.scan_iter("*:seen:*")]:
        await here.redis.delete(key)
    assert (await clinic.asks(receipt)).status_code == 404


@pytest.mark.parametrize(("reason", "told"), [
    ("unknown_reference", "not_reached"), ("no_consent", "not_reached"), ("same_person", "same_person"),
    ("in_future", "in_future"), ("too_long_ago", "too_long_ago"), ("no_such_pair", "no_pair_then"),
    ("before_pair", "no_pair_then"), ("pair_ended", "no_pair_then"),
    ("which_pair", "which_pair"), ("already_recorded", "already_recorded")])
async def test_every_refusal_says_what_to_do_next_and_never_whether_somebody_is_here(
        here: Site, clinic: Clinic, reason: Any, told: str) -> None:
    receipt = await _told(clinic, "checkin.recorded", MET)
    checkin = (await here.events("checkin.recorded"))[0]["checkin"]
    await here.says(CheckinRefused(checkin=checkin, partner="clinic", reason=reason))
    status = await clinic.status(receipt)
    assert (status["status"], status["reason"]) == ("refused", told)
    assert len(status["next"]) > 20


async def test_a_check_in_stands_with_its_source_on_the_pages_of_whom_the_partner_named_and_no_others(
        here: Site, clinic: Clinic) -> None:
    kims, kim = await _joins(here, clinic, "checkins")
    sams, sam = await _joins(here, clinic, "checkins", person="client 77", email="sam@example.org")
    await here.asks("lou@example.org")
    lou = (await here.events("peer.joined"))[-1]["peer"]
    await _told(clinic, "checkin.recorded", MET | {"buddy": "client 77"})
    checkin = (await here.events("checkin.recorded"))[0]["checkin"]
    at_ms = here.host.clock.now_ms() - DAY_MS
    about = {"happened_ms": at_ms, "recorded_by": kim}
    await here.says(
        MomentRecorded(moment="m1", pair="p1", giver=kim, receiver=sam, kind=Kind.LISTENED, checkin=checkin, **about),
        CheckinPosted(checkin=checkin, partner="clinic", peers=(kim, sam), happened_ms=at_ms, moments=(
            Posted(moment="m1", kind=Kind.LISTENED, giver=kim, receiver=sam),)),
        MomentRecorded(moment="m2", pair="p2", giver=lou, receiver=kim, kind=Kind.SAT_TOGETHER, checkin="of another", **about),
        CheckinPosted(checkin="of another", partner="clinic", peers=(kim,), happened_ms=at_ms, moments=(
            Posted(moment="m2", kind=Kind.SAT_TOGETHER, giver=lou, receiver=kim),)))
    await here.signed_in("kim@example.org", kims)
    await kims.open("/me/story")
    assert "You listened to an earlier buddy" in kims.page.text
    assert "An earlier buddy kept you company" in kims.page.text
    assert kims.page.text.count("as Clinic told us") == 2
    await here.signed_in("sam@example.org", sams)
    await sams.open("/me/story")
    assert "An earlier buddy listened to you" in sams.page.text
    await sams.post("/me/moments/m1/back", {})
    assert sams.status == 409, "only whom the check-in names first may take it back"
    lous = await here.signed_in("lou@example.org")
    for path in ("/me", "/me/story", "/me/story.csv"):
        await lous.open(path)
        assert "Clinic" not in lous.page.text
        assert "company" not in lous.page.text
    await lous.open("/me/moments/m2")
    assert lous.status == 404
    await kims.open("/me/moments/m1")
    await kims.submit("/me/moments/m1/back")
    assert (await here.events("moment.corrected"))[-1] == {"moment": "m1", "peer": kim, "reason": "mistake"}
    await here.says(MomentReversed(moment="m1", giver=kim, receiver=sam))
    await sams.open("/me/story")
    assert "Taken back: it was not so." in sams.page.text


async def test_training_shows_on_the_persons_page_alone_and_is_sealed_on_its_way(here: Site, clinic: Clinic) -> None:
    visitor, kim = await _joins(here, clinic, "training")
    receipt = await _told(clinic, "training.completed", TRAINED)
    [told] = await here.events("training.completed")
    assert told["peer"] == kim
    assert await here.opened(told["about"], Training) == Training(title="Listening skills", completed="2026-11-20")
    assert "Listening skills" not in str(await here.redis.xrange(P0.log))
    noted = TrainingNoted(training=told["training"], partner="clinic", peer=kim, about=told["about"])
    again = noted.model_copy(update={"training": "told again under another id"})
    await here.says(noted, again)
    assert await clinic.status(receipt) == {"receipt": receipt, "status": "recorded"}
    await here.signed_in("kim@example.org", visitor)
    assert visitor.page.text.count("Listening skills, 20 November 2026, as Clinic told us") == 1


async def test_training_of_a_reference_that_names_nobody_carries_nothing_of_it(here: Site, clinic: Clinic) -> None:
    receipt = await _told(clinic, "training.completed", TRAINED)
    [told] = await here.events("training.completed")
    assert (told["peer"], told["about"]) == (None, None)
    await here.says(TrainingRefused(training=told["training"], partner="clinic", reason="unknown_reference"))
    assert (await clinic.status(receipt))["reason"] == "not_reached"


async def test_what_was_agreed_to_is_taken_back_and_given_again_on_the_persons_own_page(here: Site, clinic: Clinic) -> None:
    visitor, kim = await _joins(here, clinic, "checkins", "training")
    await here.signed_in("kim@example.org", visitor)
    assert "Moments that you shared with a buddy, from Clinic, as you agreed on" in visitor.page.text
    action = "/me/agreements/clinic/checkins"
    await visitor.submit(action, button=("reply", "back"))
    assert await here.events("consent.withdrawn") == [{"peer": kim, "wording": "checkins", "partner": "clinic"}]
    assert "you took this back on" in visitor.page.text
    assert "Training that you have done, from Clinic, as you agreed on" in visitor.page.text
    await visitor.submit(action, button=("reply", "again"))
    assert (await here.events("consent.given"))[-1] == {
        "peer": kim, "wording": "checkins", "version": "3", "partner": "clinic", "by": None}
    assert "you took this back on" not in visitor.page.text
    for never in ("/me/agreements/clinic/joined", "/me/agreements/other/checkins"):
        await visitor.post(never, {"reply": "again"})
        assert visitor.status == 404
    stranger = here.visitor()
    await stranger.post(action, {"reply": "back"})
    assert stranger.path == "/sign-in"
    assert len(await here.events("consent.withdrawn")) == 1


async def test_what_partners_told_can_be_made_again_from_the_log(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        clinic = await _clinic(here)
        visitor, kim = await _joins(here, clinic, "checkins", "training")
        for id, type, data in (("1", "checkin.recorded", MET), ("2", "checkin.recorded", MET | {"person": "client 43"}),
                               ("3", "training.completed", TRAINED)):
            await _told(clinic, type, data, id)
        first, second = (each["checkin"] for each in await here.events("checkin.recorded"))
        [training] = await here.events("training.completed")
        await here.says(
            MomentRecorded(moment="m1", pair="p", giver=kim, receiver="another", kind=Kind.LISTENED, checkin=first,
                           recorded_by=kim, happened_ms=1),
            CheckinPosted(checkin=first, partner="clinic", peers=(kim,), happened_ms=1, moments=(
                Posted(moment="m1", kind=Kind.LISTENED, giver=kim, receiver="another"),)),
            CheckinRefused(checkin=second, partner="clinic", reason="unknown_reference"),
            TrainingNoted(training=training["training"], partner="clinic", peer=kim, about=training["about"]),
            MomentReversed(moment="m1", giver=kim, receiver="another"))
        await here.signed_in("kim@example.org", visitor)
        await visitor.submit("/me/agreements/clinic/training", button=("reply", "back"))
        await here.says(TimerElapsed(service="gateway", what="receipt_expiry", of=second, due_ms=1))
        vault = here.host.vault
    paths = [table.path(P0, SERVICE) for table in TABLES]
    before = {path: await redis.hgetall(path) for path in paths}
    assert len(before[RECEIPTS.path(P0, SERVICE)]) == 2
    await redis.delete(*(table.path(P0, SERVICE) for table in TABLES if table.derived))
    await rebuild(service(P0, tmp_path), P0, redis, vault, tmp_path)
    assert {path: await redis.hgetall(path) for path in paths} == before


async def test_events_and_questions_share_one_limit(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, posts_per_minute=2) as here:
        clinic = await _clinic(here)
        receipt = await _told(clinic, "checkin.recorded", MET)
        assert (await clinic.asks(receipt)).status_code == 200
        for answer in (await clinic.asks(receipt), await clinic.tells("training.completed", TRAINED, id="t-2")):
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")


async def test_check_ins_and_training_are_signed_and_limited_in_size_like_referrals(here: Site, clinic: Clinic) -> None:
    other = await _clinic(here, "other", "https://other.example")
    clinic.secret = other.secret
    assert (await clinic.tells("checkin.recorded", MET, id="x")).status_code == 401
    assert (await clinic.tells("training.completed", TRAINED | {"title": "x" * 70_000}, id="y")).status_code == 413
    assert await here.events("checkin.recorded") == []
