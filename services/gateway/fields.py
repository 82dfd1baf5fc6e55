"""What a field may hold. Every check refuses by a short kind (`missing`, `too_long`, …) whose words are in `errors.toml`.

A value arrives as the tuple of everything that was posted under the field's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from services.gateway.domain.aliases import Aliases
from services.gateway.domain.numbers import NoNumber, NoTexts, e164
from shared.programme import Programme

EMAIL_MAX = 254
"""Octets of an address: RFC 5321 §4.5.3.1.3 allows a path of 256, brackets included."""

EMAIL_LOCAL_MAX = 64
"""Octets before the @: RFC 5321 §4.5.3.1.1."""

AREA_MAX = 60
"""Characters: the longest place name of the United Kingdom has 58."""

CONTACT_MAX = 200
"""Characters: a postal address or a telephone number, and no room for a letter (rule 13)."""

NUMBER_MAX = 40
"""Characters of a telephone number, however it is grouped: E.164 has 15 digits."""

NOTE_MAX = 1_000
"""Characters: half a page, for a person of the programme to read before they look for somebody."""

CONCERN_MAX = 4_000
"""Characters: about two printed pages, for a person of the programme to read."""

HOURS = tuple(f"{hour:02}:00" for hour in range(24))
"""When quiet hours can begin and end. Whole hours: a list that can be gone through with a thumb."""

DATE_PARTS = ("day", "month", "year")

_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])",
)
_JOINERS = "\u200c\u200d"
"""Zero-width joiners are invisible, and yet letters in Persian, Urdu and Hindi."""


@dataclass(frozen=True)
class Choices:
    """What a programme lets people choose from."""

    topics: Collection[str]
    languages: Collection[str]
    communities: Collection[str]
    aliases: Aliases
    age_bands: Collection[str] = ()
    facts: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Key of a fact -> what may be answered."""
    limits: Mapping[str, Collection[str]] = field(default_factory=dict)
    wishes: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The same, of those facts alone by which people may be met, or would rather be."""
    own_alias: str | None = None
    country: str = "GB"
    """Whose numbers need no + before them."""
    zones: Collection[str] = ()
    """Time zones that can be chosen, by their IANA names."""
    message_languages: Collection[str] = ()
    hours: Collection[str] = HOURS
    """When quiet hours can begin and end."""
    own_hours: tuple[str, str] | None = None
    """Those that somebody has already, where they are their own."""
    days: tuple[date, date] | None = None
    """The first and the last day that something may be of; none where a form asks for no day."""

    @classmethod
    def of(cls, programme: Programme, aliases: Aliases) -> Choices:
        facts = programme.facts
        return cls(programme.topics, programme.languages, [one.key for one in programme.communities], aliases,
                   programme.age_bands, facts={key: fact.values for key, fact in facts.items()},
                   limits={key: fact.values for key, fact in facts.items() if fact.limit},
                   wishes={key: fact.values for key, fact in facts.items() if fact.wish},
                   country=programme.country, message_languages=programme.message_languages)

    def with_own(self, community: str, alias: str) -> Choices:
        """And what somebody has already. They are not asked for it again, so it holds though the programme dropped it."""
        return replace(self, communities=(*self.communities, community), own_alias=alias)

    def with_preferences(self, zones: Collection[str], hours: tuple[str, str] | None) -> Choices:
        """And the quiet hours that somebody has, and the zones that are offered to them."""
        return replace(self, zones=zones, hours=sorted({*self.hours, *(hours or ())}), own_hours=hours)

    def within(self, first: date, last: date) -> Choices:
        return replace(self, days=(first, last))


def refuse(kind: str, **limits: int) -> PydanticCustomError:
    return PydanticCustomError(kind, kind, dict(limits))


def _one(values: tuple[str, ...]) -> str:
    text = _at_most_one(values)
    if not text:
        raise refuse("missing")
    return text


def _one_or_none(values: tuple[str, ...]) -> str | None:
    return _at_most_one(values) or None


def _at_most_one(values: tuple[str, ...]) -> str:
    different = {value.strip() for value in values} - {""}
    if len(different) > 1:
        raise refuse("several")
    return different.pop() if different else ""


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not (chosen := _distinct(values)):
        raise refuse("missing")
    return chosen


def _ticked(values: tuple[str, ...]) -> bool:
    if _distinct(values) != ("yes",):
        raise refuse("missing")
    return True


def email(text: str) -> str:
    """An address that one mail server can hand to another: ASCII, dotted, no quoting, nothing that ends a header."""
    if len(text) > EMAIL_MAX:
        raise refuse("too_long", max=EMAIL_MAX)
    if not _EMAIL.fullmatch(text) or len(text.partition("@")[0]) > EMAIL_LOCAL_MAX:
        raise refuse("format")
    return text


def phone(text: str, info: ValidationInfo[Choices]) -> str:
    """A number that takes text messages, in E.164."""
    try:
        return e164(text, info.context.country)
    except NoNumber:
        raise refuse("format") from None
    except NoTexts:
        raise refuse("no_texts") from None


def at_most(length: int) -> AfterValidator:
    def check(text: str | None) -> str | None:
        if text is not None and len(text) > length:
            raise refuse("too_long", max=length)
        return text
    return AfterValidator(check)


def readable(*, lines: bool) -> AfterValidator:
    """Refuses what can't be seen: control characters, direction overrides, bytes that were no text."""
    def check(text: str | None) -> str | None:
        for character in text or "":
            if character == "\ufffd":
                raise refuse("unreadable")
            if (lines and character == "\n") or character in _JOINERS:
                continue
            if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
                raise refuse("hidden")
        return text
    return AfterValidator(check)


def known(which: Callable[[Choices], Collection[str]]) -> AfterValidator:
    """Refuses what the programme does not offer."""
    def check(value: Any, info: ValidationInfo[Choices]) -> Any:
        chosen = value if isinstance(value, tuple) else () if value is None else (value,)
        if any(one not in which(info.context) for one in chosen):
            raise refuse("unknown")
        return value
    return AfterValidator(check)


def among(choices: Collection[str]) -> AfterValidator:
    return known(lambda _: choices)


def one_of(values: tuple[str, ...], offered: Collection[str]) -> str | None:
    answer = _one_or_none(values)
    if answer is not None and answer not in offered:
        raise refuse("unknown")
    return answer


def some_of(values: tuple[str, ...], offered: Collection[str]) -> tuple[str, ...]:
    """Whoever would be fine with every answer asks for none: otherwise those who did not say would be left out."""
    chosen = _distinct(values)
    if not set(chosen) <= set(offered):
        raise refuse("unknown")
    return () if len(chosen) == len(offered) else chosen


def keyed(which: Callable[[Choices], Mapping[str, Collection[str]]],
          read: Callable[[tuple[str, ...], Collection[str]], Any]) -> BeforeValidator:
    """For questions that the programme asks: key → what `read` makes of the answers, if that is anything.

    Each problem stands beside its own question; one with a question that the programme does not ask, with them all.
    """
    def check(posted: Mapping[str, tuple[str, ...]], info: ValidationInfo[Choices]) -> dict[str, Any]:
        asked, taken, wrong = which(info.context), dict[str, Any](), list[InitErrorDetails]()
        for key, values in posted.items():
            try:
                if answer := read(values, asked.get(key, ())):
                    taken[key] = answer
            except PydanticCustomError as problem:
                wrong.append(InitErrorDetails(type=problem, loc=(key,) if key in asked else (), input=None))
        if wrong:
            raise ValidationError.from_exception_data("keyed", wrong)
        return taken
    return BeforeValidator(check)


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise refuse("format")
    return int(text)


def between(least: int, most: int) -> AfterValidator:
    def check(number: int | None) -> int | None:
        if number is not None and not least <= number <= most:
            raise refuse("range", least=least, most=most)
        return number
    return AfterValidator(check)


def day(parts: Mapping[str, tuple[str, ...]]) -> date | None:
    """A date in three fields, `day`, `month` and `year`; none where all are empty. Each problem stands beside its own field."""
    texts = {part: _part(parts, part) for part in DATE_PARTS}
    if not any(texts.values()):
        return None
    numbers = {part: _number(part, text) for part, text in texts.items()}
    year = numbers["year"] + (2000 if len(texts["year"]) == 2 else 0)
    try:
        return date(year, numbers["month"], numbers["day"])
    except ValueError:
        raise beside("day", "calendar") from None


def beside(part: str, kind: str) -> ValidationError:
    """A problem with one field of several that make one answer."""
    return ValidationError.from_exception_data("parts", [InitErrorDetails(type=refuse(kind), loc=(part,), input=None)])


def _part(parts: Mapping[str, tuple[str, ...]], part: str) -> str:
    try:
        return _at_most_one(parts.get(part, ()))
    except PydanticCustomError:
        raise beside(part, "format") from None


def _number(part: str, text: str) -> int:
    if not text:
        raise beside(part, f"no_{part}")
    if not (text.isascii() and text.isdigit() and len(text) in (1, 2, 4)):
        raise beside(part, "format")
    return int(text)


One = Annotated[str, BeforeValidator(_one)]
Maybe = Annotated[str | None, BeforeValidator(_one_or_none)]
Some = Annotated[tuple[str, ...], BeforeValidator(_some)]
AnyNumber = Annotated[tuple[str, ...], BeforeValidator(_distinct)]
Ticked = Annotated[bool, BeforeValidator(_ticked)]
Whole = Annotated[int, BeforeValidator(lambda values: _whole(_one(values)))]
MaybeWhole = Annotated[int | None, BeforeValidator(lambda values: _whole(_one_or_none(values)))]
Email = Annotated[One, AfterValidator(email)]
