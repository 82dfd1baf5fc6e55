"""A form's body as it came, before anything is asked of it; kept so that a page can show again what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

FIELDS_MAX = 600
"""Pairs in one form: four times a programme's 64 topics, 21 times of day, twice 64 limits and wishes, and ample room. More is
no browser's doing."""

KEY = "-"
"""Between a field and a key, in the name of a question that the programme asks: `facts-gender`. No key has one in it."""

MEDIA_TYPE = "application/x-www-form-urlencoded"


class NotAForm(Exception):
    """The body is not what a browser sends for one of our forms."""


@dataclass(frozen=True)
class Posted:
    """Field → its values in the order they came, repeated ones included."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def all(self, name: str) -> tuple[str, ...]:
        return self.fields.get(name, ())

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def keyed(self, field: str) -> dict[str, tuple[str, ...]]:
        """Key → its values, of all names that are the field's with a key."""
        return {name.removeprefix(field + KEY): values for name, values in self.fields.items()
                if name.startswith(field + KEY)}


def parse(body: bytes, content_type: str) -> Posted:
    """Reads a form. Bytes that are no UTF-8 become U+FFFD, which a field's own check then tells of. Raises NotAForm."""
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise NotAForm
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace",
                          max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise NotAForm from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return Posted({name: tuple(values) for name, values in fields.items()})
