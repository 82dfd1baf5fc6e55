"""A made-up person on Twoway's real pages: each step is a form that a page offered, and what they see is what a page shows."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import httpx

from console.browser import FORM, Browser, Form, Page, read
from tests.unit.gateway import html

MARKS = {
    "received": "our form was filled in with this address",
    "sign_in": "someone gave this address to sign in",
    "known_already": "someone filled in our form with this address",
    "proposal": "there is someone we would like to introduce to you",
    "set_aside": "We have paused for now",
    "introduction": "you both said yes",
    "contact": "each offered a way to be reached",
    "gesture": "your buddy thought of you",
    "not_going_ahead": "This one is not going ahead",
    "invitation": "someone you talked with thought you might like a buddy",
}
"""Kind of message → the words that tell it from the others."""

LOOK_S = 0.02
COMES_S_MAX = 30.0

T = TypeVar("T")
_LINK = re.compile(r"https?://\S+(/(?:sign-in|invitation)/\S+)")
_CODE = re.compile(r"asked for it: (\d{6}) ")
_PAIR = re.compile(r"/me/pairs/([0-9a-f]{32})/gesture")


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str

    @property
    def kind(self) -> str:
        return next((kind for kind, words in MARKS.items() if words in self.text), "unknown")

    @property
    def link(self) -> str:
        found = _LINK.search(self.text)
        assert found is not None, self.text
        return found[1]

    @property
    def code(self) -> str:
        found = _CODE.search(self.text)
        assert found is not None, self.text
        return found[1]


class Impatient(Browser):
    """Takes the first answer there is, be it that Twoway is away."""

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, tries: int = 1) -> Page:
        return read(await self._client.get(path, params=query))

    async def send(self, form: Form, **answers: str | Sequence[str]) -> Page:
        body = urlencode(form.filled(answers))
        return read(await self._client.request(form.method, form.action, content=body, headers=FORM))


async def comes(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Looks, as often as a patient person could, until there is something to see."""
    deadline = time.monotonic() + COMES_S_MAX
    while not (found := await look()):
        assert time.monotonic() < deadline, f"{what} did not come within {COMES_S_MAX:.0f} s"
        await asyncio.sleep(LOOK_S)
    return found


class Someone:
    """One person, their browser and their mailbox. Close it with `async with`."""

    def __init__(self, url: str, email: str, **answers: str | Sequence[str]) -> None:
        self.url, self.email = url, email
        self.alias = ""
        self.answers: dict[str, str | Sequence[str]] = answers
        self.browser = Impatient(url, ssl.create_default_context())

    async def __aenter__(self) -> Someone:
        await self.browser.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.browser.__aexit__(None, None, None)

    # ── asking and signing in ────────────────────────────────────────────────────────────────────────────────────────

    async def fills_in(self) -> Page:
        """Page after page, up to "Check your answers"."""
        return await self.browser.asks(self.answering)

    def answering(self, form: Form) -> dict[str, str | Sequence[str]]:
        """What they say to one page."""
        if "alias" in form.choices:
            self.alias = str(self.answers.get("alias", form.choices["alias"][0]))
        usual: dict[str, str | Sequence[str]] = {
            "adult": "yes", "consent": "yes", "quiet": "any", "ways": ["message"], "languages": ["en"],
            "community": "riverside", "email": self.email, "alias": self.alias}
        asked = {*form.choices, *(name for name, _ in form.sent)}
        return {name: answer for name, answer in (usual | self.answers).items() if name in asked}

    async def asks(self) -> Page:
        check = await self.fills_in()
        assert check.heading == "Check your answers", check.text
        sent = await self.browser.send(check.form("/ask/check"))
        assert sent.heading == "Thank you for asking", sent.text
        return sent

    async def asks_to_sign_in(self) -> Page:
        page = await self.browser.send((await self.browser.get("/sign-in")).form("/sign-in"), email=self.email)
        assert page.heading == "Look at your messages", page.text
        return page

    async def signs_in_by_link(self) -> Page:
        before = (await self.messages())["sign_in"]
        await self.asks_to_sign_in()
        link = (await self.gets("sign_in", before + 1)).link
        return await self.browser.send((await self.browser.get(link)).form(link))

    async def signs_in_by_code(self) -> Page:
        before = (await self.messages())["sign_in"]
        page = await self.asks_to_sign_in()
        code = (await self.gets("sign_in", before + 1)).code
        return await self.browser.send(page.form("/sign-in/code"), code=code)

    # ── their page ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def me(self) -> Page:
        page = await self.browser.get("/me")
        assert page.path == "/me", f"{self.email} is not signed in: {page.path} {page.heading}"
        return page

    async def sees(self, words: str) -> Page:
        """Waits until their page says so."""
        async def look() -> Page | None:
            page = await self.me()
            return page if words in page.text else None
        return await comes(look, f"{self.email} seeing “{words}”")

    async def sees_counts(self, gave: int, received: int) -> None:
        async def look() -> bool:
            terms = (await self.me()).terms
            return (terms["Moments you gave"], terms["Moments you received"]) == (str(gave), str(received))
        await comes(look, f"{self.email} having given {gave} and received {received}")

    async def pair(self) -> str:
        """The only pair they are in; waits for it."""
        async def look() -> list[str]:
            return [found[1] for form in (await self.me()).forms if (found := _PAIR.fullmatch(form.action))]
        [pair] = await comes(look, f"{self.email} having a buddy")
        return pair

    async def proposal(self) -> Form:
        """The form of the one proposal they have not answered; waits for it."""
        async def look() -> list[Form]:
            return (await self.me()).forms_to("/me/proposals/")
        [form] = await comes(look, f"{self.email} having a proposal")
        return form

    async def says(self, answer: str) -> Page:
        return await self.browser.send(await self.proposal(), answer=answer)

    async def within(self, what: str, **answers: str) -> Page:
        """One of the forms that are about their buddy, opened and sent."""
        path = f"/me/pairs/{await self.pair()}/{what}"
        return await self.browser.send((await self.browser.get(path)).form(path), **answers)

    async def writes_down_from_before(self, pair: str, **answers: str) -> Page:
        path = f"/me/before/{pair}"
        return await self.browser.send((await self.browser.get(path)).form(path), **answers)

    async def taps(self, gesture: str) -> Page:
        form = (await self.me()).form(f"/me/pairs/{await self.pair()}/gesture")
        return await self.browser.send(form, gesture=gesture)

    async def moments(self) -> list[str]:
        """The pages of all moments in their story of which they may say something; waits for the first."""
        async def look() -> list[str]:
            links = (await self.browser.get("/me/story")).links
            return [link for link in links if link.startswith("/me/moments/")]
        return await comes(look, f"{self.email} having a moment in their story")

    async def says_of(self, moment: str, what: str) -> Page:
        return await self.browser.send((await self.browser.get(moment)).form(f"{moment}/{what}"))

    async def leaves(self) -> Page:
        return await self.browser.send((await self.browser.get("/me/leave")).form("/me/leave"), sure="yes")

    # ── their mailbox ────────────────────────────────────────────────────────────────────────────────────────────────

    async def mails(self) -> list[Mail]:
        """The newest first."""
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            page = html.Page((await client.get("/mailbox", params={"to": self.email})).content)
        subjects = [each.text for each in page.all("h2") if "article" in each.inside]
        texts = [" ".join(each.text.split()) for each in page.all("article")]
        return [Mail(*each) for each in zip(subjects, texts, strict=True)]

    async def messages(self) -> Counter[str]:
        """How many of each kind have come."""
        return Counter(mail.kind for mail in await self.mails())

    async def gets(self, kind: str, count: int = 1) -> Mail:
        """Waits until that many of a kind have come; the newest of them."""
        async def look() -> list[Mail]:
            found = [mail for mail in await self.mails() if mail.kind == kind]
            return found if len(found) >= count else []
        return (await comes(look, f"a message “{kind}” for {self.email}"))[0]
