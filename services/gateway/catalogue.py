"""Every word that a page shows and no template holds: `templates/catalogue/*.toml`, read once at start."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.gateway.domain.aliases import Aliases
from shared.events import Reason
from shared.programme import Programme

FOLDER = Path(__file__).parent / "templates" / "catalogue"


@dataclass(frozen=True)
class Catalogue:
    words: Mapping[str, Any]
    errors: Mapping[str, Any]
    messages: Mapping[str, Any]
    aliases: Aliases
    kept: Mapping[str, Any]
    """Of the file that has everything held about a person."""
    zones: Mapping[str, Mapping[str, str]]
    """Part of the world → IANA name → words."""

    @property
    def zone_names(self) -> frozenset[str]:
        return frozenset(name for part in self.zones.values() for name in part)

    def zones_from(self, *first: str) -> list[tuple[str, Mapping[str, str]]]:
        """All that can be chosen, those named first; each once, in parts of the world, of which the first has no heading."""
        words = {name: text for part in self.zones.values() for name, text in part.items()}
        above = {name: words.get(name) or name.rpartition("/")[2].replace("_", " ") for name in first}
        return [("", above), *((part, {name: text for name, text in names.items() if name not in above})
                               for part, names in self.zones.items())]

    @property
    def times(self) -> Mapping[str, str]:
        """Times of the week, as a request names them."""
        return {f"{day}_{part}": f"{day_word} {part_word.lower()}" for day, day_word in self.words["days"].items()
                for part, part_word in self.words["parts"].items()}

    def named(self, programme: Programme) -> Mapping[str, str]:
        """Key → word, for whatever people choose from lists: topics, languages, ways and times."""
        return {**programme.topics, **programme.languages, **self.words["ways"], **self.times}


def sentence(fact: Reason, catalogue: Catalogue, programme: Programme) -> str:
    """A plain reason in words. A key that the programme has dropped since shows as it is."""
    known = catalogue.named(programme)
    text: str = catalogue.words["reasons"][fact.key]
    return text.format(values=", ".join(known.get(key, key) for key in fact.values))


def sentence_of(text: str, buddy: str) -> str:
    """With the other's name in it. A name that nobody chose, "an earlier buddy", begins a sentence with a capital letter."""
    told = text.format(buddy=buddy)
    return told[:1].upper() + told[1:]


def load(folder: Path = FOLDER) -> Catalogue:
    """Raises OSError, TOMLDecodeError."""
    names = _read(folder / "aliases.toml")
    return Catalogue(_read(folder / "words.toml"), _read(folder / "errors.toml"), _read(folder / "messages.toml"),
                     Aliases(tuple(names["first"]), tuple(names["second"])), _read(folder / "kept.toml"),
                     _read(folder / "zones.toml"))


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))
