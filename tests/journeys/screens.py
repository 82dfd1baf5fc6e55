"""Makes the picture of the README: `python -m tests.journeys.screens`.

A made-up person's own page, as it is when messages go out by a real mail server: a proposal, and moments of a time before.
"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

from tests.integration.notifier_kit import MailServer, mail_server, plain
from tests.journeys.system import up
from tests.journeys.test_browser import asks, sees
from tests.journeys.window import Looks, Window, chromium

PICTURE = Path("docs/screens/my-page.png")
WIDTH = 900
_LINK = re.compile(r"https?://\S+(/sign-in/\S+)")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, mail_server() as mail, up(
            Path(folder) / "var", TWOWAY_SMTP_URL=mail.url, TWOWAY_SMTP_STARTTLS="never",
            TWOWAY_MAIL_FROM="Twoway <hello@people.example>") as system, chromium() as browser:
        looks = Looks(browser, system.url)
        noor, sam, kim = (Window(looks, WIDTH) for _ in range(3))
        asks(noor, "noor@people.example", "sleep", "grief")
        asks(sam, "sam@people.example", "grief", "sleep")
        for person, email in ((noor, "noor@people.example"), (sam, "sam@people.example")):
            signs_in(person, email, mail)
            sees(person, "Someone who may fit")
            person.clicks("Yes, introduce us")
        for person, gestures in ((noor, 2), (sam, 3)):
            for gesture in ("A cup of tea for you", "Thinking of you", "I hear you")[:gestures]:
                sees(person, "Your buddy")
                person.clicks(gesture)
        sees(sam, "Your buddy")
        sam.clicks("End this well")
        sam.ticks(ending="moved_on")
        sam.clicks("End it")
        asks(kim, "kim@people.example", "grief", "sleep")
        sees(noor, "Someone who may fit")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        counts = noor.page.locator(".tw-counts").bounding_box()
        assert counts is not None
        noor.page.screenshot(path=PICTURE, full_page=True, clip={
            "x": 0, "y": 0, "width": WIDTH, "height": counts["y"] + counts["height"] + 14})


def signs_in(person: Window, email: str, mail: MailServer) -> None:
    person.opens("/sign-in")
    person.types(email=email)
    person.clicks("Send me a link")
    deadline = time.monotonic() + 20
    while not (found := [link[1] for message in mail.to(email) if (link := _LINK.search(plain(message)))]):
        assert time.monotonic() < deadline, f"no link came to {email}"
        person.page.wait_for_timeout(50)
    person.opens(found[-1])
    person.clicks("Go to my page")


if __name__ == "__main__":
    main()
