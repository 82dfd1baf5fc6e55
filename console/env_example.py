"""`deploy/env.example`: every variable that a service reads, with its meaning, unit and default, from the settings classes."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from console import built
from shared import SERVICES
from shared.settings import Settings

_HEAD = """\
# Every setting of Twoway, with its default. Generated from the settings classes by `python -m console.contracts`.
#
# Any of them may come from a file instead: set the variable with _FILE behind its name to the file's path
# (TWOWAY_KEY_FILE=/run/secrets/key), so that no secret need stand in an environment.
"""


def text() -> str:
    """The whole file. A setting that all services share stands once, at the top."""
    parts = [_HEAD, _part("all services", Settings.model_fields.items())]
    for name in SERVICES:
        kind = built.settings_of(name)
        parts.append(_part(name, ((field, info) for field, info in kind.model_fields.items() if _own(kind, field))))
    return "\n".join(parts)


def variable(name: str) -> str:
    return "REDIS_URL" if name == "redis_url" else f"TWOWAY_{name.upper()}"


def _own(kind: type[Settings], field: str) -> bool:
    """What the service adds, or tells otherwise than the shared settings do."""
    shared = Settings.model_fields.get(field)
    return shared is None or _meaning(shared) != _meaning(kind.model_fields[field])


def _meaning(info: FieldInfo) -> tuple[str | None, str]:
    return info.description, _default(info)


def _part(title: str, fields: Iterable[tuple[str, FieldInfo]]) -> str:
    lines = [f"# ── {title} " + "─" * (110 - len(title)), ""]
    for name, info in fields:
        lines += [f"# {line}" for line in textwrap.wrap(info.description or "", 112)]
        lines += [f"{variable(name)}=  # required" if info.is_required() else f"#{variable(name)}={_default(info)}", ""]
    return "\n".join(lines)


def _default(info: FieldInfo) -> str:
    value: Any = None if info.is_required() else info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, str | int | float | Path) else json.dumps(value)
