"""What once stood on a log is read for ever: every version of every event has a fixture, and no fixture is ever edited."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from console.schemas import SEALED, sealed_fields
from shared.events import REGISTRY, Event, Sealed
from shared.sealing import Vault, key_id, parse_key
from shared.service import Entry
from shared.stream.decode import UPCASTS, decode

FOLDER = Path(__file__).parents[1] / "data" / "events"
SUMS = FOLDER / "SHA256SUMS"
VERSIONS = [(event, v) for event in REGISTRY.values() for v in range(1, event.v + 1)]


def fixture(event: type[Event], v: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{event.type}.v{v}.json").read_text("utf-8"))
    return found


def decoded(event: type[Event], v: int) -> Entry:
    fields = fixture(event, v)
    flat = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    item = decode("1795000000000-0", {name.encode(): value.encode() for name, value in flat.items()}, event)
    assert isinstance(item, Entry), f"{event.type} v{v} can't be read any more: {item}"
    return item


@pytest.mark.parametrize(("event", "v"), VERSIONS, ids=lambda part: getattr(part, "type", part))
def test_every_version_of_every_event_has_a_fixture_that_still_decodes(event: type[Event], v: int) -> None:
    path = FOLDER / f"{event.type}.v{v}.json"
    assert path.exists(), f"write {path.name} as the log would hold it, and add its line: sha256sum {path.name} >> {SUMS.name}"
    assert decoded(event, v).event.type == event.type


@pytest.mark.parametrize("event", REGISTRY.values(), ids=lambda event: event.type)
def test_nothing_that_a_fixture_says_is_passed_over(event: type[Event]) -> None:
    """Unknown fields are ignored on read, so a field that was renamed would vanish without a word."""
    said = fixture(event, event.v)["body"]
    assert json.loads(decoded(event, event.v).event.model_dump_json()) | said == json.loads(
        decoded(event, event.v).event.model_dump_json())


def test_no_fixture_was_edited_and_none_is_missing_from_the_list() -> None:
    listed = dict(reversed(line.split("  ")) for line in SUMS.read_text("utf-8").splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.json")}
    edited = sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))
    assert not edited, f"fixtures are only ever added; a changed event needs a new version and a new fixture: {edited}"


def test_every_step_between_versions_has_an_upcast() -> None:
    steps = {(event.type, v) for event in REGISTRY.values() for v in range(1, event.v)}
    assert UPCASTS.keys() == steps


def test_it_is_known_of_every_sealed_field_what_is_inside() -> None:
    assert SEALED.keys() == {(event.type, name) for event in REGISTRY.values() for name in sealed_fields(event)}


@pytest.mark.parametrize(("type", "field"), SEALED, ids=".".join)
def test_a_seal_made_when_the_fixture_was_written_still_opens(type: str, field: str) -> None:
    keys = json.loads((FOLDER / "keys.json").read_text("utf-8"))
    vault = Vault(parse_key(keys["installation"]))
    value = getattr(decoded(REGISTRY[type], REGISTRY[type].v).event, field)
    seals: list[Sealed] = [value] if isinstance(value, str) else list(value)
    for sealed in seals:
        inside = vault.open(sealed, base64.b64decode(keys["keys"][key_id(sealed)]), SEALED[type, field])
        assert inside, "an opened seal has content"
        assert inside.model_fields_set, f"the {SEALED[type, field].__name__} in {type} reads as empty"
