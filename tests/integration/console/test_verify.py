"""Each test breaks one promise on purpose, straight in the store, and wants it named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway import left_ids
from services.gateway.store.invitations import Invitations
from shared.clock import packed_id
from shared.events import MomentCorrected
from shared.sealing import Vault
from shared.stream.archive import archive_and_trim
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import Loop


async def lived_in(loop: Loop) -> tuple[str, str, str]:
    """Two who are a pair with moments, two with an open proposal, one who waits, one who left."""
    first, second, pair = await loop.pair("ann", "ben")
    for _ in range(3):
        await loop.moment(pair, first, second)
    await loop.moment(pair, second, first)
    await loop.person("cat")
    await loop.person("dan")
    gone = await loop.person("eve")
    await loop.settle()
    await loop.leave(gone)
    await loop.person("fay")
    await loop.settle()
    return first, second, pair


async def changed(loop: Loop, service: str, table: str, id: str, **values: Any) -> None:
    path, field = loop.partition.of(service, table), packed_id(id) if table == "accounts" else id
    row = json.loads(await loop.redis.hget(path, field) or b"{}")
    await loop.redis.hset(path, field, json.dumps({**row, **values}))


async def findings(twoway: Twoway, code: int = 1) -> set[tuple[str, str]]:
    [result] = (await twoway("verify", "--json", code=code)).json
    return {(each["service"], each["what"]) for each in result["findings"]}


async def test_a_system_that_people_lived_in_adds_up(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    ran = await twoway("verify")
    assert "Everything adds up." in ran.out
    [result] = (await twoway("verify", "--json")).json
    assert result["counts"] == {"people": 5, "requests": 5, "proposals": 1, "pairs": 1, "moments": 4, "reversals": 0,
                                "dead_letters": 0}


async def test_it_adds_up_after_the_log_was_archived_and_trimmed(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await archive_and_trim(loop.redis, loop.partition, twoway.data, loop.clock.now_ms() + 1)
    assert await findings(twoway, code=0) == set()


async def test_a_count_that_differs_from_its_entries_is_named(twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await lived_in(loop)
    account = (await loop.rows("ledger", "holders"))[first].account
    await changed(loop, "ledger", "accounts", account, given=7)
    assert await findings(twoway) == {("ledger", "sum_not_zero"), ("ledger", "counts_differ_from_entries"),
                                      ("gateway", "counts_differ_from_ledger")}
    assert account in (await twoway("verify", code=1)).out


async def test_a_correction_that_vanished_is_named_with_its_moment(twoway: Twoway, loop: Loop) -> None:
    first, second, pair = await lived_in(loop)
    moment = await loop.moment(pair, first, second)
    await loop.say(MomentCorrected(moment=moment, peer=first))
    await loop.settle()
    assert await findings(twoway, code=0) == set()
    await loop.redis.hdel(loop.partition.of("ledger", "corrections"), moment)
    ran = await twoway("verify", code=1)
    assert "corrections_differ_from_entries" in ran.out
    assert moment in ran.out


async def test_a_count_that_a_page_shows_otherwise_is_named(twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await lived_in(loop)
    await changed(loop, "gateway", "peers", first, received=2)
    assert await findings(twoway) == {("gateway", "counts_differ_from_ledger")}


async def test_a_moment_that_vanished_from_the_ledger_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    books = loop.partition.of("ledger", "transfers")
    await loop.redis.hdel(books, (await loop.redis.hkeys(books))[0])
    assert ("ledger", "recorded_moment_missing") in await findings(twoway)


async def test_somebody_in_more_places_than_they_chose_is_named(twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await lived_in(loop)
    await changed(loop, "matcher", "peers", first, capacity=0)
    assert ("matcher", "over_capacity") in await findings(twoway)


async def test_a_proposal_a_round_and_a_week_without_their_timers_are_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.redis.delete(loop.partition.timers)
    assert await findings(twoway) == {
        ("matcher", "no_timer_for_lapse"), ("matcher", "no_timer_for_round"), ("matcher", "no_timer_for_week_over")}


async def test_somebody_who_waits_and_can_count_on_no_round_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.redis.delete(loop.partition.of("matcher", "rounds"))
    assert await findings(twoway) == {("matcher", "no_round_to_come")}


async def test_a_page_that_says_otherwise_than_the_matcher_whether_somebody_is_set_aside_is_named(
        twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await lived_in(loop)
    await changed(loop, "gateway", "peers", first, aside=True)
    assert await findings(twoway) == {("gateway", "set_aside_differs_from_matcher")}


async def test_a_proposal_that_a_page_does_not_show_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.redis.delete(loop.partition.of("gateway", "proposals"))
    assert await findings(twoway) == {("gateway", "proposal_not_shown")}


async def test_a_partners_reference_of_somebody_who_is_not_here_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.redis.hset(loop.partition.of("gateway", "known_as"), "a keyed hash", "nobody")
    assert await findings(twoway) == {("gateway", "reference_of_nobody")}


async def test_a_story_that_names_somebody_who_left_or_nobody_at_all_is_named(twoway: Twoway, loop: Loop) -> None:
    first, second, _ = await lived_in(loop)
    [pair] = await loop.rows("gateway", "stories")
    for peers in ([first, "gone"], ["former", "former"]):
        await changed(loop, "gateway", "stories", pair, peers=peers)
        assert await findings(twoway) == {("gateway", "story_of_somebody_who_left")}
    await changed(loop, "gateway", "stories", pair, peers=[first, second])
    assert await findings(twoway, code=0) == set()


async def test_a_key_of_somebody_who_left_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    [(_, gone)] = set(left_ids.read(twoway.data))
    await loop.redis.hset(loop.partition.keys, gone, loop.vault.new_key(gone))
    assert await findings(twoway) == {("gateway", "key_of_somebody_who_left"), ("gateway", "key_of_nobody")}


async def test_a_key_laid_down_for_an_invitation_that_never_came_is_no_bug(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    invitations = Invitations(loop.redis, loop.vault)
    assert await invitations.claim(loop.partition, "hash of an address", "referral", loop.vault.new_key("referral"))
    assert await findings(twoway, code=0) == set()


async def test_somebody_without_a_key_is_named(twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await lived_in(loop)
    await loop.redis.hdel(loop.partition.keys, first)
    assert await findings(twoway) == {("gateway", "peer_without_key")}


async def test_a_key_that_another_installations_key_wrapped_is_named(twoway: Twoway, loop: Loop) -> None:
    first, _, _ = await lived_in(loop)
    await loop.redis.hset(loop.partition.keys, first, Vault(b"another installation's key, 32 b").new_key(first))
    assert await findings(twoway) == {("gateway", "key_of_another_installation")}


async def test_a_cursor_beyond_the_end_of_the_log_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.redis.hset(loop.partition.cursor("notifier"), "at", "99999999999999-0")
    found = await findings(twoway)
    assert ("notifier", "cursor_beyond_the_log") in found


async def test_what_was_trimmed_before_a_service_read_it_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    [last] = await loop.redis.xrevrange(loop.partition.log, count=1)
    await loop.redis.hset(loop.partition.archived, "at", f"{int(last[0].split(b'-')[0]) + 1}-0")
    assert {what for _, what in await findings(twoway)} == {"trimmed_before_it_was_read"}


async def test_a_service_that_counted_entries_otherwise_than_the_log_is_named(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.redis.hincrby(loop.partition.cursor("ledger"), "read", -1)
    assert await findings(twoway) == {("ledger", "entries_counted_otherwise")}


async def test_a_system_that_does_not_come_to_rest_is_not_called_sound(twoway: Twoway, loop: Loop) -> None:
    await lived_in(loop)
    await loop.person("gus")
    await loop.settle("gateway")
    ran = await twoway("verify", code=1)
    assert "did not come to rest" in ran.out
    assert "Everything adds up" not in ran.out


@pytest.mark.parametrize("words", [("verify",), ("verify", "--json")])
async def test_an_empty_system_adds_up(twoway: Twoway, words: tuple[str, ...]) -> None:
    await twoway(*words)
