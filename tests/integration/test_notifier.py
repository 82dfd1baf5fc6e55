"""The notifier on a real log and against a real mail server, well behaved and not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.notifier.app import build
from services.notifier.claims import Claims
from services.notifier.store import MESSAGES, PEOPLE, READY, SERVICE, TABLES
from shared import mailbox, tracing
from shared.clock import derived_id
from shared.events import (
    Address,
    BreakKind,
    BreakStarted,
    Gesture,
    GestureSent,
    MomentThanked,
    PairFormed,
    PeerLeft,
    PreferencesChanged,
    ProposalLapsed,
    ProposalMade,
    QuietHours,
    ReferralMade,
    RequestRefused,
    RequestWaiting,
    Sealed,
    SignInRequested,
    SignInSecret,
    SupportRequested,
)
from shared.links import WHOLE_INVITATION, invitation_link, stop_link, stop_of
from shared.programme import load
from shared.stream.append import Appender, Input
from shared.stream.rebuild import rebuild
from tests.integration.notifier_kit import (
    KEY,
    P0,
    SENDER,
    VAULT,
    Town,
    clock_off_by,
    mail_server,
    notifier,
    plain,
    settings,
    until,
)

TOKEN = "t" * 43


def asked(peer: str, request: str = "request") -> RequestWaiting:
    """What the matcher says to a request that has its place in the queue."""
    return RequestWaiting(request=request, peer=peer, since_ms=0)


def gesture(pair: str, giver: str, receiver: str) -> GestureSent:
    return GestureSent(moment="m", pair=pair, giver=giver, receiver=receiver, gesture=Gesture.CUP_OF_TEA)


def sign_in(town: Town, peer: str) -> SignInRequested:
    secret = SignInSecret(token=TOKEN, code="271828")
    return SignInRequested(peer=peer, secret=VAULT.seal(peer, town.keys[peer], secret))


@pytest.fixture
def town(redis: Redis) -> Town:
    return Town(redis)


async def test_from_a_request_to_an_introduction_every_message_arrives_once(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            for name in ("ann", "ben"):
                await town.person(name)
                await town.happens(asked(name))
            await town.happens(
                ProposalMade(proposal="p", requests=("r", "s"), peers=("ann", "ben"), benefit=1, lapses_ms=0,
                             reasons=(Sealed("s1.ann.x"), Sealed("s1.ben.x"))),
                PairFormed(pair="pair", proposal="p", peers=("ann", "ben")), gesture("pair", "ann", "ben"),
                MomentThanked(moment="m", pair="pair", peer="ben", to="ann"))
            outcomes = await town.all_ended(8)
    assert sum(told == ["delivered"] for told in outcomes.values()) + sum(
        told == ["withheld no_longer_open"] for told in outcomes.values()) == 8
    assert set(server.ids().values()) == {1}
    assert len(server.to("ben@example.org")) == len(server.to("ann@example.org"))
    assert any("A cup of tea for you." in plain(message) for message in server.to("ben@example.org"))
    assert any("Thank you for a moment you shared." in plain(message) for message in server.to("ann@example.org"))
    assert all(message["From"] == SENDER for _, message in server.taken)


async def test_a_request_is_acknowledged_once_it_has_its_place_and_never_when_it_is_refused(redis_url, town):
    def sent(request: str) -> SupportRequested:
        return SupportRequested(peer="ann", request=request, community="riverside", details=Sealed("s1.x.x"))

    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(sent("one"), sent("two"))
            waiting, _ = await town.happens(
                asked("ann", "one"), RequestRefused(request="two", peer="ann", reason="already_waiting"))
            await town.happens(sign_in(town, "ann"))
            await until(lambda: _template(town, "sign_in"))  # all that came before it is decided
            await town.all_ended(2)
    intended = await town.log("message.intended")
    assert [(event.template, event.about) for _, event in intended] == [("received", "one"), ("sign_in", None)]
    assert intended[0][0]["cause"] == waiting


async def _template(town: Town, template: str) -> bool:
    return any(event.template == template for _, event in await town.log("message.intended"))


async def test_intent_attempt_and_outcome_form_one_chain_of_causes(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ann")
            request, = await town.happens(asked("ann"))
            await town.all_ended(1)
    chain = await town.log("message.intended", "message.attempted", "message.delivered")
    intended, attempted, delivered = (fields for fields, _ in chain)
    assert intended["cause"] == request
    assert attempted["cause"] == intended["id"]
    assert delivered["cause"] == attempted["id"]
    assert server.taken[0][1]["Message-ID"] == chain[0][1].message_id
    assert chain[0][1].message_id.startswith(f"<{intended['id']}.ann.")


async def test_a_sign_in_message_brings_the_link_and_the_code_in_quiet_hours_too(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ann", QuietHours(start="00:00", end="23:59"))
            await town.happens(sign_in(town, "ann"))
            await town.all_ended(1)
    text = plain(server.to("ann@example.org")[0])
    assert f"https://example.org/sign-in/{TOKEN}" in text
    assert "271828" in text


async def test_a_message_comes_in_the_language_that_somebody_chose_once_that_one_is_signed(redis_url, town, tmp_path):
    signed = 'msgid ""\nmsgstr ""\n"X-Reviewed-By: Nia Rees, 2026-11-27\\n"\n'
    (tmp_path / "cy.po").write_text(signed, "utf-8")
    with mail_server() as server:
        async with notifier(redis_url, server.url, messages=tmp_path):
            for name, language in (("ann", "cy"), ("ben", "ar"), ("cleo", None)):
                await town.person(name)
                await town.happens(PreferencesChanged(peer=name, quiet=None, language=language), asked(name, name))
            await town.all_ended(3)
    came = {name: server.to(f"{name}@example.org")[0] for name in ("ann", "ben", "cleo")}
    assert {name: message["Content-Language"] for name, message in came.items()} == {"ann": "cy", "ben": "en", "cleo": "en"}
    assert came["ann"]["Subject"] == "Mae’r hyn a anfonoch gyda ni"
    html = came["ann"].get_body(("html",))
    assert html is not None
    assert '<html lang="cy" dir="ltr">' in html.get_content()


async def test_without_a_mail_server_a_try_out_delivers_to_the_mailbox(redis_url, redis, town):
    async with notifier(redis_url, None):
        await town.person("ann")
        await town.happens(sign_in(town, "ann"), asked("ann"))
        await town.all_ended(2)
    mails = await mailbox.read(redis, VAULT, "ann@example.org")
    assert {mail.subject for mail in mails} == {"Your link to sign in", "We have what you sent"}
    assert any(f"https://example.org/sign-in/{TOKEN}" in mail.text for mail in mails)


async def test_an_invitation_carries_a_link_that_only_the_installation_can_make(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.happens(await referral(town))
            outcomes = await town.all_ended(1)
    message, = server.to("cat@example.org")
    link = invitation_link("https://example.org", VAULT, "f" * 32)
    assert list(outcomes.values()) == [["delivered"]]
    assert link in plain(message).splitlines()
    stop = stop_link("https://example.org", VAULT, "f" * 32, WHOLE_INVITATION)
    assert message["List-Unsubscribe"] == f"<{stop}>"
    assert f"List-Unsubscribe: <{stop}>\r\n".encode() in server.raw[message["Message-ID"]]


async def test_everything_but_a_sign_in_can_be_stopped_by_one_click(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(asked("ann"), sign_in(town, "ann"))
            await town.all_ended(2)
    by_subject = {message["Subject"]: message for message in server.to("ann@example.org")}
    link = by_subject.pop("Your link to sign in")
    assert link["List-Unsubscribe"] is link["List-Unsubscribe-Post"] is None
    told, = by_subject.values()
    assert stop_of(VAULT, told["List-Unsubscribe"].removeprefix("<https://example.org/stop/").removesuffix(">")) == (
        "ann", "essential")
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert told["List-Unsubscribe"].strip("<>") in plain(told).splitlines()


async def test_an_invitation_waits_for_the_programmes_morning(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url, local_hour=2):
            await town.happens(await referral(town))
            (fields, intended), = await until(lambda: town.log("message.intended"))
    wait_ms = intended.not_before_ms - int(fields["at_ms"])
    assert 5 * 3_600_000 < wait_ms <= 7 * 3_600_000
    assert server.taken == []


async def referral(town: Town) -> ReferralMade:
    address = VAULT.seal("f" * 32, await town.key("f" * 32), Address(email="cat@example.org"))
    return ReferralMade(referral="f" * 32, partner="p", community="riverside", address=address)


async def test_nothing_that_describes_a_person_rests_in_redis_or_is_logged(redis_url, redis, town, capfd):
    with mail_server() as server:
        server.behaviour["canary@example.org"] = ["RCPT 451 canary@example.org: not now", "accept"]
        async with notifier(redis_url, server.url, clock=clock_off_by(-5)):
            await town.person("canary")
            await town.happens(asked("canary"), sign_in(town, "canary"))
            await town.all_ended(2)
    everything = b""
    async for key in redis.scan_iter():
        everything += await redis.dump(key) or b""
    for text in ("canary@example.org", TOKEN, "271828", "Calm River"):
        assert text.encode() not in everything
        assert text not in capfd.readouterr().out


# ── a mail server that misbehaves ────────────────────────────────────────────────────────────────────────────────────


async def test_a_refusal_of_the_address_is_final_and_told_with_its_code(redis_url, town):
    with mail_server() as server:
        server.behaviour = {"ann@example.org": ["RCPT 550 nobody here"], "ben@example.org": ["DATA 554 not this"]}
        async with notifier(redis_url, server.url):
            await town.happens(asked(await town.person("ann")), asked(await town.person("ben")))
            outcomes = await town.all_ended(2)
    assert sorted(outcomes.values()) == [["failed smtp_550"], ["failed smtp_554"]]
    assert server.tried == {"ann@example.org": 1, "ben@example.org": 1}


@pytest.mark.parametrize(("takes_utf8", "outcome"), [(True, "delivered"), (False, "failed address_not_supported")])
async def test_an_address_in_another_script_is_written_to_where_the_server_can(redis_url, town, takes_utf8, outcome):
    with mail_server(enable_SMTPUTF8=takes_utf8) as server:
        async with notifier(redis_url, server.url):
            await town.happens(asked(await town.person("sian", email="siân@example.org")))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [[outcome]]
    assert len(server.to("siân@example.org")) == int(takes_utf8)


async def test_a_temporary_refusal_is_waited_out_with_a_growing_wait(redis_url, town):
    with mail_server() as server:
        server.behaviour["ann@example.org"] = ["RCPT 451 greylisted", "DATA 452 full", "accept"]
        async with notifier(redis_url, server.url):
            await town.person("ann")
            await town.happens(sign_in(town, "ann"))
            outcomes = await town.all_ended(1)
    assert list(outcomes.values()) == [["delivered"]]
    attempts = [event for _, event in await town.log("message.attempted")]
    assert [each.reason for each in attempts] == ["smtp_451", "smtp_452", None]
    waits_ms = [event.until_ms - int(fields["at_ms"]) for fields, event in await town.log("message.held")]
    assert 1_400 < waits_ms[0] <= 2_000
    assert 2_900 < waits_ms[1] <= 4_000


async def test_what_is_ours_to_mend_is_waited_out_not_given_up(redis_url, town):
    """Nobody there, a server that can't do TLS where it is asked for, a password that is refused."""
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with mail_server(authenticator=refuse, auth_require_tls=False) as server:
        for name, url, tls in (("ann", "smtp://127.0.0.1:1", "never"), ("ben", server.url, "always"),
                               ("cat", server.url.replace("//", "//user:wrong@"), "never")):
            async with notifier(redis_url, url, smtp_starttls=tls):
                await town.happens(asked(await town.person(name)))
                await until(lambda name=name: _held(town, name))
    assert server.taken == []
    assert [event.reason for _, event in await town.log("message.attempted")] == ["unreachable", "not_supported", "smtp_535"]
    assert list((await town.outcomes()).values()) == [[], [], []]


async def _held(town: Town, name: str) -> bool:
    return any(event.to == name for _, event in await town.log("message.held"))


async def test_against_every_misbehaviour_essentials_arrive_and_kind_ones_at_most_once(redis_url, town):
    """Recounted from what the server took: an essential message once, or once more under the same Message-ID where the
    connection broke after it was handed over; a kind one never twice."""
    ways = {"greylisted": ["RCPT 450 later", "accept"], "full": ["DATA 452 full", "DATA 452 full", "accept"],
            "hangs": ["hang", "accept"], "drops": ["drop", "accept"], "takes_and_drops": ["take and drop", "accept"],
            "fine": ["accept"]}
    with mail_server() as server:
        server.behaviour = {f"{name}@example.org": list(way) for name, way in ways.items()} | {
            f"k_{name}@example.org": ["accept", *way] for name, way in ways.items()}
        async with notifier(redis_url, server.url, clock=clock_off_by(-5), send_lease_s=4):
            await town.person("giver")
            for name in ways:
                await town.happens(asked(await town.person(name)))
                await town.person(f"k_{name}")
                await town.happens(PairFormed(pair=name, proposal=name, peers=("giver", f"k_{name}")))
            await until(lambda: len([to for to, _ in server.taken if to.startswith("k_")]) == len(ways))
            for name in ways:
                await town.happens(gesture(name, "giver", f"k_{name}"))
            outcomes = await town.all_ended(4 * len(ways))
            server.released.set()
    essential = {name: [message["Message-ID"] for message in server.to(f"{name}@example.org")] for name in ways}
    assert {name: len(ids) for name, ids in essential.items()} == dict.fromkeys(ways, 1) | {"takes_and_drops": 2} | (
        {"hangs": len(essential["hangs"])})
    assert all(len(set(ids)) == 1 for ids in essential.values())
    kind = {name: len(server.to(f"k_{name}@example.org")) - 1 for name in ways}
    assert all(count <= 1 for count in kind.values())
    assert (kind["fine"], kind["greylisted"], kind["full"], kind["drops"], kind["takes_and_drops"]) == (1, 1, 1, 0, 1)
    told = sorted(outcome for outcomes_ in outcomes.values() for outcome in outcomes_)
    assert told.count("failed interrupted") == 3  # kind, and hung, dropped, or taken and dropped
    assert told.count("delivered") == 4 * len(ways) - 3
    assert not await town.redis.exists(MESSAGES.path(P0, SERVICE), READY.path(P0, SERVICE))


async def test_a_hanging_server_never_holds_up_the_reader(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url, senders=2) as host:
            people = [await town.person(f"p{number}") for number in range(40)]
            server.behaviour = {f"{name}@example.org": ["hang", "accept"] for name in people}
            *_, last = [await town.happens(asked(name)) for name in people]
            await until(lambda: _intended(town, last[0]))
            assert host.readers[0].cursor
            assert server.taken == []
            server.released.set()
            await town.all_ended(len(people))
    assert set(server.ids().values()) == {1}


async def _intended(town: Town, cause: str) -> bool:
    return any(fields["cause"] == cause for fields, _ in await town.log("message.intended"))


async def test_the_trace_goes_on_from_the_page_to_the_message_through_every_wait(redis_url, town):
    with mail_server() as server:
        server.behaviour["ann@example.org"] = ["RCPT 450 later", "accept"]
        async with notifier(redis_url, server.url, clock=clock_off_by(-5)):
            await town.person("ann")
            with tracing.trace() as trace:
                await town.happens(asked("ann"))
            await town.all_ended(1)
    told = await town.log("request.waiting", "message.intended", "message.attempted", "message.held", "timer.elapsed",
                          "message.delivered")
    assert Counter(event.type for _, event in told) == {"message.attempted": 2} | dict.fromkeys((
        "request.waiting", "message.intended", "message.held", "timer.elapsed", "message.delivered"), 1)
    assert {fields["trace"] for fields, _ in told} == {trace}


async def test_no_message_tells_of_a_proposal_with_somebody_who_had_left(redis_url, town):
    """The matcher's pool may hold them for a moment longer; on the log their leaving stands before the proposal."""
    with mail_server() as server:
        async with notifier(redis_url, server.url):
            for name in ("ann", "ben"):
                await town.person(name)
            sealed = Sealed("s1.ann.x")
            await town.happens(PeerLeft(peer="ann"), ProposalMade(
                proposal="p", requests=("r1", "r2"), peers=("ann", "ben"), reasons=(sealed, sealed), benefit=1, lapses_ms=0))
            await town.happens(asked("ben"))
            await town.all_ended(1)
    assert [event.template for _, event in await town.log("message.intended")] == ["received"]


# ── the last look ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_changed_while_a_message_waited_its_turn_is_seen_just_before_it_is_sent(redis_url, town):
    with mail_server() as server:
        server.behaviour["first@example.org"] = ["hang"]
        async with notifier(redis_url, server.url, senders=1):
            names = [await town.person(name) for name in ("first", "leaves", "rests", "sleeps", "stays", "keyless")]
            await town.happens(*(asked(name) for name in names))
            await until(lambda: server.tried["first@example.org"])
            await town.happens(
                PeerLeft(peer="leaves"), BreakStarted(peer="rests", kind=BreakKind.BREAK, until_ms=4_000_000_000_000),
                PreferencesChanged(peer="sleeps", quiet=QuietHours(start="00:00", end="23:59", zone="UTC")))
            await town.redis.hdel(P0.keys, "keyless")
            await until(lambda: _chose_hours(town, "sleeps"))
            server.released.set()
            outcomes = await until(lambda: _ended(town, 4))
            await until(lambda: _held(town, "sleeps"))
            await until(lambda: _held(town, "rests"))
    assert {to for to, _ in server.taken} == {"first@example.org", "stays@example.org"}
    assert sorted(outcomes) == ["delivered", "delivered", "withheld left", "withheld left"]


async def _chose_hours(town: Town, name: str) -> bool:
    text = await town.redis.hget(PEOPLE.path(P0, SERVICE), name)
    return text is not None and PEOPLE.load(text).quiet is not None


async def _ended(town: Town, count: int) -> list[str]:
    told = [each for outcomes in (await town.outcomes()).values() for each in outcomes]
    return told if len(told) == count else []


async def test_a_message_that_the_log_let_go_is_held_when_the_wall_clock_says_it_is_night(redis_url, town):
    now_ms = clock_off_by(0).now_ms()
    hour = now_ms // 3_600_000 % 24
    quiet = QuietHours(start=f"{(hour + 3) % 24:02d}:00", end=f"{(hour + 9) % 24:02d}:00", zone="UTC")
    with mail_server() as server:
        async with notifier(redis_url, server.url, clock=clock_off_by(5)):
            await town.person("ann", quiet)
            await town.happens(asked("ann"))
            held = await until(lambda: town.log("message.held"))
    assert held[0][1].until_ms == (now_ms // 3_600_000 + 9) * 3_600_000
    assert server.taken == []


# ── stopping, starting, two at once ──────────────────────────────────────────────────────────────────────────────────


async def test_what_was_outstanding_when_the_service_stopped_is_sent_when_it_starts(redis_url, town):
    async with notifier(redis_url, "smtp://127.0.0.1:1", senders=1):
        await until(lambda: town.redis.exists(P0.lock(SERVICE)))
    people = [await town.person(f"p{number}") for number in range(20)]
    await town.happens(*(asked(name) for name in people))
    with mail_server() as server:
        server.behaviour = {f"{name}@example.org": ["hang", "accept"] for name in people}
        async with notifier(redis_url, server.url, senders=2):
            await until(lambda: _intended_count(town, len(people)))
            stopping = asyncio.get_running_loop().call_later(0.2, server.released.set)
        stopping.cancel()
        server.released.set()
        async with notifier(redis_url, server.url):
            await town.all_ended(len(people))
    assert server.ids() == dict.fromkeys(server.ids(), 1)
    assert len(server.ids()) == len(people)


async def _intended_count(town: Town, count: int) -> bool:
    return len(await town.log("message.intended")) == count


async def test_two_instances_send_each_message_once(redis_url, town):
    with mail_server() as server:
        async with notifier(redis_url, server.url), notifier(redis_url, server.url):
            people = [await town.person(f"p{number}") for number in range(30)]
            await town.happens(*(asked(name) for name in people))
            await town.all_ended(len(people))
    assert len(server.ids()) == len(people)
    assert set(server.ids().values()) == {1}


async def test_when_more_may_go_than_there_is_room_for_in_memory_each_of_them_goes_once(redis_url, town):
    with mail_server() as server:
        _, host = build(settings(redis_url, server.url, senders=2), load(), room=3)
        people = [await town.person(f"p{number}") for number in range(40)]
        await town.happens(*(asked(name) for name in people))
        async with host.lifespan():
            await town.all_ended(len(people))
    assert server.ids() == dict.fromkeys(server.ids(), 1)
    assert len(server.ids()) == len(people)


async def test_an_attempt_belongs_to_one_worker_until_its_outcome_is_known(redis):
    first, second = Claims(redis, 60), Claims(redis, 60)
    attempt = derived_id("message", "attempt:0")
    assert (await first.take(P0, attempt)).state == "mine"
    taken = await second.take(P0, attempt)
    assert taken.state == "taken"
    assert 0 < taken.wait_s <= 60
    event = ProposalLapsed(proposal="any", peers=("a", "b"))
    await Appender(redis, VAULT).append(P0, [Input(event, attempt)])
    assert (await first.take(P0, attempt)).state == "done"


async def test_an_attempt_is_free_for_another_worker_once_its_lease_is_over(redis):
    first, second = Claims(redis, 0.3), Claims(redis, 60)
    attempt = derived_id("message", "attempt:0")
    assert (await first.take(P0, attempt)).state == "mine"
    await until(lambda: _state(second, attempt, "again"))


async def test_a_claim_whose_answer_was_lost_is_gone_on_with_at_once_and_by_whoever_took_it_alone(server):
    async with Redis.from_url(server.url, retry=Retry(NoBackoff(), 0), socket_timeout=0.3) as redis:
        first, second = Claims(redis, 60), Claims(redis, 60)
        attempt = derived_id("message", "attempt:0")
        await second.take(P0, "any other")  # the server knows the script by now
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(RedisError):
            await first.take(P0, attempt)  # waits in the server's socket, and is carried out once it goes on
        os.kill(server.pid, signal.SIGCONT)
        await until(lambda: redis.exists(_claim(attempt)))
        assert (await second.take(P0, attempt)).state == "taken"
        assert (await first.take(P0, attempt)).state == "mine"
        assert (await first.take(P0, attempt)).state == "taken", "two of one process are two workers"
        first.let_go(attempt, tried=True)
        assert (await second.take(P0, attempt)).state == "taken"
        assert (await first.take(P0, attempt)).state == "again"


async def test_a_claim_on_what_somebody_may_have_tried_stays_so_when_its_answer_is_lost(server):
    async with Redis.from_url(server.url, retry=Retry(NoBackoff(), 0), socket_timeout=0.3) as redis:
        killed, second = Claims(redis, 0), Claims(redis, 60)  # its lease is over at once
        attempt = derived_id("message", "attempt:0")
        assert (await killed.take(P0, attempt)).state == "mine"
        stored = await redis.get(_claim(attempt))
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(RedisError):
            await second.take(P0, attempt)  # waits in the server's socket, and is carried out once it goes on
        os.kill(server.pid, signal.SIGCONT)
        await until(lambda: _changed(redis, attempt, stored))
        assert (await second.take(P0, attempt)).state == "again"


@pytest.mark.parametrize("let_go", [True, False])
async def test_what_somebody_may_have_tried_stays_so_when_the_next_one_did_not_try_it(redis, let_go):
    killed, second, third = Claims(redis, 0), Claims(redis, 60), Claims(redis, 60)  # the first one's lease is over at once
    attempt = derived_id("message", "attempt:0")
    await killed.take(P0, attempt)
    assert (await second.take(P0, attempt)).state == "again"
    if let_go:
        second.let_go(attempt, tried=False)
        assert (await second.take(P0, attempt)).state == "again"
    await second.give_back(P0, attempt)
    assert (await third.take(P0, attempt)).state == "again"


async def test_what_was_tried_here_is_not_forgotten_by_another_worker_here_whose_answer_is_lost(server):
    async with Redis.from_url(server.url, retry=Retry(NoBackoff(), 0)) as redis:
        claims = Claims(redis, 60)
        attempt = derived_id("message", "attempt:0")
        assert (await claims.take(P0, attempt)).state == "mine"
        server.kill()
        losing = asyncio.create_task(claims.take(P0, attempt))
        await asyncio.sleep(0)  # it is on its way now
        claims.let_go(attempt, tried=True)
        with pytest.raises((RedisError, OSError)):
            await losing
        server.start()
        assert (await claims.take(P0, attempt)).state == "again"


async def test_an_attempt_that_nobody_tried_is_free_at_once_when_it_is_given_back(redis):
    first, second = Claims(redis, 60), Claims(redis, 60)
    attempt = derived_id("message", "attempt:0")
    await first.take(P0, attempt)
    await first.give_back(P0, attempt)
    assert (await second.take(P0, attempt)).state == "mine"
    await first.give_back(P0, attempt)
    assert (await first.take(P0, attempt)).state == "taken", "nobody gives back what is somebody else's"


def _claim(attempt: str) -> str:
    return f"{P0.of(SERVICE, 'claim')}:{attempt}"


async def _changed(redis: Redis, attempt: str, stored: bytes) -> bool:
    try:
        return bool(await redis.get(_claim(attempt)) != stored)
    except RedisError:
        return False  # a connection that timed out while the server stood still


async def _state(claims: Claims, attempt: str, wanted: str) -> bool:
    return (await claims.take(P0, attempt)).state == wanted


async def test_rows_can_be_thrown_away_and_made_again_from_the_log_byte_for_byte(redis_url, redis, town, tmp_path: Path):
    with mail_server() as server:
        server.behaviour["ben@example.org"] = ["RCPT 451 later"]
        async with notifier(redis_url, server.url) as host:
            for name in ("ann", "ben", "cat"):
                await town.happens(asked(await town.person(name)))
            await town.person("dan", QuietHours(start="00:00", end="23:59"))
            with tracing.trace():
                await town.happens(asked("dan"), PairFormed(pair="pair", proposal="p", peers=("ann", "cat")),
                                   gesture("pair", "ann", "cat"), PeerLeft(peer="ann"))
            await until(lambda: _held(town, "ben"))
            await until(lambda: _settled(redis, host))
            service = host.readers[0].service
    before = await _rows(redis)
    assert {"people", "messages", "pairs"} <= {path.rpartition(":")[2] for path in before}
    await rebuild(service, P0, redis, VAULT, tmp_path)
    assert await _rows(redis) == before
    assert KEY not in str(before)


async def _settled(redis: Redis, host: object) -> bool:
    """Nothing is ready to be sent, and the reader has read all there is."""
    last = await redis.xrevrange(P0.log, count=1)
    return not await redis.exists(READY.path(P0, SERVICE)) and last[0][0].decode() == host.readers[0].cursor


async def _rows(redis: Redis) -> dict[str, dict[bytes, bytes]]:
    paths = [table.path(P0, SERVICE) for table in TABLES]
    return {path: rows for path in paths if (rows := await redis.hgetall(path))}
