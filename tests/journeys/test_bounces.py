"""From a mail that came back to another address, on a whole system with a real mail server: nobody is left hanging."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.notifier_kit import MailServer, mail_server, plain
from tests.journeys.system import Up, clean_environment, up
from tests.journeys.test_browser import asks, comes, sees
from tests.journeys.window import Looks, Window, chromium

pytestmark = pytest.mark.browser
BOUNCE = Path(__file__).parents[1] / "data" / "bounces" / "exim-unknown-user.eml"
OLD, NEW = "noor@people.example", "noor.moved@people.example"
_LINK = re.compile(r"https?://[^/\s]+(/(?:sign-in|me/address)/\S+)")


def test_who_cannot_be_reached_finds_it_on_their_page_and_gives_another_address(tmp_path: Path) -> None:
    with mail_server() as mail, up(
            tmp_path / "var", TWOWAY_SMTP_URL=mail.url, TWOWAY_SMTP_STARTTLS="never",
            TWOWAY_MAIL_FROM="Twoway <hello@people.example>", TWOWAY_BOUNCES_TO="bounces@people.example") as system, \
            chromium() as browser:
        noor = Window(Looks(browser, system.url), 320)
        asks(noor, OLD, "sleep", "grief")
        signs_in(noor, mail, OLD)
        assert set(mail.senders) == {"bounces@people.example"}
        assert "came back (5.1.1)" in piped(system, str(mail.to(OLD)[-1]["Message-ID"]))
        sees(noor, "could not reach you")
        noor.look("me-not-reached")
        assert "5.1.1" in system.command("messages", "unreachable", check=False).stdout
        noor.clicks("give another address")
        noor.types(email=NEW)
        noor.clicks("Send me a link")
        noor.opens(link(noor, mail, NEW))
        noor.clicks("Use this address")
        assert "at your new address" in noor.text
        comes(noor, lambda: system.command("messages", "unreachable").stdout.startswith("Nobody"))
        assert not [each for each in mail.to(OLD) if each["Subject"] == "A change to where we write"]
        system.command("verify")
        for line in system.lines():
            assert "people.example" not in str(line)


def signs_in(person: Window, mail: MailServer, email: str) -> None:
    person.opens("/sign-in")
    person.types(email=email)
    person.clicks("Send me a link")
    person.opens(link(person, mail, email))
    person.clicks("Go to my page")


def link(person: Window, mail: MailServer, email: str) -> str:
    """In the latest message that has one."""
    def found() -> list[str]:
        return [each[1] for message in mail.to(email) if (each := _LINK.search(plain(message)))]
    comes(person, lambda: bool(found()))
    return found()[-1]


def piped(system: Up, message_id: str) -> str:
    """What `twoway bounce` says to a mail server that pipes it in."""
    content = BOUNCE.read_text("utf-8").replace("@MESSAGE-ID@", message_id)
    return subprocess.run([sys.executable, "-m", "console.main", "bounce"], input=content, capture_output=True, text=True,
                          env=clean_environment(TWOWAY_DATA=str(system.data)), timeout=60, check=True).stdout
