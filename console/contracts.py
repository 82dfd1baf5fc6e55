"""What is generated from the code and committed: schemas, the AsyncAPI document, env.example, the catalogue's table of events,
the sentences that messages are translated from.

    python -m console.contracts            writes what has changed
    python -m console.contracts --check    names what would change, and exits with code 1
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console import asyncapi, built, catalogue, env_example, pot, schemas
from console.report.tables import Told
from shared import SERVICES

ROOT = Path(__file__).parents[1]
SCHEMAS = Path("docs/schemas")
CATALOGUE = Path("docs/operators/log-catalogue.md")
SENTENCES = Path("services/notifier/catalogues/messages.pot")


def wanted(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file, by its path below `root`, as it should be."""
    services = {name: built.to_look_at(name) for name in SERVICES}
    reads = {name: list(service.inputs) for name, service in services.items()}
    return {
        **{SCHEMAS / name: _json(schema) for name, schema in schemas.schemas().items()},
        **{SCHEMAS / name: _json(schema) for name, schema in schemas.partner_schemas().items()},
        **{SCHEMAS / name: _json(schema) for name, schema in schemas.told_schemas().items()},
        SCHEMAS / "report.v1.json": _json(schemas.told(Told)),
        Path("docs/asyncapi.json"): _json(asyncapi.document(reads)),
        Path("deploy/env.example"): env_example.text(),
        SENTENCES: pot.text(),
        CATALOGUE: catalogue.filled(_read(root / CATALOGUE), services.values()),
    }


def drift(files: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """The files that are not as they should be, those that should not be there included."""
    there = {path.relative_to(root) for path in (root / SCHEMAS).glob("*.json")}
    return sorted([path for path, text in files.items() if _read(root / path) != text] + list(there - files.keys()))


def write(files: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """Makes everything as it should be; says what was changed."""
    changed = drift(files, root)
    for path in changed:
        if path in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(files[path], "utf-8")
        else:
            (root / path).unlink()
    return changed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m console.contracts", description="Generated files, written or checked.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when a file has drifted")
    check = parser.parse_args(arguments).check
    files = wanted()
    changed = drift(files) if check else write(files)
    for path in changed:
        print(f"{path} has drifted from the code; run: python -m console.contracts" if check else f"wrote {path}")
    return 1 if check and changed else 0


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
