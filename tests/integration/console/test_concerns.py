from __future__ import annotations

import json
from typing import Any

import pytest

from shared.events import ConcernRaised, FreeText, PreferencesChanged
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import Loop

TEXT = "Brambles near Silvermoor were mentioned."


async def raised(loop: Loop, concern: str = "c0ffee") -> str:
    peer = await loop.person(concern)
    key: Any = await loop.redis.hget(loop.partition.keys, peer)
    await loop.say(ConcernRaised(concern=concern, peer=peer, text=loop.vault.seal(peer, key, FreeText(text=TEXT))))
    await loop.settle()
    return peer


async def test_the_list_says_who_and_when_and_not_a_word_of_what(twoway: Twoway, loop: Loop) -> None:
    peer = await raised(loop)
    ran = await twoway("concerns", "list", code=1)
    assert "c0ffee" in ran.out
    assert peer in ran.out
    assert "Brambles" not in ran.out + (await twoway("concerns", "list", "--json", code=1)).out


async def test_whoever_opens_a_concern_leaves_a_line_without_its_words(twoway: Twoway, loop: Loop) -> None:
    await raised(loop)
    ran = await twoway("concerns", "show", "c0ffee")
    assert TEXT in ran.out
    assert "Brambles" not in ran.err
    [line] = [json.loads(each) for each in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]
    assert (line["event.name"], line["concern"]) == ("concern.shown", "c0ffee")
    assert "Brambles" not in json.dumps(line)


async def test_whether_a_message_may_be_left_stands_with_the_concern_and_is_no_until_they_say_so(
        twoway: Twoway, loop: Loop) -> None:
    peer = await raised(loop)
    assert "leave no message" in (await twoway("concerns", "show", "c0ffee")).out
    await loop.say(PreferencesChanged(peer=peer, leave_messages=True))
    await loop.settle()
    assert "a message may be left" in (await twoway("concerns", "show", "c0ffee")).out


async def test_without_a_journal_to_write_in_nothing_is_opened(twoway: Twoway, loop: Loop) -> None:
    await raised(loop)
    (twoway.data / "operators.jsonl").mkdir(parents=True)
    ran = await twoway("concerns", "show", "c0ffee", code=2)
    assert "journal" in ran.err
    assert "Brambles" not in ran.out + ran.err


async def test_a_closed_concern_is_off_the_list_and_still_to_be_found(twoway: Twoway, loop: Loop) -> None:
    await raised(loop)
    await twoway("concerns", "close", "c0ffee")
    await loop.settle()
    assert (await twoway("concerns", "list", "--json")).json == []
    [closed] = (await twoway("concerns", "list", "--closed", "--json")).json
    assert closed["concern"] == "c0ffee"
    assert closed["closed_ms"] > closed["raised_ms"]
    assert "was closed" in (await twoway("concerns", "close", "c0ffee", code=2)).err


async def test_what_somebody_wrote_goes_with_them(twoway: Twoway, loop: Loop) -> None:
    peer = await raised(loop)
    await loop.leave(peer)
    ran = await twoway("concerns", "show", "c0ffee", code=1)
    assert "has left" in ran.out
    assert "Brambles" not in ran.out + ran.err


@pytest.mark.parametrize("word", ["show", "close"])
async def test_a_concern_that_is_not_there_is_one_line(twoway: Twoway, word: str) -> None:
    ran = await twoway("concerns", word, "nothing", code=2)
    assert "there is no concern nothing" in ran.err
    assert len(ran.err.splitlines()) == 1
