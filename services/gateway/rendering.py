"""From a template and what it shows to an HTML page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from services.gateway import steps
from services.gateway.catalogue import Catalogue
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from shared.programme import Programme

HERE = Path(__file__).parent
STATIC = HERE / "static"
_LINK = re.compile(r"https?://[^\s<>\"']+")


class Pages:
    """Renders `templates/pages`. One for the life of the process; templates are compiled once."""

    def __init__(self, programme: Programme, catalogue: Catalogue, *, try_out: bool) -> None:
        self._messages = catalogue.messages
        self.zone = ZoneInfo(programme.time_zone)
        self._months = catalogue.words["months"]
        self._agreeing = catalogue.words["agreements"]["ask"]
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(HERE / "templates"),
                                 PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})]),
            autoescape=True, undefined=ChainableUndefined, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"])
        self._environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
        self._environment.globals |= {
            "programme": programme, "words": catalogue.words, "try_out": try_out, "static": _static,
            "posted": Posted(), "problems": Problems({}), "legend_of": _legend, "label_of": _label}
        self._environment.filters |= {
            "options": _options, "languages": _languages, "long_date": self._long_date, "day": self.day, "linked": _linked,
            "organisation": organisation, "agreements": self._agreements, "explained": _explained, "step": _step,
            "hours": _hours}

    def file(self, template: str, **context: Any) -> str:
        """Something to keep, of `templates/files`: it stands by itself, away from this site."""
        return self._environment.get_template(f"files/{template}.html").render(context)

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        text = self._environment.get_template(f"pages/{template}.html").render(context)
        return HTMLResponse(text, status)

    def message(self, kind: str, status: int, *, signed_in: bool = False, **values: Any) -> HTMLResponse:
        """A calm page that only says something."""
        return self.page("message", status, said=self.said(kind, **values), signed_in=signed_in)

    def said(self, kind: str, **values: Any) -> dict[str, Any]:
        """A section of `messages.toml`; `values` fill its braces."""
        said = self._messages[kind]
        return {**said, "text": [paragraph.format(**values) for paragraph in said["text"]]}

    def _agreements(self, scopes: Sequence[str], partner: str) -> list[dict[str, str]]:
        """For the `items` of a macro: what `partner` asks the reader to agree to."""
        return [{"value": scope, "text": self._agreeing[scope].format(partner=organisation(partner))} for scope in scopes]

    def _long_date(self, day: date) -> str:
        return f"{day.day} {self._months[str(day.month)]} {day.year}"

    def day(self, at_ms: int) -> str:
        """The day in the programme's own zone."""
        return self._long_date(self.date_of(at_ms))

    def date_of(self, at_ms: int) -> date:
        """The same as a date."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone).date()

    def noon_ms(self, day: date) -> int:
        """Noon of a day in that zone: whatever the zone, that is nobody else's day, and it is past once the day is."""
        return int(datetime.combine(day, time(12), self.zone).timestamp() * 1000)

    def month(self, day: date) -> str:
        return f"{self._months[str(day.month)]} {day.year}"


def _static(name: str) -> str:
    """With a mark of its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={_mark(name)}"


@cache
def _mark(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:8]


def _step(field: str) -> str:
    """The page of asking for a buddy on which a field is."""
    step = steps.of(field)
    return "" if step is None else step.key


@pass_context
def _legend(context: Context, text: str) -> dict[str, Any]:
    """Of a question: the page's own heading where it is `alone` on it (GOV.UK Design System, "Question pages")."""
    alone = bool(context.get("alone"))
    return {"text": text, "classes": f"govuk-fieldset__legend--{'l' if alone else 'm'}", "isPageHeading": alone}


@pass_context
def _label(context: Context, text: str) -> dict[str, Any]:
    alone = bool(context.get("alone"))
    return {"text": text, "classes": f"govuk-label--{'l' if alone else 'm'}", "isPageHeading": alone}


def _options(choices: Mapping[str, str]) -> list[dict[str, str]]:
    """For the `items` of a macro: key → words."""
    return [{"value": str(value), "text": text} for value, text in choices.items()]


def _explained(choices: Mapping[str, str], meanings: Mapping[str, str]) -> list[dict[str, Any]]:
    """As `_options`, each with what it means below it."""
    return [{"value": key, "text": text, "hint": {"text": meanings[key]}} for key, text in choices.items()]


def _hours(hours: Sequence[str], none: str) -> dict[str, str]:
    """For the parts of a list to pick from: no hour, and each as it is written."""
    return {"": none, **{hour: hour for hour in hours}}


def _languages(names: Mapping[str, str]) -> list[dict[str, str]]:
    """As `_options`, for names such as "Cymraeg (Welsh)": what stands before brackets is read aloud in that language."""
    items = []
    for key, text in names.items():
        own, bracket, rest = text.partition(" (")
        marked = Markup('<span lang="{0}">{1}</span>{2}').format(key, own, bracket + rest) if bracket else escape(text)
        items.append({"value": key, "html": marked})
    return items


def organisation(partner: str) -> str:
    """A partner's short name as people read it: `city-clinic` is "City clinic"."""
    return partner.replace("-", " ").capitalize()


def _linked(text: str) -> Markup:
    """The text with its links made links; everything else stays text."""
    parts, last = [], 0
    for match in _LINK.finditer(text):
        parts += [escape(text[last:match.start()]), Markup('<a class="govuk-link" href="{0}">{0}</a>').format(match[0])]
        last = match.end()
    return Markup("").join([*parts, escape(text[last:])])

