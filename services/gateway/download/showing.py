"""Values as people read them: keys become the words of the catalogue and the programme, times become days and hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.gateway.catalogue import Catalogue, sentence
from services.gateway.rendering import Pages, organisation
from shared.events import Reason
from shared.programme import Programme

Rows = tuple[tuple[str, str], ...]
"""Label and value."""


class Showing:
    def __init__(self, catalogue: Catalogue, programme: Programme, pages: Pages) -> None:
        self._catalogue, self._programme, self._pages = catalogue, programme, pages
        self._labels: Mapping[str, str] = catalogue.kept["labels"]
        self._known = _known(catalogue, programme)
        self._special: Mapping[str, Callable[[Any], str]] = {
            "partner": organisation, "reasons": self._reasons, "quiet": self._quiet,
            "facts": self._keyed, "chosen_limits": self._keyed, "prefers": self._keyed}

    def rows(self, fields: Mapping[str, Any]) -> Rows:
        """What is empty is left out."""
        return tuple((self._labels.get(name, name), self.value(name, value)) for name, value in fields.items()
                     if value not in (None, "", (), [], {}))

    def value(self, name: str, value: Any) -> str:
        if (how := self._special.get(name)) is not None:
            return how(value)
        if isinstance(value, bool):
            return str(self._catalogue.words["given"]["yes"] if value else self._catalogue.kept["no"]["value"])
        if isinstance(value, (list, tuple)):
            return ", ".join(self.value(name, each) for each in value)
        if name.endswith("_ms"):
            return self.time(value)
        return self._known.get(name, self._known[""]).get(str(value), str(value))

    def time(self, at_ms: int) -> str:
        """In the programme's own zone, to the minute."""
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._pages.zone)
        return f"{self._pages.day(at_ms)}, {local:%H:%M}"

    def _reasons(self, facts: list[Mapping[str, Any]]) -> str:
        return "; ".join(sentence(Reason.model_validate(each), self._catalogue, self._programme) for each in facts)

    def _quiet(self, quiet: Any) -> str:
        hours = quiet if isinstance(quiet, Mapping) else quiet.model_dump()
        return " – ".join((hours["start"], hours["end"])) + (f" ({hours['zone']})" if hours.get("zone") else "")

    def _keyed(self, answers: Mapping[str, Any]) -> str:
        """Answers to the programme's own questions; a key that it has dropped since shows as it is."""
        told = []
        for key, answer in answers.items():
            fact = self._programme.facts.get(key)
            values = [answer] if isinstance(answer, str) else answer
            named = ", ".join(values if fact is None else (fact.values.get(each, each) for each in values))
            told.append(f"{key if fact is None else fact.question} {named}")
        return "; ".join(told)


def _known(catalogue: Catalogue, programme: Programme) -> Mapping[str, Mapping[str, str]]:
    """Field → key → words; under no name, what every other field is looked up in."""
    words, kept = catalogue.words, catalogue.kept
    agreed = {**words["agreements"]["now"], words["consent"]["wording"]: words["questions"]["consent"]}
    return {
        "": catalogue.named(programme), "answer": words["answers"], "ending": words["endings"],
        "closing": words["closing_notes"], "left": words["closing_notes"], "gesture": words["gestures"],
        "listened": words["listened"], "kind": {**words["kinds"], **words["breaks"]}, "kinds": words["kinds"],
        "frequency": words["messages"]["frequency"], "without": words["messages"]["kinds"], "wording": agreed, "agreed": agreed,
        "community": {one.key: one.name for one in programme.communities}, "age_band": programme.age_bands,
        "meets_ages": programme.age_bands, "direction": {**words["story"]["file"], "both": words["directions"]["both"]},
        "outcome": kept["outcomes"], "klass": kept["classes"], "message": {**kept["messages"], **words["inbox"]["told"]},
        "milestone": kept["milestones"], "reason": kept["corrections"], "what": kept["heard"],
        **{name: {} for name in ("alias", "first_name", "email", "phone", "text", "contact", "area", "note", "buddy")}}
