"""Every message in every language, as HTML in a real browser on a narrow telephone: readable, accessible, whole by itself."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page

from services.notifier import sentences
from services.notifier.words import Rendered, Words
from shared.programme import load
from tests.journeys.window import HEIGHT, SCREENS, TAGS, WIDTHS, chromium

NARROW = WIDTHS[0]
BASE = "https://people.example.org"
WORDS = Words(load(), BASE)
ALL = [(language, message) for language in sorted(WORDS.languages) for message in sorted(sentences.load().messages)]

FONT_MIN_PX = 16
TAP_MIN_PX = 44
"""Of the one link that matters (WCAG 2.2, 2.5.5)."""

_MEASURED = """() => {
    const seen = [...document.querySelectorAll('main *')].filter(each => each.textContent.trim())
    const open = document.querySelector('main a').getBoundingClientRect()
    return {
        wide: document.documentElement.scrollWidth,
        out: seen.filter(each => each.getBoundingClientRect().right > innerWidth + 1
                                 || each.getBoundingClientRect().left < -1).length,
        small: Math.min(...seen.map(each => parseFloat(getComputedStyle(each).fontSize))),
        ground: getComputedStyle(document.querySelector('main')).backgroundColor,
        text: getComputedStyle(document.querySelector('main p:nth-of-type(2)')).color,
        begins: getComputedStyle(document.querySelector('main')).direction,
        tap: open.height,
    }
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    """A window without script, which may ask nobody for anything."""
    context = browser.new_context(viewport={"width": NARROW, "height": HEIGHT}, java_script_enabled=False, offline=True)
    return context.new_page()


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Page:
    """A window in which axe-core can run."""
    return browser.new_context(viewport={"width": NARROW, "height": HEIGHT}).new_page()


def message(language: str, name: str) -> Rendered:
    link = f"{BASE}/sign-in/{'a1B2-' * 8}xyz" if "sign" in name or "known" in name else ""
    return WORDS.draft(name, language, link, "123456", 3, stop=f"{BASE}/stop/{'0123456789abcdef' * 4}", others=3)


@pytest.mark.parametrize(("language", "name"), ALL)
def test_it_is_readable_on_a_narrow_telephone_with_dark_text_and_nothing_fetched(
        page: Page, language: str, name: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    html = message(language, name).html
    page.set_content(html)
    found = page.evaluate(_MEASURED)
    if SCREENS is not None:
        page.screenshot(path=SCREENS / f"message-{name}-{language}-{NARROW}.png", full_page=True)
    assert found["wide"] == NARROW
    assert found["out"] == 0
    assert found["small"] >= FONT_MIN_PX
    assert (found["ground"], found["text"]) == ("rgb(255, 255, 255)", "rgb(26, 26, 26)")
    assert found["begins"] == WORDS.languages[language].direction
    assert found["tap"] >= TAP_MIN_PX
    assert asked == []


PLAIN = """<body style="margin:8px;font:14px/1.4 sans-serif"><h1 dir="auto" style="font-size:14px">{}</h1>
<pre style="white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;unicode-bidi:plaintext">{}</pre>
<pre style="white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;unicode-bidi:plaintext;background:#eef">{}</pre>"""
"""As a program shows plain text: each paragraph in the direction in which it begins."""


@pytest.mark.parametrize(("language", "name"), ALL)
def test_its_plain_text_and_sms_are_whole_on_a_narrow_telephone(page: Page, language: str, name: str) -> None:
    said = message(language, name)
    page.set_content(PLAIN.format(*map(escape, (said.subject, said.text, said.sms))))
    if SCREENS is not None:
        page.screenshot(path=SCREENS / f"message-{name}-{language}-plain-{NARROW}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW
    assert page.locator("pre").first.inner_text().split() == said.text.split()


@pytest.mark.parametrize(("language", "name"), ALL)
def test_nothing_in_it_keeps_somebody_out(reader: Page, language: str, name: str) -> None:
    reader.set_content(message(language, name).html)
    found = Axe().run(reader, options={"runOnly": TAGS}).response["violations"]
    assert [f"{each['id']} ({each['help']})" for each in found] == []


@pytest.mark.parametrize("language", sorted(WORDS.languages))
def test_what_mail_programs_leave_of_it_still_reads_in_its_direction(page: Page, language: str) -> None:
    """Many drop html, head and body: what is inside goes into a page of theirs."""
    inside = message(language, "proposal").html.partition("<main")[2].partition("</main>")[0]
    page.set_content(f'<!DOCTYPE html><html lang="en"><body><main{inside}</main></body></html>')
    found = page.evaluate(_MEASURED)
    assert found["begins"] == WORDS.languages[language].direction
    assert page.locator("main").get_attribute("lang") == language
    assert (found["wide"], found["out"]) == (NARROW, 0)
    assert (found["ground"], found["text"]) == ("rgb(255, 255, 255)", "rgb(26, 26, 26)")
