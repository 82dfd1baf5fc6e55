from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

from redis.asyncio import Redis
from standardwebhooks import Webhook

from shared.partners import OVERLAP_MS, PARTNERS, Partner, partners
from shared.sealing import Vault
from tests.integration.console.conftest import Twoway
from tests.integration.core.tally import KEY
from tests.integration.test_webhooks import listening

SOURCE = "https://clinic.example/referrals"
ADD = ("partners", "add", "city-clinic", "--source", SOURCE, "--community", "riverside")


async def test_a_partner_that_is_added_is_found_by_its_source_with_the_secret_that_was_shown(
        twoway: Twoway, redis: Redis) -> None:
    secret = (await twoway(*ADD)).out.strip()
    partner = await _found(redis)
    assert partner is not None
    assert (partner.name, partner.community) == ("city-clinic", "riverside")
    assert partner.valid_secrets(partner.added_ms) == [secret]
    assert Webhook(secret).sign("id", datetime.now(UTC), "{}").startswith("v1,")


async def test_a_secret_is_shown_once_and_never_again(twoway: Twoway, redis: Redis) -> None:
    secret = (await twoway(*ADD)).out.strip()
    listed = await twoway("partners", "list")
    as_json = await twoway("partners", "list", "--json")
    kept = b"".join([value for pair in (await redis.hgetall(PARTNERS)).items() for value in pair])
    journal = (twoway.data / "operators.jsonl").read_text("utf-8")
    assert "city-clinic" in listed.out
    for text in (listed.out, as_json.out, journal, kept.decode(errors="replace")):
        assert secret not in text
        assert secret.removeprefix("whsec_") not in text


async def test_a_rotated_secret_stays_valid_for_seven_days_beside_the_new_one(twoway: Twoway, redis: Redis) -> None:
    old = (await twoway(*ADD)).out.strip()
    new = (await twoway("partners", "rotate", "city-clinic")).out.strip()
    partner = await _found(redis)
    assert partner is not None
    until = partner.secrets[1].valid_until_ms
    assert until is not None
    assert partner.valid_secrets(until - OVERLAP_MS) == [new, old]
    assert partner.valid_secrets(until - 1) == [new, old]
    assert partner.valid_secrets(until) == [new]


async def test_rotating_twice_leaves_the_newest_two(twoway: Twoway, redis: Redis) -> None:
    await twoway(*ADD)
    second = (await twoway("partners", "rotate", "city-clinic")).out.strip()
    third = (await twoway("partners", "rotate", "city-clinic")).out.strip()
    partner = await _found(redis)
    assert partner is not None
    assert [one.secret for one in partner.secrets] == [third, second]


async def test_a_removed_partner_is_found_no_more(twoway: Twoway, redis: Redis) -> None:
    await twoway(*ADD)
    await twoway("partners", "remove", "city-clinic")
    assert await _found(redis) is None
    assert (await twoway("partners", "list", "--json")).json == []


async def test_what_can_not_be_is_refused_with_one_line_and_changes_nothing(twoway: Twoway, redis: Redis) -> None:
    await twoway(*ADD)
    before = await redis.hgetall(PARTNERS)
    for words in (
        ADD,
        ("partners", "add", "other", "--source", SOURCE, "--community", "riverside"),
        ("partners", "add", "Other Clinic", "--source", "urn:other", "--community", "riverside"),
        ("partners", "add", "other", "--source", "not a uri", "--community", "riverside"),
        ("partners", "add", "other", "--source", "urn:other", "--community", "nowhere"),
        ("partners", "rotate", "other"),
        ("partners", "remove", "other"),
    ):
        ran = await twoway(*words, code=2)
        assert ran.out == ""
        assert len(ran.err.splitlines()) == 1, ran.err
    assert await redis.hgetall(PARTNERS) == before


async def test_another_installations_key_is_told_as_such(twoway: Twoway) -> None:
    await twoway(*ADD)
    other = dataclasses.replace(twoway, key="B" * 43)
    ran = await other("partners", "list", code=2)
    assert "another installation's key" in ran.err


async def test_every_change_leaves_a_line_in_the_operators_journal(twoway: Twoway) -> None:
    await twoway(*ADD)
    await twoway("partners", "rotate", "city-clinic")
    await twoway("partners", "remove", "city-clinic")
    lines = [json.loads(line) for line in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]
    assert [(line["event.name"], line["partner"]) for line in lines] == [
        ("partner.added", "city-clinic"), ("partner.rotated", "city-clinic"), ("partner.removed", "city-clinic")]


async def test_a_redis_that_does_not_answer_is_one_line_without_its_password(twoway: Twoway) -> None:
    away = dataclasses.replace(twoway, redis_url="redis://:secret-word@127.0.0.1:1/0")
    ran = await away("partners", "list", code=2)
    assert "127.0.0.1:1 does not answer" in ran.err
    assert "secret-word" not in ran.err
    assert len(ran.err.splitlines()) == 1


async def _found(redis: Redis) -> Partner | None:
    return next((each for each in await partners(redis, Vault(KEY)) if each.source == SOURCE), None)


async def test_where_a_partner_is_told_is_set_changed_over_and_ended_and_its_secret_shown_once(
        twoway: Twoway, redis: Redis) -> None:
    await twoway(*ADD)
    first = (await twoway("partners", "webhook", "city-clinic", "https://clinic.example/webhooks")).out.strip()
    second = (await twoway("partners", "webhook", "city-clinic", "--rotate")).out.strip()
    partner = await _found(redis)
    assert partner is not None
    assert partner.webhook is not None
    assert [one.secret for one in partner.webhook.secrets] == [second, first]
    listed, as_json = await twoway("partners", "list"), await twoway("partners", "list", "--json")
    assert "https://clinic.example/webhooks" in as_json.out
    assert not any(secret in text for secret in (first, second) for text in (listed.out, as_json.out))
    await twoway("partners", "webhook", "city-clinic", "--off")
    partner = await _found(redis)
    assert partner is not None
    assert partner.webhook is None


async def test_a_place_to_tell_that_can_not_be_is_refused_with_one_line(twoway: Twoway, redis: Redis) -> None:
    await twoway(*ADD)
    before = await redis.hgetall(PARTNERS)
    for words in (("city-clinic", "https://user:secret@clinic.example/"), ("city-clinic", "ftp://clinic.example/"),
                  ("other", "https://clinic.example/"), ("city-clinic", "--rotate"), ("city-clinic",),
                  ("city-clinic", "https://clinic.example/", "--off")):
        refused = await twoway("partners", "webhook", *words, code=2)
        assert len(refused.err.strip().splitlines()) == 1
    await twoway("partners", "test-webhook", "city-clinic", code=2)
    assert await redis.hgetall(PARTNERS) == before


async def test_an_event_that_says_nothing_shows_whether_a_partner_can_be_told(twoway: Twoway) -> None:
    twoway = dataclasses.replace(twoway, more={"TWOWAY_WEBHOOKS_PRIVATE": "1"})
    await twoway(*ADD)
    with listening(503, 204) as partner:
        await twoway("partners", "webhook", "city-clinic", partner.url)
        no = await twoway("partners", "test-webhook", "city-clinic", code=1)
        await twoway("partners", "test-webhook", "city-clinic")
    assert "http_503" in no.out
    assert [body["type"] for body in partner.bodies()] == ["twoway.test.v1"] * 2
