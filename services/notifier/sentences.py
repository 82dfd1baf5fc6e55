"""What messages are made of: the parts of each, with their English sentences, from `templates/messages.toml`.

English sentences are the ids of the catalogues (gettext), so that one which changes is at once one that has to be translated
anew. A sentence with a count has two English forms there, `{ one = "…", other = "…" }`, and as many as it needs elsewhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.programme import UrgentHelp

FOLDER = Path(__file__).with_name("templates")

COMMON = ("frame", "open", "ending", "any", "gesture")
"""Sections of the file that are no messages."""

TEXTS = ("subject", "lead", "words", "code", "why", "others", "next", "sms")


@dataclass(frozen=True, order=True)
class Sentence:
    """One entry of a catalogue: an English text, and the form for more than one where it counts something."""

    one: str
    other: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.one, self.other) if self.other else (self.one,)


@dataclass(frozen=True)
class Message:
    """The parts of one message. `open` and `ending` are keys of those sections."""

    parts: dict[str, Sentence]
    open: str
    ending: str


@dataclass(frozen=True)
class Sentences:
    frame: dict[str, Sentence]
    open: dict[str, Sentence]
    ending: dict[str, Sentence]
    messages: dict[str, Message]

    def used(self) -> Iterator[tuple[str, Sentence]]:
        """Every sentence with each place where it stands, such as `proposal.why`."""
        for section, sentences in (("frame", self.frame), ("open", self.open), ("ending", self.ending)):
            yield from ((f"{section}.{name}", each) for name, each in sentences.items())
        for name, message in self.messages.items():
            yield from ((f"{name}.{part}", each) for part, each in message.parts.items())


def load(path: Path = FOLDER / "messages.toml") -> Sentences:
    """Raises OSError, TOMLDecodeError, KeyError: the file ships with Twoway, so each is a bug."""
    found = tomllib.loads(path.read_text("utf-8"))
    return Sentences(
        frame=_all(found["frame"]), open=_all(found["open"]), ending=_all(found["ending"]),
        messages={name: _message(found, section) for name, section in found.items() if name not in COMMON})


def of_help(help: UrgentHelp) -> Iterator[tuple[str, Sentence]]:
    """What a programme's lines of urgent help say: sentences like any other, so that they come in every language."""
    for line in help.lines:
        yield from (("urgent_help", Sentence(text)) for text in (line.name, line.how, line.when, line.region) if text)


def _message(found: dict[str, Any], section: dict[str, Any]) -> Message:
    whole = found["any"] | found.get(section.get("like", ""), {}) | section
    parts = {part: _sentence(whole[part]) for part in TEXTS if whole.get(part)}
    return Message(parts, whole["open"], whole["ending"])


def _all(section: dict[str, Any]) -> dict[str, Sentence]:
    return {name: _sentence(text) for name, text in section.items() if text}


def _sentence(text: str | dict[str, str]) -> Sentence:
    return Sentence(text) if isinstance(text, str) else Sentence(text["one"], text["other"])
