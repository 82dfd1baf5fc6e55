"""Compiled code is kept where it may be, beside the sources it came from; where nothing can be kept it works all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from services.matcher.pairing.compiled import sources_mark

TASK = "import numpy; from services.matcher.pairing.index import mixed; print(mixed(numpy.uint64(7)))"


def compute(cache: Path) -> str:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", TASK]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_where_nothing_can_be_written_everything_is_compiled_anew_and_works(tmp_path: Path) -> None:
    no_folder = tmp_path / "a file"
    no_folder.write_text("", "utf-8")
    assert compute(no_folder) == compute(tmp_path / "cache")
    assert no_folder.read_text("utf-8") == ""


def test_what_is_kept_lies_in_a_folder_named_after_its_sources(tmp_path: Path) -> None:
    compute(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [f"pairing-{sources_mark()}"]
    assert list(tmp_path.rglob("*.nbc"))
