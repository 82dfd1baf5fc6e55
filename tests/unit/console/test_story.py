from __future__ import annotations

import json

import pytest

from console.story import Told, Wanted

ID = "0123456789abcdef0123456789abcdef"


def told(**fields: str) -> Told:
    return Told(0, "1795000000000-0", fields)


@pytest.mark.parametrize(("text", "fits"), [
    (ID, True), (ID[:8], True), (ID[:31], True), (ID[:7], False), ("1" + ID[1:8], False),
    (ID + "0", False), ("riverside", False),
])
def test_the_first_eight_digits_of_an_id_are_enough_and_fewer_are_not(text: str, fits: bool) -> None:
    assert Wanted(text).fits(ID) is fits


def test_an_entry_is_named_by_its_place_its_id_its_trace_or_what_stands_in_its_body() -> None:
    body = json.dumps({"peers": ["one-of-two", "two-of-two"], "text": "s1.owner.xyz"})
    entry = told(id=ID, trace="00-aaaa-bbbb-01", body=body)
    for text in ("1795000000000-0", ID, ID[:8], "00-aaaa-bbbb-01", "aaaa", "two-of-two", "owner"):
        assert Wanted(text).names(entry), text
    for text in ("1795000000000", "xyz", "peers", "of-two"):
        assert not Wanted(text).names(entry), text


def test_a_replay_follows_from_the_event_that_it_takes_up_again() -> None:
    body = json.dumps({"service": "ledger", "entry": "1-0", "fields": {"id": "first", "type": "peer.left"}})
    replay = told(type="entry.replayed", id="second", cause="", body=body)
    assert (replay.cause, replay.service) == ("first", "ledger")


def test_whoever_says_something_unknown_is_called_unknown() -> None:
    assert told(type="peer.teleported").service == "unknown"
    assert told(type="timer.elapsed", body="no json").service == "any"
