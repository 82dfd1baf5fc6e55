"""`twoway people export`: the same file as on a person's own page, for a request by letter."""

from __future__ import annotations

import json
import os
from pathlib import Path

from services.gateway.download.document import read_json
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import Loop


async def test_an_operator_makes_the_file_and_leaves_a_line_without_a_word_of_it(
        twoway: Twoway, loop: Loop, tmp_path: Path) -> None:
    ann, _, _ = await loop.pair("ann", "ben")
    for number, who in enumerate((ann, "Ann@brambles.example")):
        out = tmp_path / f"{number}.html"
        ran = await twoway("people", "export", who, "--out", str(out), "--by", "R. N.")
        assert "Quillbank" not in ran.out + ran.err
        held = read_json(out.read_bytes())
        assert held["now"]["you"][0]["email"] == "ann@brambles.example"
        assert {"support.requested", "proposal.answered", "pair.formed"} <= {each["what"] for each in held["history"]}
        assert "ben@" not in out.read_text("utf-8")
        assert out.stat().st_mode & 0o077 == 0
    lines = [json.loads(each) for each in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]
    assert {(each["event.name"], each["peer"], each["operator"]) for each in lines} == {("person.exported", ann, "R. N.")}


async def test_somebody_who_is_not_here_gives_no_file_and_one_clear_line(twoway: Twoway, loop: Loop, tmp_path: Path) -> None:
    await loop.person("ann")
    await loop.settle()
    for who in ("0" * 32, "nobody@brambles.example"):
        ran = await twoway("people", "export", who, "--out", str(tmp_path / "x.html"), code=2)
        assert "spelled" in ran.err
    assert not any(each.startswith("x.html") for each in os.listdir(tmp_path))
