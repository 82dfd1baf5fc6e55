"""A programme's own weights, from their file to whatever the running matcher weighs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.matcher.domain.rounds import Policy
from services.matcher.domain.weights import PUBLISHED, Weights
from services.matcher.settings import MatcherSettings
from shared.clock import DAY_MS
from tests.unit.matcher.town import Town

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
NEARBY = Policy(round_every_ms=DAY_MS, assist=False, weights=Weights(same_area=9000))
"""Neighbours before all else."""
HALF = {"seeks": ("grief", "money"), "offers": ("sleep",)}


def file_with(folder: Path, text: str) -> Path:
    path = folder / "weights.toml"
    path.write_text(text)
    return path


def started_with(weights: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TWOWAY_KEY": KEY, "TWOWAY_WEIGHTS": str(weights)}
    return subprocess.run([sys.executable, "-m", "services.matcher"], env=environment, capture_output=True, text=True,
                          timeout=60, check=False)


def test_the_policy_goes_by_the_file_that_the_setting_names(tmp_path: Path) -> None:
    path = file_with(tmp_path, '[same_area]\npoints = 900\nwhy = "buses are few"\n')
    settings = MatcherSettings(key=KEY, weights=path)  # type: ignore[arg-type]  # as the environment has it
    assert settings.policy.weights == Weights(same_area=900)
    path.unlink()
    assert settings.policy.weights == Weights(same_area=900)
    assert MatcherSettings(key=KEY).policy.weights == PUBLISHED  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "named"), [
    (None, "No such file"), ("[same_area", "weights.toml"), ("[same_area]\npoints = 900\n", "why"),
    ('[same_area]\npoints = -1\nwhy = "no"\n', "same_area"), ('[charm]\npoints = 1\nwhy = "no"\n', "charm")])
def test_a_file_that_cannot_be_read_ends_the_matcher_with_one_clear_line(
        tmp_path: Path, text: str | None, named: str) -> None:
    ended = started_with(tmp_path / "weights.toml" if text is None else file_with(tmp_path, text))
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "TWOWAY_WEIGHTS" in ended.stderr
    assert named in ended.stderr


@pytest.mark.parametrize(("policy", "partner"), [(Policy(assist=False), "far"), (NEARBY, "near")])
def test_whoever_arrives_is_weighed_by_the_programmes_weights(policy: Policy, partner: str) -> None:
    """One helps them fully and lives elsewhere; the other half as much, next door."""
    town = Town(policy)
    town.asks("far", area="York")
    town.asks("near", area="Leeds", languages=("cy",), **HALF)
    assert town.proposed(town.asks("ada", area="Leeds", languages=("en", "cy"))) == [{"ada", partner}]


def test_a_round_and_its_reading_go_by_the_programmes_weights() -> None:
    """Half of what each seeks is no more than 3,700 points by the published weights, which the bar lets pass after a week."""
    for policy, days in ((Policy(round_every_ms=DAY_MS, assist=False), 6), (NEARBY, 0)):
        town = Town(policy)
        town.asks("ada", area="Leeds")
        town.asks("ben", area="Leeds", **HALF)
        town.pass_time(days=days)
        assert town.proposed(town.said) == [{"ada", "ben"}]
        assert town.rebuilt() == town.stored()
