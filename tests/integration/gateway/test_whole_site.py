"""What holds for the site as a whole: health, the try-out mailbox, rebuilding, and what is readable in the store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from redis.asyncio import Redis
from starlette.types import Message

from services.gateway import left_ids
from services.gateway.service import service
from services.gateway.store import PEERS, SERVICE, TABLES
from shared import logs, mailbox
from shared.events import SignInSecret
from shared.rows import KEYS
from shared.stream.names import Partition
from shared.stream.rebuild import rebuild
from tests.integration.gateway.site import GOOD, P0, Site, site
from tests.integration.gateway.test_my_page import Two

P1 = Partition(1)


@asynccontextmanager
async def logged(into: Path) -> AsyncIterator[None]:
    """The logs of this process, set up as a service sets up its own, written to a file."""
    before = structlog.get_config()
    logs.configure("json")
    with into.open("wb") as file:
        structlog.configure(logger_factory=structlog.BytesLoggerFactory(file))
        yield
        structlog.configure(**before)


async def test_health_is_answered_beside_the_pages(here: Site) -> None:
    client = here.visitor().client
    for path in ("/livez", "/metrics"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/static/govuk.css")).headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/openapi.json", "/docs"):
        assert (await client.get(path)).status_code == 404


async def test_an_unknown_page_and_a_wrong_way_to_open_one_are_kind_and_lead_to_urgent_help(here: Site) -> None:
    visitor = here.visitor()
    await visitor.open("/nowhere")
    assert (visitor.status, visitor.heading) == (404, "This page is not here")
    assert visitor.has_urgent_help()
    await visitor.open("/sign-out")
    assert visitor.status == 405
    assert visitor.has_urgent_help()


async def test_without_a_try_out_there_is_no_mailbox(here: Site) -> None:
    visitor = here.visitor()
    await visitor.open("/mailbox")
    assert visitor.status == 404
    assert "try-out" not in visitor.page.text


async def test_in_a_try_out_the_mailbox_shows_what_was_sent_to_whom(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, try_out=True, posts_per_minute=1, sign_ins_per_hour=1) as here:
        for to in ("kim@example.org", "sam@example.org"):
            await mailbox.put(redis, here.host.vault, mailbox.Mail(
                message_id="<1@x>", to=to, subject="Your link", text="Open http://127.0.0.1:8000/sign-in/abc now.\n<b>",
                sent_ms=1_795_000_000_000))
        visitor = here.visitor()
        await visitor.open("/mailbox")
        assert "kim@example.org" in visitor.page.text
        assert "sam@example.org" in visitor.page.text
        await visitor.open("/mailbox?to=Kim@example.org")
        assert "sam@example.org" not in visitor.page.text
        assert not visitor.page.all("b")
        links = [each.attributes["href"] for each in visitor.page.all("a")]
        assert "http://127.0.0.1:8000/sign-in/abc" in links
        await visitor.open("/mailbox?to=%00%ff<script>&to=x")
        assert visitor.status == 200
        for _ in range(3):  # everyone comes from one machine here
            await visitor.post("/sign-in", {"email": "kim@example.org"})
            assert visitor.status == 200


async def test_the_read_model_can_be_thrown_away_and_made_again_from_the_log(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path) as here:
        two = await Two.meet(here)
        pair = await two.paired()
        await two.kim.submit(f"/me/pairs/{pair}/gesture", button=("gesture", "thank_you"))
        await two.kim.open(f"/me/pairs/{pair}/moment")
        await two.kim.submit(f"/me/pairs/{pair}/moment", direction="gave", kind="listened")
        await two.kim.open(f"/me/pairs/{pair}/contact")
        await two.kim.submit(f"/me/pairs/{pair}/contact", contact="07700 900123")
        await here.asks("lee@example.org")
        lee = await here.signed_in("lee@example.org")
        await lee.post("/me/leave", {"sure": "yes"})
        await here.settled()
        vault = here.host.vault
    paths = [table.path(P0, SERVICE) for table in TABLES]
    before = {path: await redis.hgetall(path) for path in paths}
    rows = [PEERS.load(row) for row in before[PEERS.path(P0, SERVICE)].values()]
    assert all(row.consents for row in rows)
    assert await redis.hlen(KEYS.path(P0, SERVICE)) == 2
    await redis.delete(*(table.path(P0, SERVICE) for table in TABLES if table.derived))
    await rebuild(service(P0, tmp_path), P0, redis, vault, tmp_path)
    assert {path: await redis.hgetall(path) for path in paths} == before


async def test_nothing_that_describes_a_person_is_readable_in_the_store_or_the_log_lines(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with logged(log), site(redis_url, redis, tmp_path) as here:
        two = await Two.meet(here)
        pair = await two.paired()
        path = f"/me/pairs/{pair}"
        await two.kim.open(f"{path}/contact")
        await two.kim.submit(f"{path}/contact", contact="07700 900123")
        await two.kim.open(f"{path}/concern")
        await two.kim.submit(f"{path}/concern", text="canary concern")
        draft = here.visitor()
        await draft.open("/ask/alias")
        alias = draft.names_offered()[0]
        await draft.fills_in(**{**GOOD, "seeks": ["hearing_voices"], "ways": ["in_person"]}, area="Canary Wharf",
                             email="canary@example.org", alias=alias, note="A canary in its own words")
        assert draft.path == "/ask/check"
        await two.look()
        aliases = {visitor.page.all("strong")[0].text for visitor in (two.kim, two.sam)} | {alias}
    words = ["kim@example.org", "canary", "Canary", "07700", "hearing_voices", "anxiety", "listening", *aliases]
    found = await _everything(redis) + log.read_bytes()
    assert not [word for word in words if word.encode() in found]
    assert b"page.answered" in found
    assert b"/sign-in/{token}" in found


async def test_a_bug_is_a_kind_page_and_a_log_line_without_a_word_of_what_was_written(
        redis_url: str, redis: Redis, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    async with logged(log), site(redis_url, redis, tmp_path) as here:
        await here.asks("kim@example.org")
        visitor = await here.signed_in("kim@example.org")
        [peer] = await redis.hkeys(PEERS.path(P0, SERVICE))
        await redis.hset(PEERS.path(P0, SERVICE), peer, '{"community": "canary words"}')
        await visitor.open("/me")
        assert (visitor.status, visitor.heading) == (500, "Something went wrong on our side")
        assert visitor.has_urgent_help()
        assert "116 123" in visitor.page.text
    assert b"page.broke" in log.read_bytes()
    assert b"canary" not in log.read_bytes()
    assert "canary" not in "".join(capfd.readouterr())


async def test_whoever_goes_away_while_they_send_is_no_fault_of_ours(
        redis_url: str, redis: Redis, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with logged(log), site(redis_url, redis, tmp_path) as here:
        for path in ("/ask/seeks", "/v1/events"):
            came = iter([{"type": "http.request", "body": b"seeks=", "more_body": True}, {"type": "http.disconnect"}])
            answered: list[Message] = []

            async def receive(came: Iterator[Message] = came) -> Message:
                return next(came)

            async def send(message: Message, answered: list[Message] = answered) -> None:
                answered.append(message)
            headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"9000")]
            await here.app({"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
                            "headers": headers, "client": ("192.0.2.1", 1), "scheme": "http", "root_path": "",
                            "server": ("127.0.0.1", 8000), "http_version": "1.1", "asgi": {"version": "3.0"}}, receive, send)
            assert answered == []
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    assert not [line for line in lines if line["level"] != "info"]
    assert [line["status"] for line in lines if line["message"] == "page.answered"] == [0, 0]


async def test_communities_on_two_partitions_are_one_site(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    async with site(redis_url, redis, tmp_path, partitions=2) as here:
        await here.asks("kim@example.org")
        await here.asks("kim@example.org", community="hillview")
        assert (len(await here.events("peer.joined")), len(await here.events("peer.joined", P1))) == (1, 1)
        visitor = here.visitor()
        await visitor.open("/sign-in")
        await visitor.submit("/sign-in", email="kim@example.org")
        for partition in (P0, P1):
            [asked] = await here.events("sign_in.requested", partition)
            secret = await here.opened(asked["secret"], SignInSecret, partition)
            await visitor.post(f"/sign-in/{secret.token}", {})
            assert visitor.heading == "Your page"
            await visitor.open("/me/break")
            await visitor.submit("/me/break", days="3")
            assert "You are resting until" in visitor.page.text
            assert len(await here.events("break.started", partition)) == 1


def test_a_line_torn_by_a_crash_costs_no_other_line(tmp_path: Path) -> None:
    (tmp_path / left_ids.NAME).write_text("p0 first\np1 sec")
    assert list(left_ids.read(tmp_path)) == [(P0, "first")]
    asyncio.run(left_ids.remember(tmp_path, P1, ["third", "fourth"]))
    assert [peer for _, peer in left_ids.read(tmp_path)] == ["first", "sec", "third", "fourth"]


async def _everything(redis: Redis) -> bytes:
    """Every key and value there is, one after the other."""
    parts: list[bytes] = []
    async for key in redis.scan_iter():
        parts.append(key)
        kind = await redis.type(key)
        if kind == b"hash":
            parts += [part for item in (await redis.hgetall(key)).items() for part in item]
        elif kind == b"stream":
            parts += [part for _, fields in await redis.xrange(key) for item in fields.items() for part in item]
        elif kind == b"string":
            parts.append(await redis.get(key))
        elif kind == b"zset":
            parts += await redis.zrange(key, 0, -1)
        elif kind == b"list":
            parts += await redis.lrange(key, 0, -1)
    return b"\n".join(parts)
