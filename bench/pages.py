"""The pages: what they weigh, how long one takes at 50 requests a second, and how many requests for a buddy one core takes in,
beside a bare FastAPI with the same form and page.

The gateway is a process of its own beside an idle server, its visitors are here. Half a minute.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from redis.asyncio import Redis

from bench.figures import Figure, compared
from bench.wire import Wire
from console.server import Server
from services.gateway import catalogue
from services.gateway.forms import Ask
from services.gateway.steps import STEPS
from services.gateway.store.drafts import Draft, Drafts
from services.gateway.store.sessions import Sessions
from shared.clock import Clock
from shared.sealing import Vault
from shared.testing import until

KEY = bytes(range(32))
ROUNDS, POSTS, AT_A_TIME = 3, 600, 8
RATE, SECONDS = 50, 10
FIRST_PAGE_MAX, PAGE_MAX = 30_000, 45_000
PUBLIC = ("/", "/ask", *(f"/ask/{step.key}" for step in STEPS), "/sign-in", "/urgent-help")
OWN = ("/me", "/me/story", "/me/inbox", "/me/messages")
_ASSET = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
ANSWERS = {"adult": "yes", "community": "riverside", "seeks": ("anxiety", "sleep"), "offers": ("listening", "grief"),
           "ways": ("message", "call"), "languages": "en", "times": ("mon_evening",), "capacity": "1", "quiet": "usual",
           "consent": "yes"}


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        redis, vault = Redis.from_url(server.url), Vault(KEY)
        async with _site("services.gateway", server.url, folder) as (port, pid):
            drafts = [await _draft(redis, vault, n) for n in range(ROUNDS * POSTS + 1)]
            session = await _somebody(redis, vault, port, drafts.pop())
            weights = [await _weight(port, path) for path in PUBLIC] + [await _weight(port, path, session) for path in OWN]
            took = await _at_a_rate(port, session)
            async with _site("bench.bare_site", server.url, folder) as (bare_port, bare_pid):
                ours, bare = [], []
                for n in range(ROUNDS):
                    mine = drafts[n * POSTS:(n + 1) * POSTS]
                    ours.append(await _a_core(port, pid, [_sends_draft(id) for id, _ in mine]))
                    bare.append(await _a_core(bare_port, bare_pid, [
                        _sends("", urlencode(form, doseq=True).encode()) for _, form in mine]))
        await redis.aclose()
    return [
        Figure("the first page with all that it loads", weights[0] / 1000, "kB", None, None, FIRST_PAGE_MAX / 1000,
               at_most=True),
        Figure("the heaviest of the others with all that it loads", max(weights[1:]) / 1000, "kB", None, None, PAGE_MAX / 1000,
               at_most=True, note="every page of asking, signing in, urgent help, my page and what it leads to"),
        Figure(f"a page at {RATE} requests a second, median", median(took), "ms", None, None, 5.0, at_most=True),
        Figure(f"a page at {RATE} requests a second, p99", quantiles(took, n=100)[98], "ms", None, None, 25.0, at_most=True),
        Figure("requests for a buddy a core takes in", median(ours), "posts/s", None, None, 400.0,
               note="checked, sealed, on the log, and the page after it; by the gateway's processor time"),
        compared("requests for a buddy, beside bare FastAPI, Jinja and XADD", "posts/s", ours, bare, 0.5,
                 "the reference checks the same form, seals nothing and shows the same page"),
    ]


@asynccontextmanager
async def _site(module: str, redis_url: str, folder: str) -> AsyncIterator[tuple[int, int]]:
    """A site in a process of its own: its port and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"REDIS_URL": redis_url, "TWOWAY_KEY": base64.urlsafe_b64encode(KEY).decode(), "TWOWAY_PORT": str(port),
                "TWOWAY_DATA": folder, "TWOWAY_TRY_OUT": "1", "TWOWAY_BASE_URL": f"http://127.0.0.1:{port}"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(port), stdout=subprocess.DEVNULL, env=os.environ | settings)
    try:
        await until(lambda: _listens(port), f"{module} listening")
        yield port, process.pid
    finally:
        process.terminate()
        await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as knocks:
        return knocks.connect_ex(("127.0.0.1", port)) == 0


async def _draft(redis: Redis, vault: Vault, n: int) -> tuple[str, dict[str, object]]:
    """A form that was filled in and not sent: its cookie, and what was filled in."""
    peer, id = Clock().new_id(), Clock().new_id()
    answers = ANSWERS | {"alias": _alias(n), "email": f"person-{n}@people.example"}
    fields = {name: value if isinstance(value, tuple) else (value,) for name, value in answers.items()}
    whole = {name: fields.get(name, ()) for name in Ask.model_fields}
    await Drafts(redis, vault).save(id, Draft(peer=peer, request=Clock().new_id(), key=vault.new_key(peer).hex(), fields=whole))
    return id, dict(answers)


def _alias(n: int) -> str:
    names = catalogue.load().aliases.offer(n)
    return names[n % len(names)]


async def _somebody(redis: Redis, vault: Vault, port: int, draft: tuple[str, dict[str, object]]) -> str:
    """Somebody who asked and is signed in: the cookie of their page."""
    begun = await Drafts(redis, vault).load(draft[0])
    assert begun is not None
    await _sends_draft(draft[0])(await Wire.to(port))
    session = Clock().new_id()
    await Sessions(redis, vault).begin(session, begun.peer, 0, Clock().now_ms())
    cookie, wire = f"twoway_session={session}", await Wire.to(port)

    async def is_there() -> bool:
        return (await wire.get("/me", cookie)).status == 200
    assert await until(is_there, "somebody's own page")
    return cookie


async def _weight(port: int, path: str, cookie: str = "") -> int:
    """Bytes over the wire of a page that nobody has opened before, and of everything that it loads."""
    wire = await Wire.to(port)
    page = await wire.get(path, cookie)
    if page.status != 200:
        raise RuntimeError(f"{path} answered {page.status}")
    assets = dict.fromkeys(_ASSET.findall(gzip.decompress(page.body)))
    return page.size + sum([(await wire.get(each.decode())).size for each in assets])


async def _at_a_rate(port: int, cookie: str) -> list[float]:
    """Milliseconds of each page, asked for by the clock whether or not those before have come."""
    wires, took = [await Wire.to(port) for _ in range(RATE)], list[float]()

    async def one(n: int) -> None:
        path = (*PUBLIC, *OWN)[n % len((*PUBLIC, *OWN))]
        began = time.perf_counter()
        await wires[n % RATE].get(path, cookie if path in OWN else "")
        took.append((time.perf_counter() - began) * 1000)

    began, asked = time.perf_counter(), []
    for n in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + n / RATE - time.perf_counter()))
        asked.append(asyncio.create_task(one(n)))
    await asyncio.gather(*asked)
    return took[RATE:]  # the first second warms things up


def _sends_draft(id: str) -> Callable[[Wire], Awaitable[None]]:
    return _sends(f"twoway_draft={id}", b"form=" + id.encode())


def _sends(cookie: str, form: bytes) -> Callable[[Wire], Awaitable[None]]:
    async def send(wire: Wire) -> None:
        answer = await wire.post("/ask/check", form, cookie)
        sent = await wire.get("/ask/sent", cookie)
        if (answer.status, answer.headers.get("location"), sent.status) != (303, "/ask/sent", 200):
            raise RuntimeError(f"the request was not sent: {answer.status}, {answer.headers}")
    return send


async def _a_core(port: int, pid: int, sends: Sequence[Callable[[Wire], Awaitable[None]]]) -> float:
    """How many a second, if the site had one core for itself: some come at a time, and its processor time counts."""
    each = iter(sends)

    async def visitor() -> None:
        wire = await Wire.to(port)
        for send in each:
            await send(wire)
        wire.close()

    before = _processor_s(pid)
    await asyncio.gather(*(visitor() for _ in range(AT_A_TIME)))
    return len(sends) / (_processor_s(pid) - before)


def _processor_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
