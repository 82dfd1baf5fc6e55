from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bench import pools
from console import pool_file
from console.main import build
from services.matcher.domain.weights import PUBLISHED
from services.matcher.pairing.arrival import benefits
from services.matcher.pairing.rules import rules_of
from services.matcher.pairing.weights import Points

BASE: dict[str, Any] = {"languages": ["en"], "ways": ["message"]}
ADA = {"peer": "ada", "seeks": ["sleep"], "offers": ["grief"], **BASE}
BEN = {"peer": "ben", "seeks": ["grief"], "offers": ["sleep"], **BASE}
CLEO = {"peer": "cleo", "seeks": ["forms"], "offers": ["forms"], **BASE}


def match(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build("match"), ["match", *map(str, arguments)])


def written(folder: Path, *lines: dict[str, Any] | str) -> Path:
    file = folder / "pool.jsonl"
    file.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines), "utf-8")
    return file


def test_two_who_suit_each_other_are_paired_and_the_summary_says_how_well(tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    result = match(written(tmp_path, ADA, BEN, CLEO), "--out", out, "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert {name: summary[name] for name in ("people", "paired", "two_way", "benefit", "proven_share")} == {
        "people": 3, "paired": 2, "two_way": 1.0, "benefit": 7100, "proven_share": 1.0}
    assert summary["seconds"] > 0 < summary["peak_mb"]
    [pair] = map(json.loads, out.read_text("utf-8").splitlines())
    assert {name: pair[name] for name in ("peers", "benefit", "a_gets", "b_gets", "step")} == {
        "peers": ["ada", "ben"], "benefit": 7100, "a_gets": ["sleep"], "b_gets": ["grief"], "step": None}
    assert pair["reasons"][0][0] == {"key": "they_offer", "values": ["sleep"]}


def test_what_somebody_seeks_is_named_to_the_other_only_when_they_let_it_be(tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    match(written(tmp_path, ADA | {"showable": ["sleep"]}, BEN), "--out", out)
    told_ada, told_ben = json.loads(out.read_text("utf-8"))["reasons"]
    assert "you_offer" in {fact["key"] for fact in told_ben}
    assert "you_offer" not in {fact["key"] for fact in told_ada}


@pytest.mark.parametrize(("line", "said"), [
    ("not json", "JSON"), ("[]", "object"), ('"ada"', "object"), ("\udcff".encode("utf-8", "replace").decode(), "JSON"),
    ({"seeks": ["sleep"], **BASE}, "peer: Field required"),
    (ADA, "this peer was there before"),
    (ADA | {"peer": "dan", "seeks": "sleep"}, "seeks:"), (ADA | {"peer": "dan", "seeks": [1]}, "seeks:"),
    (ADA | {"peer": "dan", "capacity": 6}, "capacity:"), (ADA | {"peer": "dan", "capacity": True}, "capacity:"),
    (ADA | {"peer": "dan", "waiting_days": -1}, "waiting_days:"), (ADA | {"peer": "dan", "newcomer": "yes"}, "newcomer:"),
    (ADA | {"peer": "dan", "ways": ["pigeon"]}, "ways:"), (ADA | {"peer": "dan", "avoid": ["grief"]}, "avoid: Extra"),
    (ADA | {"peer": "dan", "seeks": [f"t{n}" for n in range(10_000)]}, "seeks:"),
    (ADA | {"peer": "dan", "seeks": [f"t{n}" for n in range(63)]}, "topic 't9': a pool can have 64"),
    (ADA | {"peer": "dan", "area": "x" * 300_000}, "longer than 128 KiB"),
    (ADA | {"peer": "dan", "chosen_limits": {"gender": "woman"}}, "chosen_limits:"),
])
def test_a_bad_line_is_named_by_its_number_and_the_rest_is_done(tmp_path: Path, line: Any, said: str) -> None:
    file = written(tmp_path, ADA, line, BEN)
    result = match(file, "--json")
    assert result.exit_code == 1
    assert f"{file}, line 2: " in result.stderr
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert json.loads(result.stdout)["paired"] == 2
    assert json.loads(result.stdout)["bad_lines"] == 1
    strict = match(file, "--strict")
    assert (strict.exit_code, strict.stdout) == (2, "")


def test_what_a_bad_line_says_about_somebody_is_not_repeated(tmp_path: Path) -> None:
    result = match(written(tmp_path, ADA | {"seeks": [{"hearing": "voices"}]}))
    assert "voices" not in result.output


def test_many_bad_lines_are_counted_after_the_first_twenty(tmp_path: Path) -> None:
    result = match(written(tmp_path, *(["{"] * 50)))
    assert len(result.stderr.splitlines()) == 21
    assert "30 more bad lines" in result.stderr


@pytest.mark.parametrize("lines", [(), ("", "  "), (ADA,)])
def test_nobody_and_one_person_are_a_round_without_pairs(tmp_path: Path, lines: tuple[Any, ...]) -> None:
    result = match(written(tmp_path, *lines), "--json", "--out", tmp_path / "pairs.jsonl", "--plot", tmp_path / "plot.svg")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["paired"] == 0
    assert (tmp_path / "pairs.jsonl").read_text("utf-8") == ""


def test_what_can_not_be_read_or_written_is_said_in_one_line_with_exit_code_2(tmp_path: Path) -> None:
    file = written(tmp_path, ADA, BEN)
    weights = tmp_path / "weights.toml"
    weights.write_text("mutual = 5\n", "utf-8")
    for arguments in ((tmp_path / "none.jsonl",), (tmp_path,), (file, "--weights", weights),
                      (file, "--weights", tmp_path / "none.toml"), (file, "--out", tmp_path / "no folder" / "pairs.jsonl")):
        result = match(*arguments)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("twoway: ")
        assert result.stdout == ""


@pytest.mark.parametrize(("arguments", "strangers"), [
    (("pool.jsonl", "--dial", "better", "--weeks", "4"), "--dial, --weeks"),
    (("pool.jsonl", "--community", "c"), "--community"),
    (("pool.jsonl", "--made-up", "9"), "--made-up"), (("pool.jsonl", "--data", "var"), "--data"),
    (("--replay", "--dial", "better", "--out", "x", "--plot", "y"), "--out, --plot"), (("--replay", "--bar", "0"), "--bar"),
    (("--replay", "--strict"), "--strict"), (("--replay", "--made-up", "9"), "--made-up"),
    (("--what-if", "--weights", "x"), "--weights"), (("--what-if", "--dial", "better"), "--dial"),
    (("--what-if", "--seed", "1"), "--seed"), (("--what-if", "--made-up", "9", "--community", "c"), "--community"),
    (("--what-if", "--made-up", "9", "--data", "var"), "--data")])
def test_an_option_that_would_do_nothing_is_refused_in_one_line_with_those_that_do_something(
        arguments: tuple[str, ...], strangers: str) -> None:
    result = match(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    refused, _, instead = result.stderr.partition("; ")
    assert refused.startswith(f"twoway: {strangers} ")
    assert "--json" in instead
    assert not set(strangers.split(", ")) & set(re.findall(r"--[\w-]+", instead))


@pytest.mark.parametrize("option", [("--weeks", "1"), ("--json",)])
def test_what_if_for_made_up_people_takes_the_options_that_it_goes_by(option: tuple[str, ...]) -> None:
    assert match("--what-if", "--made-up", "5", *option).exit_code == 0


def test_other_weights_and_a_bar_change_the_round(tmp_path: Path) -> None:
    one_way = written(tmp_path, ADA | {"offers": [], "waiting_days": 7}, BEN)
    weights = tmp_path / "weights.toml"
    weights.write_text('[help]\npoints = 5000\nwhy = "one-way help matters here"\n', "utf-8")
    assert json.loads(match(one_way, "--json").stdout)["benefit"] == 770
    assert json.loads(match(one_way, "--json", "--bar", "6000").stdout)["paired"] == 0
    assert json.loads(match(one_way, "--json", "--bar", "6000", "--weights", weights).stdout)["benefit"] == 5370
    match(one_way, "--bar", "1", "--out", tmp_path / "pairs.jsonl")
    assert json.loads((tmp_path / "pairs.jsonl").read_text("utf-8"))["step"] == 7


def test_a_made_up_pool_weighs_the_same_from_its_file(tmp_path: Path) -> None:
    crowd = pools.crowd(200)
    read = pool_file.read(written(tmp_path, *pools.lines(crowd)))
    assert read.bad == []
    again = read.roll.crowd()
    points = Points.of(PUBLISHED)
    assert (benefits(again.columns, rules_of(again), points) == benefits(crowd.columns, rules_of(crowd), points)).all()


def test_the_plot_tells_every_figure_in_words_too(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    match(written(tmp_path, ADA, BEN, CLEO | {"waiting_days": 60}), "--plot", plot)
    root = ElementTree.fromstring(plot.read_text("utf-8"))  # noqa: S314  # it is our own
    namespace = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{namespace}title") == "3 people, 1 pairs"
    description = root.findtext(f"{namespace}desc") or ""
    assert "7: 1" in description
    assert "56+: 0 paired, 1 not paired" in description
