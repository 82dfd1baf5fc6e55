"""From a message's name to its words: templates by language, checked when the service starts.

A template is a file that reads like the message: a line `Subject: …`, an empty line, the text. What all of them end with
(how to stop, urgent help) stands in files of its own, whose names begin with `_`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notifier.domain.messages import Template
from shared.links import MY_PAGE
from shared.programme import Programme

FOLDER = Path(__file__).with_name("templates")
LANGUAGE = "en"
"""The language of whoever's own has no templates yet."""

_SUBJECT = "Subject: "


class BadTemplate(Exception):
    """This template has no `Subject: …` line with an empty line after it. Mend the file, then start again."""


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str


class Words:
    """All messages of one programme. Raises BadTemplate, TemplateError or OSError when a template can't be used."""

    def __init__(self, programme: Programme, base_url: str, folder: Path = FOLDER) -> None:
        self._base_url = base_url.rstrip("/")
        self._languages = {path.name for path in folder.iterdir() if path.is_dir()}
        self._environment = Environment(
            loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=select_autoescape(),
            trim_blocks=True, lstrip_blocks=True)
        self._environment.globals.update(urgent_help=programme.urgent_help, page=self.page)
        for language in sorted(self._languages):
            for template in Template:
                self._render(template, language, link=self.page, code="000000", count=2)

    @property
    def page(self) -> str:
        """A person's own page, where they choose when and whether we write."""
        return f"{self._base_url}{MY_PAGE}"

    def render(self, template: str, language: str, link: str = "", code: str = "", count: int = 1) -> Rendered:
        """`count`: of the people whose words a digest puts together, or of the days that somebody has waited."""
        return self._render(template, language if language in self._languages else LANGUAGE, link, code, count)

    def _render(self, template: str, language: str, link: str, code: str, count: int) -> Rendered:
        whole = self._environment.get_template(f"{language}/{template}.txt").render(link=link, code=code, count=count)
        first, _, rest = whole.partition("\n")
        if not first.startswith(_SUBJECT) or not rest.startswith("\n"):
            raise BadTemplate(f"{language}/{template}.txt: {BadTemplate.__doc__}")
        return Rendered(first.removeprefix(_SUBJECT).strip(), rest.strip() + "\n")
