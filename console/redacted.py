"""An entry as operators may see it: what is sealed shows as `sealed`, what is for counts alone not at all, and a body that
can't be read shows its size alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from shared.sealing import SEAL_PATTERN

_SEAL = re.compile(SEAL_PATTERN)
_WORDS_MAX = 200
"""Characters: no id, type or trace of ours is longer. Something longer on the log was written by somebody else."""

_COUNTED = frozenset({"listened"})
"""What somebody said whom their page promised that it is counted for the programme as a whole. It stands on the log in clear,
for counts that outlast the person's key."""


def fields(entry: Mapping[str, str]) -> dict[str, Any]:
    """All flat fields; the body opened as JSON."""
    return {name[:_WORDS_MAX]: body(value) if name == "body" else value[:_WORDS_MAX] for name, value in entry.items()}


def body(text: str) -> Any:
    """The body without its seals, and without what is only counted."""
    try:
        return _clean(json.loads(text))
    except ValueError:
        return f"not JSON, {len(text)} characters"


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return fields(value) if _is_entry(value) else {
            name: "only counted" if name in _COUNTED else _clean(part) for name, part in value.items()}
    return _SEAL.sub("sealed", value) if isinstance(value, str) else value


def _is_entry(value: Mapping[str, Any]) -> bool:
    """A replay carries a whole entry, whose body is text again."""
    return {"type", "body"} <= value.keys() and all(isinstance(part, str) for part in value.values())
