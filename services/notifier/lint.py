"""What no sentence of a message says, in any language (product.md, rules 6 and 10): the same for the sentences that ship with
Twoway, in a test, and for those that an operator puts in their place, when the service starts."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from services.notifier.sentences import Sentence

RULES = Path(__file__).with_name("catalogues") / "rules.toml"

SUBJECT_MAX = 40
"""Characters: what most telephones show of a subject."""

LEAD_MAX = 90
"""Characters: what they show below it."""

PARAGRAPH_MAX = 480
"""Characters: eight lines on a telephone."""

SENTENCE_MAX = 28
"""Words: more is read twice."""

SHOWN = ("subject", "lead", "sms")
"""Parts that a locked screen may show."""

_NUMBERS_APART = re.compile(r"\d \d")


@dataclass(frozen=True)
class Rules:
    """Of one language. `word_max` 0: words may be of any length."""

    banned: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    word_max: int = 0
    before: str = ""


def rules() -> dict[str, Rules]:
    found = tomllib.loads(RULES.read_text("utf-8"))
    return {language: Rules(tuple(each["banned"]), tuple(each["telling"]), each["word_max"], each["before"])
            for language, each in found.items()}


def problems(sentence: Sentence, forms: Iterable[str], places: Iterable[str], rules: Rules, direction: str) -> Iterator[str]:
    """What is wrong with `forms`, said in the place of `sentence` wherever that stands (`places`, such as `proposal.why`)."""
    forms, parts = tuple(forms), {place.rpartition(".")[2] for place in places}
    yield from _variables(sentence, forms)
    for text in forms:
        yield from said(text, rules)
        if direction == "rtl" and _NUMBERS_APART.search(text):
            yield "digits with a space between them change places where one reads from right to left; write a no-break space"
        if len(text) > PARAGRAPH_MAX:
            yield f"it has {len(text)} characters; {PARAGRAPH_MAX} can be read at one go"
        for part in parts.intersection(SHOWN):
            yield from _shown(text, part, rules)


def said(text: str, rules: Rules) -> Iterator[str]:
    """What is wrong with a text by itself, wherever it stands."""
    if any("EXCLAMATION" in unicodedata.name(each, "") for each in text):
        yield "it has an exclamation mark; say it calmly"
    if any(each in "<>" for each in text) or any(unicodedata.category(each) == "Cc" for each in text):
        yield "it has < or >, a new line or another control character; sentences are plain text"
    for word in rules.banned:
        if re.search(rf"(?<!\w){rules.before}{re.escape(word)}(?!\w)", text, re.IGNORECASE):
            yield f"it says “{word}”, which no message does"
    for word in re.findall(r"[^\W\d_]+", text) if rules.word_max else ():
        if len(word) > rules.word_max:
            yield f"“{word}” is longer than {rules.word_max} letters; find a shorter word"
    for one in re.split(r"[.?:;؟؛]\s", text + " "):
        if (count := len(one.split())) > SENTENCE_MAX:
            yield f"a sentence of it has {count} words; {SENTENCE_MAX} are read at one go"


def _shown(text: str, part: str, rules: Rules) -> Iterator[str]:
    for word in rules.telling:
        if word in text.casefold():
            yield f"a locked screen may show it, so it can't say “{word}”"
    if part == "subject" and len(text) > SUBJECT_MAX:
        yield f"a subject has at most {SUBJECT_MAX} characters; this one has {len(text)}"
    if part == "lead" and len(text) > LEAD_MAX:
        yield f"a first line has at most {LEAD_MAX} characters; this one has {len(text)}"


def _variables(sentence: Sentence, forms: tuple[str, ...]) -> Iterator[str]:
    wanted = _named(sentence.forms[-1])
    for place, text in enumerate(forms):
        try:
            found = _named(text)
        except ValueError:
            yield "a { or } of it has no other half; a variable is written like {count}"
            continue
        for name in sorted(found - wanted):
            yield f"there is no variable {{{name}}} here" + (f"; there is {_list(wanted)}" if wanted else "")
        if missing := wanted - found if not sentence.other or place == len(forms) - 1 else ():
            yield f"{_list(missing)} is missing"  # a language may say one or two of something without the figure


def _named(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _list(names: Iterable[str]) -> str:
    return " and ".join(f"{{{name}}}" for name in sorted(names))
