"""The coordinators' desk in a real browser without JavaScript, from the console's link to an approval and a pause."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.system import Up, up
from tests.journeys.test_browser import asks, comes, sees, signs_in
from tests.journeys.window import WIDTHS, Looks, Window, chromium

pytestmark = [pytest.mark.browser, pytest.mark.prove]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A whole system in which a coordinator looks at everything first."""
    with up(tmp_path_factory.mktemp("desk") / "var", TWOWAY_ASSIST="on") as running:
        yield running


class InBothSchemes(Looks):
    """Light and dark."""

    def accessible(self, page: Page, state: str) -> None:
        for scheme in ("light", "dark"):
            self._reader.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of playwright's literals
            super().accessible(page, f"{state}, {scheme}")


@pytest.fixture
def looks(browser: Browser, system: Up) -> Iterator[Looks]:
    found = InBothSchemes(browser, system.url)
    yield found
    assert found.problems == []


def test_somebody_without_internet_is_asked_for_told_and_answered_for(system: Up, looks: Looks) -> None:
    """In another community than the two of the other test, so that neither meets the other's people."""
    kit, mara = Window(looks, WIDTHS[0]), Window(looks, WIDTHS[1])
    asks(kit, "kit@people.example", "money", "caring", community="hillview")
    mara.opens(system.command("desk", "invite", "lena").stdout.strip())
    mara.clicks("Go to the desk")
    mara.clicks("Ask for somebody who has no internet")
    mara.look("desk-ask")
    mara.clicks("Ask for them")
    assert mara.page.title().startswith("Error:")
    mara.look("desk-ask-error")
    mara.ticks(adult="yes", community="hillview", seeks=["caring"], offers=["money"], ways=["call"], languages=["en"],
               consent="yes")
    mara.page.locator("input[name='alias']").first.check(force=True)
    mara.clicks("Ask for them")
    theirs = mara.page.url.split("?")[0]
    comes(mara, lambda: "We have your request" in mara.opens(theirs).locator("main").inner_text())
    mara.look("desk-person-by-hand")
    comes(mara, lambda: "look at before they go out: 1" in mara.opens("/desk").locator("main").inner_text())
    mara.follows(mara.page.locator("a[href^='/desk/proposals/']"))
    mara.ticks(decision="approve")
    mara.clicks("Save")
    comes(mara, lambda: "Read out to them" in mara.opens(theirs).locator("main").inner_text())
    mara.look("desk-person-suggestion")
    mara.clicks("I have told them")
    mara.clicks("Yes, introduce us")
    signs_in(kit, "kit@people.example")
    sees(kit, "Someone who may fit")
    kit.clicks("Yes, introduce us")
    sees(kit, "Your buddy")
    comes(mara, lambda: "you were introduced" in mara.opens(theirs).locator("main").inner_text())
    withheld = [line["template"] for line in system.lines()
                if line["event.name"] == "message.withheld" and line.get("reason") == "no_address"]
    assert {"received", "proposal", "introduction"} <= {*withheld}
    mara.clicks("They would like to leave")
    mara.look("desk-leave")
    mara.ticks(sure="yes")
    mara.clicks("Leave for them")
    mara.opens(theirs)
    assert mara.heading == "This page is not here"
    assert "Everything adds up." in system.command("verify").stdout


def test_a_coordinator_reads_a_concern_approves_a_suggestion_and_holds_what_is_new(system: Up, looks: Looks) -> None:
    noor, sam, mara = Window(looks, WIDTHS[0]), Window(looks, WIDTHS[1]), Window(looks, WIDTHS[0])
    asks(noor, "noor@people.example", "sleep", "grief")
    asks(sam, "sam@people.example", "grief", "sleep")
    signs_in(noor, "noor@people.example")
    noor.clicks("Raise a concern")
    noor.types(text="I would like to talk to a person of the programme.")
    noor.clicks("Send it")
    link = system.command("desk", "invite", "mara").stdout.strip()
    mara.opens(link)
    mara.look("desk-link")
    mara.clicks("Go to the desk")
    comes(mara, lambda: "look at before they go out: 1" in mara.opens("/desk").locator("main").inner_text())
    mara.look("desk-home")

    mara.clicks("A concern")
    mara.look("desk-concern")
    mara.clicks("Read what they wrote")
    assert "I would like to talk to a person" in mara.text
    mara.look("desk-concern-opened")
    mara.clicks("I have looked at this")
    assert "Concerns and notes: 0" in mara.text

    mara.follows(mara.page.locator("a[href^='/desk/proposals/']"))
    mara.look("desk-proposal")
    mara.clicks("Save")
    assert mara.page.title().startswith("Error:")
    mara.look("desk-proposal-error")
    mara.ticks(decision="approve")
    mara.clicks("Save")
    mara.look("desk-home-after")
    sees(noor, "Someone who may fit")

    comes(mara, lambda: "before they go out: 0" in mara.opens("/desk").locator("main").inner_text())
    sees(noor, "Reference")
    reference = noor.page.locator("p", has_text="Reference").locator("strong").first.inner_text()
    mara.types(reference="nobody")
    mara.clicks("Open")
    mara.look("desk-home-error")
    mara.types(reference=reference.lower())
    mara.clicks("Open")
    mara.look("desk-person")
    mara.clicks("Suggest nobody new to them for now")
    mara.look("desk-person-held")
    sees(noor, "has asked us to suggest no one new to you for now").title()
    noor.look("me-held")
    assert "Someone who may fit" not in noor.text
    mara.clicks("Lift the pause")
    sees(noor, "We are looking for someone who fits")
    mara.opens("/desk")
    mara.clicks("Leave the desk")
    mara.look("desk-left")
    mara.opens("/desk")
    assert mara.heading == "This page is not here"
