"""The sentences in each language: gettext's catalogues, those that ship with Twoway and those that an operator lays over them.

A catalogue is read as it is written (`.po`); nothing has to be built. It is used once somebody who speaks the language has
signed it: `X-Reviewed-By: their name, 2026-11-27` in its header. English is what messages are written in, so it is always on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po

from services.notifier.lint import Rules, problems, rules
from services.notifier.sentences import Sentence

FOLDER = Path(__file__).with_name("catalogues")
ENGLISH = "en"
"""What sentences are written in, and what is said to whoever's own language is off or has no catalogue."""

_REVIEWED = re.compile(r'^"X-Reviewed-By:[ \t]*(.*?)\s*\\n"\s*$', re.MULTILINE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


class BadCatalogue(ValueError):
    """A file of sentences that can't be used. Its words are where, what, and what to do."""

    def __init__(self, path: Path, line: int | None, what: str) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {what}")


@dataclass(frozen=True)
class Language:
    """One language as messages are written in it."""

    tag: str
    direction: str = "ltr"
    reviewed: str = ""
    """Who signed, and when; English needs nobody."""
    missing: tuple[Sentence, ...] = ()
    """Sentences that it does not have."""
    _said: GNUTranslations | None = field(default=None, repr=False)

    @property
    def on(self) -> bool:
        return self.tag == ENGLISH or bool(self.reviewed)

    def say(self, sentence: Sentence, count: int = 1) -> str:
        if self._said is None:
            return sentence.one if not sentence.other or count == 1 else sentence.other
        if not sentence.other:
            return self._said.gettext(sentence.one)
        return self._said.ngettext(sentence.one, sentence.other, count)


def languages(used: Iterable[tuple[str, Sentence]], needed: Iterable[Sentence],
              own: Path | None = None) -> dict[str, Language]:
    """Every language there is, by its tag; those that are off too. `used`: all sentences with their places; `needed`: those
    without which a signed catalogue is not whole; `own`: an operator's folder of .po files. Raises BadCatalogue, OSError."""
    places: defaultdict[Sentence, set[str]] = defaultdict(set)
    for place, sentence in used:
        places[sentence].add(place)
    reading = _Reading(places, tuple(needed), rules())
    shipped = {path.stem: path for path in sorted(FOLDER.glob("*.po"))}
    theirs = {path.stem: path for path in _theirs(own)}
    return {tag: reading.language(tag, shipped.get(tag), theirs.get(tag))
            for tag in sorted({ENGLISH, *shipped, *theirs})}


def _theirs(own: Path | None) -> list[Path]:
    """Every file of the folder, so that one with a slip in its name is not passed over in silence."""
    if own is None:
        return []
    files = sorted(each for each in own.iterdir() if not each.name.startswith("."))
    for path in files:
        if path.suffix != ".po" or not _LANGUAGE.fullmatch(path.stem):
            raise BadCatalogue(path, None, "a file of sentences is named after its language, such as en.po or cy.po; rename it "
                                           "or take it out")
    return files


@dataclass(frozen=True)
class _Reading:
    places: Mapping[Sentence, set[str]]
    needed: tuple[Sentence, ...]
    rules: Mapping[str, Rules]

    def language(self, tag: str, shipped: Path | None, theirs: Path | None) -> Language:
        try:
            direction = Locale.parse(tag).text_direction
        except (UnknownLocaleError, ValueError):
            raise BadCatalogue(theirs or FOLDER / tag, None, f"{tag} is no language that we know the plurals of; rename "
                                                             "it") from None
        catalogue, reviewed = Catalog(locale=tag), ""
        for path in filter(None, (shipped, theirs)):
            found, signed = _read(path, tag)
            reviewed = signed or reviewed
            for entry in found:
                if entry.id and _forms(entry) and not entry.fuzzy:
                    if path is theirs:
                        self._check(path, entry, tag, direction)
                    catalogue[entry.id] = Message(entry.id, entry.string)
        have = {_sentence(entry) for entry in catalogue if entry.id}
        missing = tuple(each for each in self.needed if each not in have) if tag != ENGLISH else ()
        if missing and reviewed:
            raise BadCatalogue(theirs or shipped or FOLDER, None, f"it is signed by {reviewed}, and {len(missing)} sentences "
                               f"are not in it, such as “{missing[0].one}”; add them, or take the signature out")
        return Language(tag, direction, reviewed, missing, _spoken(catalogue))

    def _check(self, path: Path, entry: Message, tag: str, direction: str) -> None:
        sentence = _sentence(entry)
        if sentence not in self.places:
            raise BadCatalogue(path, entry.lineno, f"no message says “{sentence.one}”; take its msgid anew from "
                                                   "services/notifier/catalogues/messages.pot, or take it out")
        if sentence.other and len(_forms(entry)) != (plurals := get_plural(tag)).num_plurals:
            raise BadCatalogue(path, entry.lineno, f"it has {len(_forms(entry))} forms, and {tag} has {plurals.num_plurals}; "
                               f"the rule that Twoway goes by is Plural-Forms: {plurals}")
        for problem in problems(sentence, _forms(entry), self.places[sentence], self.rules.get(tag, Rules()), direction):
            raise BadCatalogue(path, entry.lineno, problem)


def _read(path: Path, tag: str) -> tuple[Catalog, str]:
    """The catalogue, and who signed it."""
    try:
        text = path.read_text("utf-8")
        found = read_po(BytesIO(text.encode()), locale=tag, abort_invalid=True)
    except UnicodeDecodeError:
        raise BadCatalogue(path, None, "it is not text in UTF-8; save it as that") from None
    except PoFileError as error:
        raise BadCatalogue(path, error.lineno + 1, f"it is not as a .po file is written ({error.args[0]}); mend that "
                                                   "line") from None
    except ValueError as error:
        raise BadCatalogue(path, None, f"it is not as a .po file is written ({error}); mend it") from None
    signed = _REVIEWED.search(text)
    reviewed = signed[1] if signed else ""
    if reviewed and not _is_signature(reviewed):
        line = text[:signed.start()].count("\n") + 1 if signed else None
        raise BadCatalogue(path, line, "a signature is the reviewer's name and the day, such as `X-Reviewed-By: Nia Rees, "
                                       "2026-11-27`")
    return found, reviewed


def _is_signature(text: str) -> bool:
    name, _, day = text.rpartition(", ")
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return bool(name.strip())


def _sentence(entry: Message) -> Sentence:
    return Sentence(*entry.id) if isinstance(entry.id, tuple | list) else Sentence(str(entry.id))


def _forms(entry: Message) -> tuple[str, ...]:
    """What it is said as; nothing when not all of its forms are there."""
    forms = tuple(entry.string) if isinstance(entry.string, tuple | list) else (str(entry.string or ""),)
    return forms if all(forms) else ()


def _spoken(catalogue: Catalog) -> GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def entries(path: Path, tag: str) -> Iterator[tuple[int, Sentence, tuple[str, ...]]]:
    """What a file says: the line, the sentence, and its forms in that language. Raises BadCatalogue, OSError."""
    for entry in _read(path, tag)[0]:
        if entry.id:
            yield entry.lineno or 0, _sentence(entry), _forms(entry)
