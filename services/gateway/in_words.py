"""What somebody asked for, in words: row by row in the order of the form, as they check it and as their page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.gateway.catalogue import Catalogue
from services.gateway.forms import NEWCOMERS, Ask
from services.gateway.posted import KEY
from services.gateway.views import Answered
from shared.events import Details
from shared.programme import Fact, Programme

KNOWN = frozenset({"adult", "community", "alias", "email", "quiet"})
"""What somebody who asks again is not asked again."""

AGES = frozenset({"age_band", "meets_ages"})
"""What is asked only where the programme has age bands."""


def of_form(asked: Ask, catalogue: Catalogue, programme: Programme, *, again: bool) -> tuple[Answered, ...]:
    """What "Check your answers" shows: every question, answered or not."""
    values = {field: getattr(asked, field) for field in Ask.model_fields if not (again and field in KNOWN)}
    return tuple(_rows(values, catalogue, programme))


def of_request(details: Details, capacity: int, catalogue: Catalogue, programme: Programme) -> tuple[Answered, ...]:
    """What an open request says: every question that was answered."""
    newcomers = tuple(each for each in NEWCOMERS if getattr(details, each))
    values = {**dict(details), "newcomers": newcomers, "capacity": capacity}
    return tuple(row for row in _rows(values, catalogue, programme) if row.answers)


def _rows(values: Mapping[str, Any], catalogue: Catalogue, programme: Programme) -> Iterator[Answered]:
    words, known = catalogue.words, _choices(catalogue, programme)
    for field, question in words["questions"].items():
        if field in Ask.by_key:
            yield from _keyed(field, question, values.get(field, {}), programme)
        elif field in values and (values[field] or programme.age_bands or field not in AGES):
            yield Answered(field, question, _shown(values[field], known.get(field, {}), words["given"]["yes"]))


def _keyed(field: str, question: str, answers: Mapping[str, Any], programme: Programme) -> Iterator[Answered]:
    """One row for each question of the programme's; what it has dropped since shows by its key, where it was answered."""
    asked = {key: words for key, fact in programme.facts.items() if (words := _question(fact, field))}
    for key in dict.fromkeys((*asked, *answers)):
        values = programme.facts[key].values if key in programme.facts else {}
        yield Answered(f"{field}{KEY}{key}", question.format(question=asked.get(key, key)),
                       _shown(answers.get(key), values, ""))


def _question(fact: Fact, field: str) -> str | None:
    return {"facts": fact.question, "chosen_limits": fact.limit, "prefers": fact.wish}[field]


def _choices(catalogue: Catalogue, programme: Programme) -> Mapping[str, Mapping[str, str]]:
    """Field → the words of what could be chosen there."""
    words, topics = catalogue.words, programme.topics
    return {
        "community": {one.key: one.name for one in programme.communities}, "seeks": topics, "offers": topics,
        "avoids": topics, "showable": topics, "ways": words["ways"], "languages": programme.languages,
        "times": catalogue.times, "newcomers": words["newcomers"], "age_band": programme.age_bands,
        "meets_ages": programme.age_bands, "quiet": words["quiet"]}


def _shown(value: object, words: Mapping[str, str], yes: str) -> tuple[str, ...]:
    """A key that the programme has dropped since shows as it is."""
    values: Iterable[object] = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(yes if each is True else words.get(str(each), str(each)) for each in values)
