"""The partners' guide does what it says."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from tests.journeys import partner
from tests.journeys.someone import Someone
from tests.journeys.system import Up, clean_environment, up

GUIDE = Path("docs/partners.md")


def programs() -> dict[str, str]:
    """The guide's programs by the heading that they stand under; each builds on the first."""
    sections = re.split(r"^## (.+)$", GUIDE.read_text("utf-8"), flags=re.MULTILINE)
    found = {heading: re.findall(r"```python\n(.*?)```", text, re.DOTALL)
             for heading, text in zip(sections[1::2], sections[2::2], strict=True)}
    return {heading: program for heading, blocks in found.items() for program in blocks}


def ran(system: Up, secret: str, *headings: str) -> list[str]:
    """What the programs under these headings print, run as one."""
    program = "\n".join(programs()[heading] for heading in ("Sending an event", *headings))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60,
                          env=clean_environment(TWOWAY_URL=system.url, TWOWAY_SECRET=secret))
    return done.stdout.splitlines()


def test_the_guides_programs_refer_somebody_and_tell_of_them_once_they_agreed(tmp_path: Path) -> None:
    with up(tmp_path / "var") as system:
        secret = partner.added(system).secret
        [first], [again] = (ran(system, secret, "A referral") for _ in range(2))
        assert first.startswith("202")
        assert "'duplicate': False" in first
        assert "'duplicate': True" in again
        asyncio.run(_become_a_pair(system))
        met, trained, became_of_met, became_of_trained = ran(
            system, secret, "A check-in", "Training", "What became of it")
        assert met.startswith("202")
        assert trained.startswith("202")
        assert "'status': 'recorded'" in became_of_met
        assert "'status': 'recorded'" in became_of_trained
        asyncio.run(_sees_what_was_told(system))
        system.command("verify")


async def _become_a_pair(system: Up) -> None:
    """Whom the guide refers agrees to both on the invitation's page, and finds a buddy."""
    async with _kim(system) as kim, Someone(system.url, "buddy@example.org", seeks=["grief"], offers=["sleep"]) as buddy:
        link = (await kim.gets("invitation")).link
        await kim.browser.send((await kim.browser.get(link)).form(link), reply="accept", agreed=["checkins", "training"])
        await kim.asks()
        await buddy.asks()
        for each in (kim, buddy):
            await each.signs_in_by_link()
        for each in (kim, buddy):
            await each.says("yes")
        await kim.pair()


async def _sees_what_was_told(system: Up) -> None:
    async with _kim(system) as kim:
        await kim.signs_in_by_link()
        await kim.sees_counts(2, 1)
        page = await kim.sees("Listening skills, 20 November 2026, as Clinic told us")
        assert "You listened to" in page.text
        assert page.text.count("as Clinic told us") > 1


def _kim(system: Up) -> Someone:
    return Someone(system.url, "someone@example.org", seeks=["sleep"], offers=["grief"])
