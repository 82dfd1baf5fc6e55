"""One made-up person on Twoway's real pages: everything they do goes through forms that a page offered them."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from console.browser import Browser, Form, Page, Trouble
from console.people import Person

MAIL_S_MAX = 60.0
"""How long somebody waits for a message; on an idle system it is there at once."""

SHOWS_S_MAX = 60.0
"""How long somebody waits until their story shows what they wrote down; on an idle system it does at once."""

SIGN_INS_MAX = 4
"""Messages asked for at most; five in a quarter of an hour and twelve in a day go to one address."""

SPENT = (410, 422)
"""What a page answers to a link or a code that was used already."""

_LINK = re.compile(r"/sign-in/[A-Za-z0-9_-]{43}$")
_CODE = re.compile(r"\b(\d{6})\b")
_PAIR = re.compile(r"/me/pairs/([0-9a-f]{32})/gesture")


DEEDS = ("asked", "signed in by link", "signed in by code", "answered yes", "answered otherwise", "came too late",
         "offered a contact", "moments", "gestures", "taken back", "difficult days", "concerns", "pairs ended", "left")
"""What is counted, in the order in which people come to it."""


@dataclass(frozen=True)
class Deed:
    """A moment or gesture as it was sent: in which pair, and whether whoever sent it gave."""

    pair: str
    gave: bool


class Visitor:
    """A person, their browser and what they have done. Raises Trouble when a page is not what it should be."""

    def __init__(self, person: Person, browser: Browser) -> None:
        self.person = person
        self._browser = browser
        self.pairs: list[str] = []
        self.deeds: list[Deed] = []
        self.did: Counter[str] = Counter()
        self.left = False
        self._written: list[Deed] = []
        self._answered = 0
        self._tried: set[str] = set()

    async def has_mailbox(self) -> bool:
        return (await self._browser.get("/mailbox", tries=3)).status == 200

    async def ask(self) -> None:
        """Reads the first page, fills in the form, checks the answers, sends them."""
        await self._browser.get("/")
        check = await self._browser.asks(self.person.answers)
        self._expect(check, "/ask/check")
        self._expect(await self._browser.send(check.form("/ask/check")), "/ask/sent")
        self.did["asked"] += 1

    async def sign_in(self) -> None:
        """By the message's link, or by typing its code; by a new message where that was spent and Redis then went away."""
        for _ in range(SIGN_INS_MAX):
            page = await self._come_in()
            if page.status not in SPENT:
                break
        self._expect(page, "/me")
        self.did["signed in by code" if self.person.by_code else "signed in by link"] += 1

    async def _come_in(self) -> Page:
        asked = await self._browser.send((await self._browser.get("/sign-in")).form("/sign-in"), email=self.person.email)
        self._expect(asked, "/sign-in/code")
        link, code = await self._message()
        self._tried.add(link)
        if self.person.by_code:
            return await self._browser.send(asked.form("/sign-in/code"), code=code)
        return await self._browser.send((await self._browser.get(link)).form(link))

    async def _message(self) -> tuple[str, str]:
        """The link and the code of the newest sign-in message in this person's mailbox, once it is one not tried yet."""
        until = time.monotonic() + MAIL_S_MAX
        while time.monotonic() < until:
            mails = await self._browser.get("/mailbox", {"to": self.person.email})
            links = [urlsplit(link).path for link in mails.links if _LINK.search(link)]
            codes = _CODE.findall(mails.text.partition("/sign-in/")[2])
            if links and codes and links[0] not in self._tried:
                return links[0], codes[0]
            await asyncio.sleep(0.2)
        raise Trouble(f"no sign-in message came to {self.person.email} within {MAIL_S_MAX:.0f} s")

    async def answer(self) -> int:
        """Answers whatever was suggested; says how many that were."""
        page, answered = await self._me(), 0
        while waiting := page.forms_to("/me/proposals/"):
            answer = self.person.answer(self._answered)
            self._answered += 1
            answered += 1
            page = await self._browser.send(waiting[0], answer=answer)
            if page.status == 404:  # the other one's answer closed it since this page was loaded
                self.did["came too late"] += 1
                page = await self._me()
                continue
            self._expect(page, "/me")
            self.did["answered yes" if answer == "yes" else "answered otherwise"] += 1
            if waiting[0].action in {each.action for each in page.forms_to("/me/proposals/")}:
                break  # saved, and shows in a moment; the next visit goes on
        return answered

    async def share(self) -> None:
        """With each buddy: perhaps a contact, some moments, some gestures."""
        await self._me()
        for place, pair in enumerate(self.pairs):
            if self.person.offers_contact(place):
                await self._within(pair, "contact", contact=self.person.contact)
                self.did["offered a contact"] += 1
            for moment in self.person.moments(place):
                await self._within(pair, "moment", direction=moment.direction, kind=moment.kind, minutes=moment.minutes)
                self._written.append(Deed(pair, moment.direction == "gave"))
                self.deeds.append(self._written[-1])
                self.did["moments"] += 1
            for gesture in self.person.gestures(place):
                page = await self._browser.send((await self._me()).form(f"/me/pairs/{pair}/gesture"), gesture=gesture)
                self._expect(page, "/me")
                self.deeds.append(Deed(pair, gave=True))
                self.did["gestures"] += 1

    async def take_back(self) -> None:
        """What was not so after all, the newest first, from the page of each such moment."""
        chosen = [(place, deed) for place, deed in enumerate(reversed(self._written)) if self.person.takes_back(place)]
        mine = await self._own_moments() if chosen else []
        for place, deed in chosen:
            self._expect(await self._browser.send(mine[place]), "/me")
            self.deeds.remove(deed)
            self._written.remove(deed)
            self.did["taken back"] += 1

    async def _own_moments(self) -> list[Form]:
        """What takes each moment back that this person wrote down, the newest first, once all of them are in their story."""
        until = time.monotonic() + SHOWS_S_MAX
        found: dict[str, Form | None] = {}
        while time.monotonic() < until:
            links = [link for link in (await self._browser.get("/me/story")).links if link.startswith("/me/moments/")]
            for link in links:
                if link not in found:
                    found[link] = next(iter((await self._browser.get(link)).forms_to(f"{link}/back")), None)
            own = [form for link in links if (form := found[link]) is not None]
            if len(own) == len(self._written):
                return own
            await asyncio.sleep(0.1)
        raise Trouble(f"the story of {self.person.email} did not show what they wrote down within {SHOWS_S_MAX:.0f} s")

    async def rest_or_worry(self) -> None:
        """What not everybody does: a difficult day, a concern."""
        if self.person.has_a_difficult_day:
            self._expect(await self._browser.send((await self._me()).form("/me/break")), "/me")
            self.did["difficult days"] += 1
        if self.person.worries:
            form = (await self._browser.get("/me/concern")).form("/me/concern")
            await self._browser.send(form, text="This is a made-up concern of a made-up person.")
            self.did["concerns"] += 1

    async def end(self) -> None:
        """Ends some pairs that are still there: a buddy may have been faster."""
        await self._me()
        for place, pair in enumerate(self.pairs.copy()):
            if (ending := self.person.ends(place)) is not None:
                form = await self._browser.get(f"/me/pairs/{pair}/end")
                if form.status == 200:
                    page = await self._browser.send(form.form(f"/me/pairs/{pair}/end"), ending=ending)
                    if page.status != 404:  # a broken connection makes it be sent twice; by then it has ended
                        self._expect(page, "/me")
                    self.did["pairs ended"] += 1

    async def leave(self) -> None:
        page = await self._browser.get("/me/leave")
        goodbye = await self._browser.send(page.form("/me/leave"), sure="yes")
        if goodbye.status != 200 or (await self._browser.get("/me")).path == "/me":
            raise Trouble(f"{self.person.email} could not leave ({goodbye.status}, {goodbye.heading})")
        self.left = True
        self.did["left"] += 1

    async def counts(self) -> tuple[int, int]:
        """*Moments you gave* and *moments you received*, as their page shows them."""
        gave, received, *_ = (await self._me()).terms.values()
        return int(gave), int(received)

    async def _me(self) -> Page:
        page = await self._browser.get("/me")
        self._expect(page, "/me")
        shown = [found[1] for form in page.forms if (found := _PAIR.fullmatch(form.action))]
        self.pairs += [pair for pair in shown if pair not in self.pairs]
        return page

    async def _within(self, pair: str, form: str, **answers: str) -> None:
        page = await self._browser.get(f"/me/pairs/{pair}/{form}")
        self._expect(await self._browser.send(page.form(f"/me/pairs/{pair}/{form}"), **answers), "/me")

    def _expect(self, page: Page, path: str) -> None:
        if page.status != 200 or page.path != path:
            raise Trouble(f"{self.person.email} came to {page.path} ({page.status}, {page.heading}) instead of {path}")
