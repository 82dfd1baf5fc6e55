"""The partners' guide does what it says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.testing import until
from tests.integration.test_webhooks import listening
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


def javascript() -> str:
    [program] = re.findall(r"```js\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return str(program)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JavaScript library that the guide names, from npm."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("JavaScript's own library of Standard Webhooks needs node and npm")
    folder = tmp_path_factory.mktemp("library")
    got = subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", "standardwebhooks@1.1.1"], cwd=folder,
                         capture_output=True, text=True, timeout=120, check=False)
    if got.returncode != 0:
        pytest.skip("npm can't be reached for JavaScript's own library of Standard Webhooks")
    return folder


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
        form = (await kim.browser.get(link)).form(link)
        await kim.browser.send(form, reply="accept", agreed=["checkins", "training", "introductions"])
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


def test_what_a_partner_is_told_passes_the_guides_checks_in_python_and_javascript(tmp_path: Path, library: Path) -> None:
    with up(tmp_path / "var") as system, listening() as server:
        secret = partner.added(system).secret
        key = system.command("partners", "webhook", "clinic", server.url).stdout.strip()
        assert "took it" in system.command("partners", "test-webhook", "clinic").stdout
        [first] = ran(system, secret, "A referral")
        asyncio.run(_become_a_pair(system))
        asyncio.run(until(lambda: len(server.taken) == 2, "what the partner was told"))
        asyncio.run(_sees(system, "Clinic was told on"))
    (_, (headers, body)), receipt = server.taken, first.split("'receipt': '")[1].split("'")[0]
    assert _python(key, headers, body) == [headers["webhook-id"], "twoway.pair.formed.v1", receipt]
    assert _javascript(library, key, headers, body) == [headers["webhook-id"], "twoway.pair.formed.v1", receipt]
    assert _javascript(library, key, headers, body.replace(b"formed", b"ended!")) is None


async def _sees(system: Up, words: str) -> None:
    async with _kim(system) as kim:
        await kim.signs_in_by_link()
        await kim.sees(words)


def _python(secret: str, headers: dict[str, str], body: bytes) -> list[str]:
    found: dict[str, Any] = {}
    exec(programs()["Being told"], found)  # noqa: S102  # the guide's own program
    return list(found["told"](secret, headers, body))


def _javascript(library: Path, secret: str, headers: dict[str, str], body: bytes) -> list[str] | None:
    """What the guide's function makes of it; None where it throws."""
    (library / "told.js").write_text(f"""{javascript()}
const [secret, headers, body] = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(told(secret, headers, body)));
""", "utf-8")
    done = subprocess.run(["node", "told.js"], cwd=library, input=json.dumps([secret, headers, body.decode()]),
                          capture_output=True, text=True, timeout=60, check=False)
    return list(json.loads(done.stdout)) if done.returncode == 0 else None
