"""Made-up names, addresses, telephone numbers and topics go through every field there is; nothing written bears them."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from shared import mailbox
from shared.clock import DAY_MS, Clock
from shared.sealing import Vault, parse_key
from shared.stream.archive import archivist
from shared.stream.names import Partition
from tests.journeys import partner, written
from tests.journeys.someone import Someone, comes
from tests.journeys.system import Up, up

PROGRAMME = Path(__file__).with_name("canary_programme.toml")
LOG = "twoway:{p0}:log"

MARA, ODO, DEE = ("mara.thistlequern@zebrafield.example", "odo.pennywhistle@zebrafield.example",
                  "dee.saltmarrow@zebrafield.example")
ODO_NEW = "odo.hobblethorn@zebrafield.example"
TYPED = [
    MARA, "thistlequern", ODO, "pennywhistle", DEE, "saltmarrow", "zebrafield",
    "Brindlecombe Hollow", "07700 900941", "12 Wrenbury Steps", "07700 900952", "@odo_pipistrelle",
    "Quennelby", "Underwhistle Row",                                                    # a first name, a changed request
    "Hazelgrieve said a frightening thing", "my sister Ottoline",                       # concerns
    "nobody.hobblethorn@zebrafield.example", "hobblethorn", "Isolde Fernsby",            # typed where they do not belong
    "consent-of-Saltmarrow-Dee", "as Dee Saltmarrow put it", "Saltmarrow file 4711", "Doctor Umberfold",  # a partner's event
    "Saltmarrow client 0815", "Umberfold client 0816", "Bearing Wexcombe's sorrow together",  # what a partner tells later
]


pytestmark = pytest.mark.prove


@dataclass
class Lived:
    """A system in which people went through everything, and what must not be readable in what it wrote."""

    system: Up
    canaries: list[str] = field(default_factory=list)

    @property
    def vault(self) -> Vault:
        key_file = self.system.running.key_file
        assert key_file is not None
        return Vault(parse_key(key_file.read_text()))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("canaries")
    with up(folder / "var", TWOWAY_PROGRAMME=str(PROGRAMME), TWOWAY_LOG_LEVEL="debug") as system:
        programme = tomllib.loads(PROGRAMME.read_text("utf-8"))
        [(key, fact)] = programme["facts"].items()
        tables = [programme[name] for name in ("topics", "languages", "age_bands")]
        tables += [fact["values"], {key: fact["question"]}]
        words = [word for table in tables for pair in table.items() for word in pair]
        lived = Lived(system, TYPED + [word for word in words if word not in ("en", "English")])
        asyncio.run(live(lived))
        yield lived


async def live(lived: Lived) -> None:
    system, url = lived.system, lived.system.url
    same: dict[str, Any] = {"languages": ["en", "tongue_velmarish"], "ways": ["message", "call", "in_person"],
                            "area": "Brindlecombe Hollow", "times": ["mon_morning", "sun_evening"], "capacity": "2",
                            "newcomers": ["newcomer", "welcomes_newcomers"], "age_band": "band_youngerfinch",
                            "meets_ages": ["band_youngerfinch"], "facts-trait_harrowmint": "said_embercroft",
                            "chosen_limits-trait_harrowmint": ["said_embercroft", "said_fallowreed"],
                            "prefers-trait_harrowmint": ["said_embercroft"]}
    mara = Someone(url, MARA, seeks=["sought_tremorwood", "shown_bellowmere"], avoids=["avoided_grimsedge"],
                   offers=["offered_marlhaven", "other_coldharbour"], showable=["shown_bellowmere"], **same)
    odo = Someone(url, ODO, seeks=["offered_marlhaven"], offers=["sought_tremorwood", "shown_bellowmere"],
                  showable=["offered_marlhaven"], **same)
    dee = Someone(url, DEE, seeks=["other_coldharbour"], offers=["avoided_grimsedge"], **same)
    async with mara, odo, dee:
        await misplaced(mara, url)
        for each in (mara, odo):
            await each.asks()
            lived.canaries.append(each.alias)
        await mara.signs_in_by_link()
        await odo.signs_in_by_code()
        for each in (mara, odo):
            await each.says("yes")
        await befriended(mara, odo)
        await referred(lived, dee)
        await each_parts(mara, odo, dee)
        for each in (mara, odo, dee):
            lived.canaries += [mail.link.rsplit("/", 1)[1] for mail in await each.mails()
                               if mail.kind in ("sign_in", "invitation")]
    system.command("verify")


async def misplaced(someone: Someone, url: str) -> None:
    """What people, programs and enemies put where it does not belong."""
    strange: dict[str, dict[str, str]] = {
        "email": {"email": "Isolde Fernsby, hobblethorn"}, "ways": {"area": "Isolde Fernsby"},
        "whom": {"chosen_limits-hobblethorn": "Isolde Fernsby", "prefers-x": "hobblethorn"},
        "note": {"note": "hobblethorn" * 200}}
    for step, answers in strange.items():
        page = await someone.browser.get(f"/ask/{step}")
        assert (await someone.browser.send(page.form(f"/ask/{step}"), **answers)).status == 422
    await someone.browser.send((await someone.browser.get("/sign-in")).form("/sign-in"),
                               email="nobody.hobblethorn@zebrafield.example")
    await someone.browser.send((await someone.browser.get("/sign-in/code")).form("/sign-in/code"), code="Isolde Fernsby")
    headers = {"user-agent": "Isolde Fernsby", "referer": f"{url}/hobblethorn", "cookie": "twoway_session=hobblethorn",
               "x-forwarded-for": "hobblethorn", "traceparent": "00-hobblethorn-hobblethorn-01"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        for path in ("/hobblethorn", "/me?said=hobblethorn", "/sign-in/hobblethorn", "/invitation/hobblethorn",
                     "/mailbox?to=hobblethorn@zebrafield.example", "/v1/receipts/hobblethorn", "/me/pairs/hobblethorn/end"):
            assert (await client.get(path)).status_code < 500, path
        for body in (b'{"name": "Isolde Fernsby"}', b"text=Isolde+Fernsby&text=\xff\xfe"):
            assert (await client.post("/me/concern", content=body)).status_code < 500
        assert (await client.post("/v1/events", content=b'{"subject": "Isolde Fernsby"}', headers={
            "content-type": "application/cloudevents+json", "webhook-id": "hobblethorn"})).status_code == 401


async def befriended(mara: Someone, odo: Someone) -> None:
    """Everything that buddies do."""
    await mara.within("contact", contact="07700 900941, or come to 12 Wrenbury Steps")
    await odo.within("contact", contact="07700 900952 or @odo_pipistrelle")
    await mara.sees("@odo_pipistrelle")
    await odo.sees("12 Wrenbury Steps")
    await mara.within("moment", direction="gave", kind="shared_experience", minutes="35")
    await odo.taps("cup_of_tea")
    await mara.within("concern", text="Hazelgrieve said a frightening thing, call me on 07700 900941")
    concern = (await odo.browser.get("/me/concern")).form("/me/concern")
    await odo.browser.send(concern, text="It is about my sister Ottoline")
    assert (await odo.browser.send(concern, text="Isolde Fernsby " * 400)).status == 422
    await odo.browser.send((await odo.browser.get("/me/messages")).form("/me/messages"), hours="usual")
    await odo.browser.send((await odo.browser.get("/me/messages")).form("/me/messages"), hours="any")
    another = (await odo.browser.get("/me/address")).form("/me/address")
    await odo.browser.send(another, email=ODO_NEW)
    await odo.browser.send((await odo.me()).form("/me/break"))
    await odo.browser.send((await odo.me()).form("/me/back"))
    await mara.gets("gesture")
    await one_s_own(mara, odo)


async def one_s_own(mara: Someone, odo: Someone) -> None:
    """A first name, a request that is said anew, and the file with everything: theirs, and nothing of the other's."""
    await mara.browser.send((await mara.browser.get("/me/name")).form("/me/name"), first_name="Quennelby")
    await odo.sees("Quennelby")
    changed = (await mara.browser.get("/me/request/change")).form("/me/request/change")
    await mara.browser.send(changed, area="Underwhistle Row")
    await mara.sees("Underwhistle Row")
    kept = await odo.browser.send((await odo.browser.get("/me/download")).form("/me/download"))
    assert "It is about my sister Ottoline" in kept.text
    for hers in (MARA, "Underwhistle Row", "Hazelgrieve", "avoided_grimsedge", "other_coldharbour"):
        assert hers not in kept.text


async def referred(lived: Lived, dee: Someone) -> None:
    """Partner's events with everything in them that an event may bear, and some that are refused."""
    clinic, url = partner.added(lived.system), lived.system.url
    event: dict[str, Any] = {
        "specversion": "1.0", "id": "Saltmarrow file 4711", "source": partner.SOURCE, "type": "twoway.referral.made.v1",
        "subject": "Doctor Umberfold", "referredby": "Doctor Umberfold", "time": "2026-11-23T10:00:00Z",
        "data": {"community": "riverside", "email": dee.email, "scope": ["joined", "checkins", "training"],
                 "person": "Saltmarrow client 0815",
                 "consent": {"reference": "consent-of-Saltmarrow-Dee", "wording": "as Dee Saltmarrow put it"}}}
    async with httpx.AsyncClient(base_url=url) as client:
        for status, sent in ((202, event), (202, event), (409, event | {"data": event["data"] | {"email": MARA}}),
                             (400, event | {"data": event["data"] | {"name": "Isolde Fernsby"}}),
                             (400, event | {"type": "Isolde Fernsby"})):
            await sends(client, clinic, sent, status)
        link = (await dee.gets("invitation")).link
        accepted = (await dee.browser.get(link)).form(link)
        await dee.browser.send(accepted, reply="accept", agreed=["checkins", "training"])
        await dee.asks()
        lived.canaries.append(dee.alias)
        await dee.signs_in_by_link()
        await dee.sees("Partners and you")
        await told(client, clinic, dee, event)


async def told(client: httpx.AsyncClient, clinic: partner.Partner, dee: Someone, event: dict[str, Any]) -> None:
    """Check-ins and training, taken and refused, and what became of them."""
    here = {"community": "riverside", "person": "Saltmarrow client 0815"}
    met = event | {"type": "twoway.checkin.recorded.v1", "data": here | {
        "happened": "2026-11-20T10:00:00Z", "moments": [{"kind": "listened", "direction": "both", "minutes": 40}]}}
    trained = event | {"type": "twoway.training.completed.v1", "data": here | {
        "title": "Bearing Wexcombe's sorrow together", "completed": "2026-11-20"}}
    receipts = []
    for number, (status, sent) in enumerate((
            (202, trained), (202, met), (202, met | {"data": met["data"] | {"buddy": "Umberfold client 0816"}}),
            (202, trained | {"data": trained["data"] | {"person": "Umberfold client 0816"}}),
            (400, met | {"data": met["data"] | {"note": "Isolde Fernsby"}}))):
        answer = await sends(client, clinic, sent | {"id": f"Saltmarrow file 4711 {number}"}, status)
        receipts.append(str(answer.get("receipt", "")))
    await dee.sees("Bearing Wexcombe's sorrow together, 20 November 2026, as Clinic told us")

    async def settled() -> bool:
        became = [clinic.became(dee.url, receipt) for receipt in receipts[:4]]
        return [each["status"] for each in became] == ["recorded", "refused", "refused", "refused"]
    await comes(settled, "what became of everything that the partner told")


async def sends(client: httpx.AsyncClient, clinic: partner.Partner, event: dict[str, Any], status: int) -> dict[str, Any]:
    body = json.dumps(event)
    answer = await client.post("/v1/events", content=body, headers={
        "content-type": "application/cloudevents+json", **clinic.signed(event["id"], body)})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def each_parts(mara: Someone, odo: Someone, dee: Someone) -> None:
    """Ends, blocks, withdraws, and one leaves."""
    await mara.within("end", ending="one_side")
    await odo.sees("Your request")
    await dee.browser.send((await dee.browser.get("/me/withdraw")).form("/me/withdraw"))
    assert (await mara.leaves()).heading == "Goodbye, and thank you"


def test_nothing_that_describes_a_person_can_be_read_in_anything_that_is_written(lived: Lived, tmp_path: Path) -> None:
    lived.system.command("backup", str(tmp_path / "backup"))
    searched = {where for where, _ in written.everything(lived.system, tmp_path / "backup")}
    assert {LOG, f"the dump of {LOG}", "the names of keys", "the log of all services", "notifier's metrics"} <= searched
    assert any("appendonly" in where for where in searched)
    assert any(where.startswith("backup/p0.log") for where in searched)
    assert len(lived.canaries) > 35
    assert written.found(lived.system, lived.canaries, tmp_path / "backup") == []


def test_what_moves_to_the_archive_stays_unreadable(lived: Lived) -> None:
    async def archive() -> int:
        async with AsyncRedis.from_url(lived.system.running.redis_url) as redis:
            return await archivist(redis, [Partition(0)], lived.system.data, Clock().now_ms() + 100 * DAY_MS,
                                   retention_days=30, archive_months=24)
    assert asyncio.run(archive()) > 50
    searched = {where for where, _ in written.everything(lived.system)}
    assert any(re.search(r"archive/p0/.*, unpacked", where) for where in searched)
    assert written.found(lived.system, lived.canaries) == []
    lived.system.command("verify")


def test_subjects_and_previews_give_nothing_away(lived: Lived) -> None:
    async def all_of_them() -> list[mailbox.Mail]:
        async with AsyncRedis.from_url(lived.system.running.redis_url) as redis:
            return await mailbox.read(redis, lived.vault)
    mails = asyncio.run(all_of_them())
    assert {MARA, ODO, ODO_NEW, DEE} == {mail.to for mail in mails}
    assert len({mail.subject for mail in mails}) > 4
    tokens = [canary for canary in lived.canaries if len(canary) > 42]
    for mail in mails:
        preview = f"{mail.subject} {' '.join(mail.text.split())}"[:300].lower()
        assert [canary for canary in lived.canaries if canary.lower() in preview and canary not in tokens] == []


def test_what_operators_look_at_shows_ids_and_what_they_open_is_noted_without_a_word_of_it(lived: Lived) -> None:
    concerns = json.loads(lived.system.command("concerns", "list", "--json", check=False).stdout)
    said = [lived.system.command(*words, check=False) for words in (
        ("status", "--json"), ("status",), ("concerns", "list"), ("partners", "list"), ("dead-letters", "list"),
        *(("trace", each["concern"]) for each in concerns), *(("trace", each["peer"]) for each in concerns))]
    shown = "".join(ran.stdout + ran.stderr for ran in said).lower()
    assert [canary for canary in lived.canaries if canary.lower() in shown] == []
    opened = [lived.system.command("concerns", "show", each["concern"], check=False) for each in concerns]
    assert "Ottoline" in "".join(ran.stdout for ran in opened)
    assert "Hazelgrieve" not in "".join(ran.stdout for ran in opened), "whoever wrote that has left"
    assert [canary for canary in lived.canaries for ran in opened if canary.lower() in ran.stderr.lower()] == []
    assert written.found(lived.system, lived.canaries) == []


def test_what_coordinators_open_at_the_desk_is_noted_without_a_word_of_it_and_nobody_else_sees_it(lived: Lived) -> None:
    concerns = json.loads(lived.system.command("concerns", "list", "--json", check=False).stdout)
    link = lived.system.command("desk", "invite", "quill").stdout.strip()
    headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    paths = [f"/desk/concerns/{each['concern']}" for each in concerns] + [f"/desk/people/{each['peer']}" for each in concerns]
    with httpx.Client(base_url=lived.system.url, follow_redirects=True, headers=headers) as desk:
        assert "The desk" in desk.post(link, content="").text
        opened = "".join(desk.post(path, content="").text for path in paths if "concerns" in path)
        assert "my sister Ottoline" in opened
        looked = "".join(desk.get(path).text for path in ("/desk", *paths))
        assert "Ottoline" not in looked
        assert MARA not in looked + opened
        assert ODO not in looked + opened
    with httpx.Client(base_url=lived.system.url, headers=headers) as stranger:
        for path in ("/desk", *paths, "/desk/find"):
            assert {stranger.get(path).status_code, stranger.post(path, content="").status_code} <= {404, 405}
    lived.canaries.append(link.rsplit("/", 1)[1])
    assert written.found(lived.system, lived.canaries) == []


def test_the_search_does_find_what_stands_somewhere_in_clear(lived: Lived, tmp_path: Path) -> None:
    planted = {name: f"{name}ówl Quenchfeather" for name in ("stream", "sealed", "archive", "log", "score", "backup")}
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "p0.jsonl.gz").write_bytes(gzip.compress(json.dumps({"name": planted["backup"]}).encode()))
    archive = lived.system.data / "archive" / "p0" / "2020-01-01.jsonl.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(gzip.compress(planted["archive"].upper().encode()))
    with lived.system.log.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"path": "/me?name=" + quote_plus(planted["log"])}) + "\n")
    with Redis.from_url(lived.system.running.redis_url) as redis:
        redis.xadd(LOG, {"type": "canary.sung", "v": "1", "id": "canary", "body": planted["stream"]})
        redis.hset("twoway:{p0}:gateway:peers", "canary", b64encode(b'{"email":"' + planted["sealed"].encode() + b'"}'))
        redis.zadd("twoway:{p0}:timers", {planted["score"]: 9e15})
    hits = written.found(lived.system, list(planted.values()), folder)
    found = {name: {where for canary, where in hits if canary == text} for name, text in planted.items()}
    assert {LOG, f"the dump of {LOG}"} <= found["stream"]
    assert any("appendonly" in where for where in found["stream"])
    assert "twoway:{p0}:gateway:peers" in found["sealed"]
    assert found["archive"] == {"var/archive/p0/2020-01-01.jsonl.gz, unpacked"}
    assert found["log"] == {"the log of all services"}
    assert "twoway:{p0}:timers" in found["score"]
    assert found["backup"] == {"backup/p0.jsonl.gz, unpacked"}
