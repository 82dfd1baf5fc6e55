"""Two people in a real browser without JavaScript, one on a small telephone, one at a desk, from the form to the counts."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys import partner
from tests.journeys.system import Up, up
from tests.journeys.window import HEIGHT, WIDTHS, Looks, Window, chromium

FIRST_VISIT_BYTES_MAX = 30_000
"""Everything of the first page, as it comes over the wire: a second on a slow telephone."""

pytestmark = [pytest.mark.browser, pytest.mark.prove]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("browser") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def looks(browser: Browser, system: Up) -> Looks:
    return Looks(browser, system.url)


@pytest.fixture
def phone(looks: Looks) -> Iterator[Window]:
    yield from window(looks, WIDTHS[0])


@pytest.fixture
def desk(looks: Looks) -> Iterator[Window]:
    yield from window(looks, WIDTHS[1])


def window(looks: Looks, width: int) -> Iterator[Window]:
    """Fails the test for whatever was wrong on a page that it came to."""
    opened = Window(looks, width)
    yield opened
    opened.context.close()
    problems, looks.problems = looks.problems, []
    assert problems == []


def fills_in(person: Window, email: str, seeks: str, offers: str, *, until: str = "check", **answers: str | list[str]) -> None:
    """Page after page, each looked at, up to the one called `until`."""
    usual: dict[str, str | list[str]] = {
        "adult": "yes", "community": "riverside", "seeks": [seeks, "listening"], "offers": [offers], "languages": ["en"],
        "ways": ["message", "call"], "times": ["mon_evening", "sat_morning"], "quiet": "any", "consent": "yes"}
    person.opens("/ask")
    person.follows(person.page.locator("main a[href^='/ask/']").first)
    while (step := person.page.url.partition("?")[0].rpartition("/")[2]) not in (until, "check"):
        answers_a_page(person, step, email, usual | answers)


def answers_a_page(person: Window, step: str, email: str, answers: dict[str, str | list[str]]) -> None:
    person.look(f"ask-{step}")
    person.ticks(**{name: values for name, values in answers.items() if person.page.locator(f"input[name='{name}']").count()})
    if step == "alias":
        person.page.locator("input[name='alias']").first.check(force=True)
    if step == "email":
        person.types(email=email)
    person.presses("Continue")


SAYS_MORE: dict[str, str | list[str]] = {
    "newcomers": ["newcomer", "welcomes_newcomers"], "age_band": "25_34", "meets_ages": ["25_34", "35_44"],
    "facts-gender": "another", "facts-talking": "quiet", "prefers-talking": ["quiet"]}
"""About themselves, and whom they would like to meet."""


def asks(person: Window, email: str, seeks: str, offers: str, **answers: str | list[str]) -> None:
    fills_in(person, email, seeks, offers, **answers)
    person.clicks("Send my request")
    assert person.heading == "Thank you for asking"


def signs_in(person: Window, email: str) -> None:
    person.opens("/sign-in")
    person.types(email=email)
    person.clicks("Send me a link")
    person.follows(letter(person, email, "Your link to sign in").locator("a[href*='/sign-in/']"))
    person.clicks("Go to my page")
    assert person.heading == "Your page"


def letter(person: Window, email: str, subject: str) -> Page:
    """Their mailbox, once the newest letter of this subject is there."""
    comes(person, lambda: person.opens(f"/mailbox?to={email}").locator("article", has_text=subject).count() > 0)
    return person.page


def comes(person: Window, look: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not look():
        assert time.monotonic() < deadline, person.text
        person.page.wait_for_timeout(50)


def sees(person: Window, words: str) -> Page:
    comes(person, lambda: words in person.opens("/me").locator("main").inner_text())
    return person.page


def test_two_people_go_from_the_form_to_the_counts(phone: Window, desk: Window) -> None:
    for person, email, seeks, offers in ((phone, "cleo@people.example", "sleep", "grief"),
                                         (desk, "dan@people.example", "grief", "sleep")):
        person.opens("/")
        person.look("start")
        person.clicks("Ask for a buddy")
        person.look("ask")
        fills_in(person, email, seeks, offers, **SAYS_MORE)
        person.look("check")
        person.clicks("Send my request")
        assert re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", person.look("sent").locator("main").inner_text())

    phone.opens("/sign-in")
    phone.look("sign-in")
    phone.types(email="cleo@people.example")
    phone.clicks("Send me a link")
    phone.look("code")
    phone.follows(letter(phone, "cleo@people.example", "Your link to sign in").locator("a[href*='/sign-in/']"))
    phone.look("link")
    phone.clicks("Go to my page")
    desk.opens("/sign-in")
    desk.types(email="dan@people.example")
    desk.clicks("Send me a link")
    other = desk.context.new_page()
    desk.page, first = other, desk.page
    articles = letter(desk, "dan@people.example", "Your link to sign in").locator("article", has_text="Your link to sign in")
    code = re.search(r"\b\d{6}\b", articles.first.inner_text().split("asked for it:")[1])
    desk.look("mailbox")
    desk.page = first
    other.close()
    assert code is not None
    desk.types(code=f"{code[0][:3]} {code[0][3:]}")
    desk.clicks("Continue")
    assert phone.heading == desk.heading == "Your page"

    for person in (phone, desk):
        sees(person, "Someone who may fit")
        person.look("me-with-a-proposal")
        person.clicks("Yes, introduce us")
        person.look("me-answered")
    for person in (phone, desk):
        sees(person, "Your buddy")
        person.look("me-with-a-buddy")
    phone.page.locator("summary", has_text="All that you asked for").click()
    assert "Quietly, and pauses are fine" in phone.look("me-with-all-that-was-asked-for").locator("main").inner_text()
    for person, contact in ((phone, "07700 900123, after six"), (desk, "The blue door, 5 Mill Lane")):
        person.clicks("Offer a way to reach you")
        person.look("contact")
        person.types(contact=contact)
        person.clicks("Offer this")
        person.look(f"me-offered-{'first' if person is phone else 'second'}")
    assert "5 Mill Lane" in sees(phone, "You can reach").locator("main").inner_text()
    phone.look("me-with-contacts")
    assert "07700 900123" in desk.text

    phone.clicks("Write down a moment of support")
    phone.look("moment")
    phone.ticks(direction="received", kind="listened", way="call")
    phone.types(minutes="25")
    phone.clicks("Write it down")
    phone.look("me-written-down")
    sees(desk, "Your buddy")
    desk.clicks("A cup of tea for you")
    desk.look("me-gesture-sent")
    for person, counts in ((phone, ("0", "2")), (desk, ("2", "0"))):
        comes(person, lambda person=person, counts=counts: person.opens("/me") and person.counts() == counts)  # type: ignore[misc]
    phone.look("me-with-a-gesture")


MISSING = ("community", "adult", "seeks", "offers", "ways", "languages", "alias", "email", "consent")
"""Pages that can't be passed over."""


@pytest.mark.parametrize("step", MISSING)
def test_what_is_missing_is_told_in_a_summary_and_beside_the_field(phone: Window, step: str) -> None:
    phone.opens(f"/ask/{step}")
    phone.presses("Continue")
    page = phone.look(f"ask-{step}-with-a-problem")
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
    [link] = page.locator(".govuk-error-summary a").all()
    field = page.locator(str(link.get_attribute("href")))
    assert field.count() == 1
    assert link.inner_text() in page.locator(".govuk-form-group--error").filter(has=field).last.inner_text()
    link.click()
    page.wait_for_url(re.compile("#"))


def test_what_was_typed_and_is_not_right_stays(phone: Window) -> None:
    phone.opens("/ask/email")
    phone.types(email="not an address")
    phone.presses("Continue")
    assert phone.page.locator("[name='email']").input_value() == "not an address"
    phone.opens("/sign-in")
    phone.clicks("Send me a link")
    page = phone.look("sign-in-with-a-problem")
    assert page.title().startswith("Error: ")


def test_back_keeps_the_answers(desk: Window) -> None:
    fills_in(desk, "back@people.example", "money", "forms", avoids=["grief"])
    assert desk.heading == "Check your answers"
    for step in ("consent", "note", "email"):
        desk.clicks("Back")
        assert desk.page.url.endswith(f"/ask/{step}")
    assert desk.page.locator("[name='email']").input_value() == "back@people.example"
    for step, kept in (("offers", ["forms"]), ("seeks", ["money", "listening"]), ("times", ["mon_evening", "sat_morning"])):
        desk.opens("/ask/check")
        desk.follows(desk.page.locator(f"a[href^='/ask/{step}']").first)
        assert desk.checked(step) == kept
        desk.presses("Continue")
        assert desk.heading == "Check your answers"
        desk.page.go_back()
        assert desk.checked(step) == kept


def test_a_request_sent_twice_is_one_request(system: Up, desk: Window) -> None:
    def requests() -> int:
        return sum(line["event.name"] == "request.waiting" for line in system.lines())
    before = requests()
    fills_in(desk, "twice@people.example", "routines", "new_place")
    second = desk.context.new_page()
    second.goto("/ask/check")
    desk.page.get_by_role("button", name="Send my request").dblclick()
    desk.page.wait_for_url("**/ask/sent")
    reference = desk.page.locator(".tw-reference").inner_text()
    second.get_by_role("button", name="Send my request").click()
    assert second.locator(".tw-reference").inner_text() == reference
    desk.page.go_back()
    assert "/ask/check" not in desk.page.url
    comes(desk, lambda: requests() > before)
    letter(desk, "twice@people.example", "We have what you sent")
    assert desk.page.locator("article").count() == 1
    assert requests() == before + 1


def test_everything_else_on_their_page_and_every_way_of_parting(phone: Window, desk: Window) -> None:
    asks(phone, "eva@people.example", "parenting", "caring", community="hillview")
    asks(desk, "finn@people.example", "caring", "parenting", community="hillview")
    signs_in(phone, "eva@people.example")
    signs_in(desk, "finn@people.example")
    phone.look("me-with-another-proposal")
    for person in (phone, desk):
        sees(person, "Someone who may fit")
        person.clicks("Yes, introduce us")
    sees(phone, "Your buddy")
    sees(desk, "Your buddy")
    for link, state in (("Write down a moment", "moment"), ("End this well", "end"), ("Raise a concern", "concern"),
                        ("Block", "block"), ("Messages to you", "messages"), ("Your inbox", "inbox-so-far"),
                        ("take a longer break", "break"), ("Leave Twoway", "leave"), ("Withdraw this request", "withdraw")):
        phone.opens("/me")
        phone.clicks(link)
        phone.look(state)
    for path, button, state in (("/me/break", "Rest now", "break"), ("/me/leave", "Leave", "leave"),
                                ("/me/concern", "Send it", "concern")):
        phone.opens(path)
        phone.presses(button)
        phone.look(f"{state}-with-a-problem")
        assert phone.page.title().startswith("Error: ")
    phone.types(text="A made-up concern.")
    phone.clicks("Send it")
    phone.look("concern-sent")
    phone.opens("/me")
    phone.clicks("Today is a difficult day")
    phone.look("me-resting")
    phone.clicks("Come back now")
    phone.opens("/ask")
    phone.look("already-asking")
    desk.clicks("End this well")
    desk.ticks(ending="moved_on")
    desk.clicks("End it")
    desk.look("me-after-an-ending")
    phone.opens("/me/withdraw")
    phone.clicks("Withdraw my request")
    phone.look("me-without-a-request")
    phone.opens("/ask")
    phone.look("ask-again")
    phone.opens("/me/leave")
    phone.ticks(sure="yes")
    phone.presses("Leave")
    assert phone.heading == "Goodbye, and thank you"
    phone.look("goodbye")
    desk.opens("/me")
    desk.clicks("Sign out")
    desk.look("signed-out")


def test_messages_are_as_somebody_likes_them_and_whoever_wants_none_has_an_inbox(phone: Window, desk: Window) -> None:
    asks(phone, "ines@people.example", "grief", "sleep", community="hillview")
    signs_in(phone, "ines@people.example")
    phone.clicks("Messages to you")
    phone.ticks(hours="own", write="no")
    phone.page.locator("[name='quiet_from']").select_option("22:00")
    phone.page.locator("[name='zone']").select_option("Asia/Karachi")
    phone.page.locator("input[name='kinds'][value='nudge']").uncheck(force=True)
    phone.presses("Save")
    phone.look("messages-with-a-problem")
    assert phone.page.title().startswith("Error: ")
    kept = [phone.page.locator(f"[name='{name}']").input_value() for name in ("quiet_from", "quiet_until", "zone")]
    assert (kept, phone.checked("kinds")) == (["22:00", "", "Asia/Karachi"], ["essential", "kind"])
    phone.page.locator("[name='quiet_until']").select_option("07:00")
    phone.presses("Save")
    assert "Saved." in phone.text
    phone.look("me-without-messages")
    asks(desk, "joel@people.example", "sleep", "grief", community="hillview")
    signs_in(desk, "joel@people.example")
    for person, name in ((phone, "phone"), (desk, "desk")):
        sees(person, "Someone who may fit")
        person.clicks("Yes, introduce us")
        if name == "desk":
            sees(person, "Your buddy")
    comes(phone, lambda: "you were introduced" in phone.opens("/me/inbox").locator("main").inner_text())
    assert "As you asked, we do not write to you" in phone.text
    phone.look("inbox")
    phone.clicks("Messages to you: which")
    phone.look("messages-of-ones-own")
    assert phone.checked("hours") == ["own"]


def test_another_address_is_given_proven_and_theirs(system: Up, phone: Window, desk: Window) -> None:
    asks(phone, "orla@people.example", "stress", "confidence")
    signs_in(phone, "orla@people.example")
    phone.clicks("Messages to you")
    phone.clicks("give another e-mail address")
    phone.look("address")
    phone.types(email="orla@people.example")
    phone.clicks("Send me a link")
    phone.look("address-the-same")
    phone.types(email="orla.moved@people.example")
    phone.clicks("Send me a link")
    phone.look("address-code")
    confirm = letter(desk, "orla.moved@people.example", "A link for this address").locator("a[href*='/me/address/']")
    link = confirm.get_attribute("href")
    assert link is not None
    desk.opens(urlsplit(link).path)
    desk.look("address-elsewhere")
    phone.types(code="000000")
    phone.clicks("Use this address")
    phone.look("address-code-wrong")
    phone.opens(urlsplit(link).path)
    phone.look("address-link")
    phone.clicks("Use this address")
    assert "From now on we write to you at your new address" in phone.text
    phone.look("address-changed")
    letter(desk, "orla@people.example", "A change to where we write")
    signs_in(desk, "orla.moved@people.example")


def test_pages_that_only_say_something(system: Up, phone: Window) -> None:
    for path, state in (("/urgent-help", "urgent-help"), ("/nowhere", "not-found"), ("/ask/sent", "nothing-to-check"),
                        (f"/sign-in/{'x' * 43}", "link"), ("/sign-in/x", "link-spent")):
        phone.opens(path)
        phone.look(state)
    phone.opens("/sign-in/code")
    phone.types(code="123456")
    phone.clicks("Continue")
    phone.look("code-spent")
    partner.added(system).refer(system.url, "browser", "gail@people.example")
    phone.follows(letter(phone, "gail@people.example", "An invitation for you").locator("a[href*='/invitation/']"))
    phone.look("invitation")
    invitation = phone.page.url
    phone.clicks("Ask for a buddy")
    phone.look("ask-invited")
    phone.opens(invitation)
    phone.clicks("No, thank you")
    phone.look("invitation-refused")
    phone.opens(invitation)
    phone.look("invitation-closed")


def test_while_the_store_is_away_pages_say_so_and_keep_what_was_typed(system: Up, phone: Window, desk: Window) -> None:
    fills_in(phone, "away@people.example", "stress", "confidence", until="ways")
    phone.ticks(ways=["message", "letter"])
    os.kill(system.pids()["server"], signal.SIGSTOP)
    try:
        desk.opens("/me")
        phone.presses("Continue")
        phone.look("ask-away")
        assert phone.checked("ways") == ["message", "letter"]
    finally:
        os.kill(system.pids()["server"], signal.SIGCONT)
    comes(phone, lambda: phone.presses("Continue").url.endswith("/ask/languages"))


def test_a_page_that_would_keep_somebody_out_is_noticed(looks: Looks, phone: Window) -> None:
    phone.page.route("**/bad", lambda route: route.fulfill(content_type="text/html", body="""
        <html lang="en"><title>Bad</title><body><main><h1>Bad</h1><p style="color: #ccc; width: 400px">pale</p>
        <img src="data:,"><img src="https://elsewhere.example/x.png" alt=""></main></body></html>"""))
    phone.page.route("https://elsewhere.example/**", lambda route: route.abort())
    phone.opens("/")
    phone.look("start")
    phone.opens("/bad")
    phone.notes("bad")
    told, looks.problems = " ".join(looks.problems), []
    for words in ("color-contrast", "image-alt", "wide in a window of 320 px", "urgent help is at None", "elsewhere.example"):
        assert words in told


def test_a_first_visit_is_light_and_a_keyboard_reaches_the_content_at_once(browser: Browser, system: Up) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": WIDTHS[0], "height": HEIGHT})
    page = context.new_page()
    sizes: list[int] = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto(system.url, wait_until="networkidle")
    assert len(sizes) >= 3, "the page and its style sheets"
    assert sum(sizes) < FIRST_VISIT_BYTES_MAX, sizes
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.wait_for_url("**/#main-content")
    context.close()
