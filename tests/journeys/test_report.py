"""The report's page in a real browser: on a telephone, at a desk, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page

from shared import programme
from shared.report import facts, page, words
from tests.journeys.window import HEIGHT, SCREENS, TAGS, WIDTHS, chromium
from tests.unit.console.reckoned import few, reckoned, town

SHEETS_MAX = 8
"""Of paper, with everything folded: what somebody takes to a meeting."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a year."""
    return written(tmp_path_factory.mktemp("report") / "report.html", 26)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of a few weeks: axe-core takes a second for every hundred cells of a table, and all rows are alike."""
    return written(tmp_path_factory.mktemp("short") / "report.html", 4)


def written(path: Path, weeks: int) -> Path:
    """With every state there is, and a week that was not reckoned."""
    told = [each for each in town(0) if each.name not in ("training", "returns")]
    of = reckoned(weeks, {0: (*told, few("training")), 2: ()})
    said = words.read()
    path.write_text(page.html(facts.report(of, programme.load(), said), said, date(2026, 11, 27), weeks), "utf-8")
    return path


@pytest.fixture
def problems() -> list[str]:
    return []


def opened(browser: Browser, report: Path, width: int, problems: list[str], *, looked_over: bool = False) -> Page:
    """The page as it is; only to be looked over by axe-core it may run what axe-core is."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, java_script_enabled=looked_over,
                                  bypass_csp=looked_over)
    shown = context.new_page()
    shown.on("request", lambda request: problems.append(request.url) if request.url != report.as_uri() else None)
    shown.on("console", lambda message: problems.append(message.text))
    shown.goto(report.as_uri())
    return shown


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_on_it_keeps_anybody_out(browser: Browser, short: Path, width: int, problems: list[str]) -> None:
    shown = opened(browser, short, width, problems, looked_over=True)
    for folded in (True, False):
        if not folded:
            shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        beyond = shown.evaluate("""() => [...document.querySelectorAll('.signal *')].filter(
            each => each.getBoundingClientRect().right > each.closest('.signal').getBoundingClientRect().right + 1).length""")
        assert beyond == 0
        found = Axe().run(shown, options={"runOnly": TAGS}).response["violations"]
        assert [f"{each['id']} ({each['help']}) at {[node['target'] for node in each['nodes']]}" for each in found] == []
    shown.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_it_asks_nobody_and_opens_its_tables_without_script(
        browser: Browser, report: Path, width: int, problems: list[str]) -> None:
    shown = opened(browser, report, width, problems)
    if SCREENS is not None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        shown.screenshot(path=f"{SCREENS}/report-{width}.png", full_page=True)
    first = shown.locator("details").first
    assert not first.locator("table").is_visible()
    first.locator("summary").click()
    assert first.locator("table").is_visible()
    shown.get_by_role("link", name="Felt listened to").click()
    assert shown.locator("#felt_listened_to").bounding_box() is not None
    assert problems == []
    shown.context.close()


def test_it_prints_on_a_few_sheets_and_what_was_opened_is_printed_too(
        browser: Browser, report: Path, problems: list[str]) -> None:
    shown = opened(browser, report, WIDTHS[1], problems)
    folded = sheets(shown)
    assert 1 <= folded <= SHEETS_MAX
    for summary in shown.locator("summary").all():
        summary.click()
    assert sheets(shown) > folded
    shown.context.close()


def sheets(shown: Page) -> int:
    printed = shown.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    return len(re.findall(rb"/Type\s*/Page\b", printed))
