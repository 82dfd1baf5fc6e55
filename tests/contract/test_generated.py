"""What is generated and committed is what the code says today."""

from __future__ import annotations

import json
from pathlib import Path

from console import contracts
from shared.events import REGISTRY


def test_no_generated_file_has_drifted_from_the_code() -> None:
    assert contracts.drift(contracts.wanted()) == []


def test_a_drifted_a_missing_and_a_left_over_file_are_named(tmp_path: Path) -> None:
    files = contracts.wanted(tmp_path)
    contracts.write(files, tmp_path)
    (tmp_path / "docs/asyncapi.json").write_text("{}", "utf-8")
    (tmp_path / "docs/schemas/peer.left.v1.json").unlink()
    (tmp_path / "docs/schemas/peer.vanished.v1.json").write_text("{}", "utf-8")
    assert contracts.drift(files, tmp_path) == [
        Path("docs/asyncapi.json"), Path("docs/schemas/peer.left.v1.json"), Path("docs/schemas/peer.vanished.v1.json")]


def test_writing_mends_every_drift(tmp_path: Path) -> None:
    files = contracts.wanted(tmp_path)
    (tmp_path / "docs/schemas").mkdir(parents=True)
    (tmp_path / "docs/schemas/peer.vanished.v1.json").write_text("{}", "utf-8")
    contracts.write(files, tmp_path)
    assert contracts.drift(contracts.wanted(tmp_path), tmp_path) == []


def test_every_event_has_a_schema_and_a_message() -> None:
    files = contracts.wanted()
    document = json.loads(files[Path("docs/asyncapi.json")])
    for event in REGISTRY.values():
        schema = json.loads(files[Path(f"docs/schemas/{event.type}.v{event.v}.json")])
        assert schema["properties"].keys() == event.model_fields.keys()
        assert document["components"]["messages"][event.type]["headers"]["properties"]["type"]["const"] == event.type


def test_no_reference_in_the_log_document_leads_nowhere() -> None:
    document = json.loads(contracts.wanted()[Path("docs/asyncapi.json")])
    for reference in _references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [reference for part in value for reference in _references(part)]
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [reference for part in value.values() for reference in _references(part)]
    return []


def test_the_handwritten_part_of_the_catalogue_stays_when_the_table_is_made_anew() -> None:
    from console import catalogue

    page = f"# Log\n\nby hand\n\n{catalogue.BEGIN}\nold\n{catalogue.END}\n\nalso by hand\n"
    assert catalogue.filled(page, []) == page.replace("old", catalogue.table([]))
