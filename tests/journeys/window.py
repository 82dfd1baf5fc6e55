"""A real browser without JavaScript, and what has to hold on every page that is looked at in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Route, sync_playwright

from tests.journeys.sizes import FULL

WIDTHS = (320, 1280)
"""Pixels: the narrowest that WCAG 2.2 asks for (1.4.10, which is 1280 at 400 %), and a common desktop."""

HEIGHT = 800
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-default-apps", "--disable-sync", "--no-first-run"]
SCREENS = Path("build/screens") if FULL or os.environ.get("TWOWAY_SCREENS") else None
"""Where a picture of every page is laid, when somebody wants to look at them: TWOWAY_SCREENS=1."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


_MEASURED = """() => {
    const link = [...document.querySelectorAll('header a')].find(each => each.textContent.trim() == 'I need urgent help')
    const box = link?.getBoundingClientRect()
    return [document.documentElement.scrollWidth,
            link && [link.getAttribute('href'), box.x, box.y + scrollY, box.width, box.height]]
}"""
"""The page's own width, and where on it urgent help stands."""


@contextmanager
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium; install it, or name one in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Looks:
    """What was seen on every page so far, whoever looked."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.urgent: dict[int, Any] = {}
        self.seen: set[str] = set()
        self.problems: list[str] = []
        self._axe = Axe()
        self._reader = browser.new_context(viewport={"width": WIDTHS[0], "height": HEIGHT}, bypass_csp=True).new_page()

    def accessible(self, page: Page, state: str) -> None:
        """Looks at the page as it stands, styles and all, in a window where axe-core can run. Takes about 0.3 s, so each
        state is looked at once; not each title, for most states of a person's own page share one."""
        content = page.content()

        def fulfil(route: Route) -> None:
            route.fulfill(status=200, content_type="text/html; charset=utf-8", body=content)
        self._reader.route(page.url, fulfil)
        self._reader.goto(page.url)
        self._reader.unroute(page.url)
        found = self._axe.run(self._reader, options={"runOnly": TAGS}).response["violations"]
        self.problems += [f"{state}: {each['id']} ({each['help']}) at {[node['target'] for node in each['nodes']]}"
                          for each in found]


class Window:
    """One person's browser. `look` at every page they come to."""

    def __init__(self, looks: Looks, width: int) -> None:
        self.looks, self.width = looks, width
        self.context: BrowserContext = looks.browser.new_context(
            base_url=looks.url, java_script_enabled=False, viewport={"width": width, "height": HEIGHT})
        self.context.on("request", self._asked)
        self.page = self.context.new_page()
        self.page.on("console", self._said)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.looks.url).netloc:
            self.looks.problems.append(f"asked another host: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if "status of 4" not in message.text and "status of 5" not in message.text:
            self.looks.problems.append(f"the browser says: {message.text}")

    def look(self, state: str) -> Page:
        """Notes whatever would keep somebody out of a page that was not looked at before, and takes a picture of it."""
        if state not in self.looks.seen:
            self.looks.seen.add(state)
            self.notes(state)
            for width in WIDTHS if SCREENS is not None else ():
                self.page.set_viewport_size({"width": width, "height": HEIGHT})
                self.page.screenshot(path=f"{SCREENS}/{state}-{width}.png", full_page=True)
            self.page.set_viewport_size({"width": self.width, "height": HEIGHT})
        return self.page

    def notes(self, state: str) -> None:
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            self._check(state, width)
        self.looks.accessible(self.page, state)

    def _check(self, state: str, width: int) -> None:
        wide, urgent = self.page.evaluate(_MEASURED)
        if wide > width:
            self.looks.problems.append(f"{state}: {wide} px wide in a window of {width} px")
        first = self.looks.urgent.setdefault(width, urgent)
        if not urgent or urgent != first:
            self.looks.problems.append(f"{state}: urgent help is at {urgent} and not at {first}, at {width} px")

    # ── what a person does ───────────────────────────────────────────────────────────────────────────────────────────

    def opens(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def clicks(self, text: str) -> Page:
        """The link or button with these words; the first, where there are several."""
        return self.follows(self.page.locator("a, button").filter(has_text=text).first)

    def presses(self, text: str) -> Page:
        """The button of the page's own form with exactly these words."""
        return self.follows(self.page.locator("main form").get_by_role("button", name=text, exact=True))

    def follows(self, there: Locator) -> Page:
        """Clicks, and is there once the page that it leads to is."""
        with self.page.expect_navigation():
            there.click()
        return self.page

    def ticks(self, **answers: str | list[str]) -> None:
        """Boxes and radios, by name and value."""
        for name, values in answers.items():
            for value in [values] if isinstance(values, str) else values:
                self.page.locator(f"input[name='{name}'][value='{value}']").check(force=True)

    def types(self, **answers: str) -> None:
        for name, text in answers.items():
            self.page.locator(f"[name='{name}']").fill(text)

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def checked(self, name: str) -> list[str]:
        boxes = self.page.locator(f"input[name='{name}']:checked").all()
        return [str(each.get_attribute("value")) for each in boxes]

    def counts(self) -> tuple[str, str]:
        gave, received = self.page.locator(".tw-counts dd").all_inner_texts()
        return gave, received
