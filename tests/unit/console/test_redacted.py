from __future__ import annotations

import json

from console import redacted

SEAL = "s1.peer." + "A" * 40


def test_seals_show_as_sealed_wherever_they_stand() -> None:
    body = json.dumps({"peer": "p", "profile": SEAL, "reasons": [SEAL, SEAL], "deep": {"er": SEAL}})
    assert redacted.body(body) == {"peer": "p", "profile": "sealed", "reasons": ["sealed", "sealed"], "deep": {"er": "sealed"}}


def test_what_somebody_felt_is_counted_and_shown_to_nobody_by_who_they_are() -> None:
    assert redacted.body(json.dumps({"peer": "p", "listened": "no"})) == {"peer": "p", "listened": "only counted"}


def test_a_replay_is_opened_down_to_the_entry_that_it_carries() -> None:
    entry = {"type": "peer.joined", "v": "1", "id": "i", "cause": "", "trace": "", "body": json.dumps({"profile": SEAL})}
    shown = redacted.body(json.dumps({"service": "ledger", "entry": "1-0", "fields": entry}))
    assert shown["fields"]["body"] == {"profile": "sealed"}


def test_of_a_body_that_is_no_json_only_its_size_shows() -> None:
    assert redacted.body("call me on 07700 900123") == "not JSON, 23 characters"


def test_what_is_far_too_long_for_a_field_is_cut() -> None:
    assert len(redacted.fields({"id": "x" * 5_000})["id"]) == 200
