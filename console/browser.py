"""A browser as small as one can be: it reads pages, follows links and redirects, fills in forms and keeps cookies.

It sends what the page's own forms say and nothing else, so whoever uses it can do only what a person could.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx

AWAY_TRIES_MAX = 40
"""A page that answers 503, or a connection that breaks, is tried again: about two minutes with the waits below."""

AWAY_WAIT_S_MAX = 4.0
ANSWER_S_MAX = 30.0
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Trouble(Exception):
    """A page was not what somebody who uses it may expect."""


@dataclass
class Form:
    """One form of a page: what it would send as it stands, and what may be chosen."""

    action: str
    method: str
    sent: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Name → values of its boxes and radios, of a list to pick from, or of its buttons."""

    def filled(self, answers: Mapping[str, str | Sequence[str]]) -> list[tuple[str, str]]:
        """What is sent once `answers` are given. Raises Trouble for an answer that the form does not offer."""
        kept = [(name, value) for name, value in self.sent if name not in answers]
        for name, given in answers.items():
            for value in [given] if isinstance(given, str) else given:
                if name in self.choices and value not in self.choices[name]:
                    raise Trouble(f"{self.action} does not offer {value} for {name}")
                kept.append((name, value))
        return kept


@dataclass
class Page:
    """What a person sees: where they are, the heading, forms, links, and terms with what they are."""

    status: int
    path: str
    heading: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    terms: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def form(self, action: str) -> Form:
        """The form that goes to `action`. Raises Trouble."""
        for each in self.forms:
            if each.action.split("?")[0] == action:
                return each
        raise Trouble(f"{self.path} ({self.status}, {self.heading}) has no form for {action}")

    def forms_to(self, beginning: str) -> list[Form]:
        return [each for each in self.forms if each.action.startswith(beginning)]


class Browser:
    """One person's browser."""

    def __init__(self, url: str, trust: ssl.SSLContext) -> None:
        self._client = httpx.AsyncClient(
            base_url=url, follow_redirects=True, timeout=ANSWER_S_MAX, verify=trust,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, tries: int = AWAY_TRIES_MAX) -> Page:
        return await self._seen("GET", path, query=query, tries=tries)

    async def send(self, form: Form, **answers: str | Sequence[str]) -> Page:
        return await self._seen(form.method, form.action, filled=form.filled(answers))

    async def asks(self, answers: Callable[[Form], Mapping[str, str | Sequence[str]]]) -> Page:
        """Goes through the pages that lead to a request, with `answers` to each, as far as they go."""
        page = await self.get("/ask")
        page = await self.get(next((link for link in page.links if link.startswith("/ask/")), "/ask"))
        while page.status == 200 and page.path.startswith("/ask/") and page.path not in ("/ask/check", "/ask/sent"):
            here, form = page.path, page.form(page.path)
            page = await self.send(form, **answers(form))
            if page.path == here:
                break
        return page

    async def _seen(self, method: str, path: str, *, query: Mapping[str, str] | None = None,
                    filled: list[tuple[str, str]] | None = None, tries: int = AWAY_TRIES_MAX) -> Page:
        """The page that comes; while it says that it is away, the same is sent again, as a patient person would."""
        wait_s = 0.25
        body: dict[str, Any] = {} if filled is None else {"content": urlencode(filled), "headers": FORM}
        for _ in range(tries):
            try:
                answer = await self._client.request(method, path, params=query, **body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code not in (429, 502, 503, 504):
                return read(answer)
            await asyncio.sleep(wait_s)
            wait_s = min(AWAY_WAIT_S_MAX, wait_s * 2)
        raise Trouble(f"{self._client.base_url.join(path)} stayed away")


def read(answer: httpx.Response) -> Page:
    page = Page(answer.status_code, urlsplit(str(answer.url)).path)
    reader = _Reader(page)
    reader.feed(answer.text)
    page.text = " ".join(" ".join(reader.words).split())
    return page


class _Reader(HTMLParser):
    """Fills a Page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.words: list[str] = []
        self._page = page
        self._form: Form | None = None
        self._taking: list[str] | None = None
        self._term = ""
        self._field = ""
        self._list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(had.get("action", self._page.path), had.get("method", "get").upper())
            self._page.forms.append(self._form)
        elif tag == "a" and "href" in had:
            self._page.links.append(had["href"])
        elif tag in ("h1", "dt", "dd", "textarea"):
            self._taking, self._field = [], had.get("name", "")
        elif tag in ("input", "button") and self._form is not None and had.get("name"):
            self._control(tag, had, self._form)
        elif tag == "select":
            self._list = had.get("name", "")
        elif tag == "option" and self._form is not None and self._list:
            self._option(had, self._form)

    def _option(self, had: dict[str, str], form: Form) -> None:
        """The first of a list is sent, unless another one says that it is selected."""
        name, value = self._list, had.get("value", "")
        offered = form.choices.setdefault(name, [])
        if not offered or "selected" in had:
            form.sent = [*(each for each in form.sent if each[0] != name), (name, value)]
        offered.append(value)

    def _control(self, tag: str, had: dict[str, str], form: Form) -> None:
        name, value, kind = had["name"], had.get("value", ""), had.get("type", "")
        if tag == "button" or kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(value)
        if tag == "input" and (kind not in ("checkbox", "radio") or "checked" in had):
            form.sent.append((name, value))

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._taking is not None:
            self._taking.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in ("h1", "dt", "dd", "textarea") and self._taking is not None:
            self._took(tag, "".join(self._taking).strip())
            self._taking = None

    def _took(self, tag: str, text: str) -> None:
        if tag == "h1":
            self._page.heading = text
        elif tag == "dt":
            self._term = text
        elif tag == "dd":
            self._page.terms[self._term] = text
        elif self._form is not None and self._field:
            self._form.sent.append((self._field, text))
