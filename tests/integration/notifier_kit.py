"""What the notifier's tests stand on: a mail server that misbehaves as told, a notifier in this process, people on the log."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from redis.asyncio import Redis

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.clock import Clock
from shared.events import REGISTRY, Event, PeerJoined, PreferencesChanged, Profile, QuietHours
from shared.programme import load
from shared.sealing import Vault
from shared.stream.append import Appender, Input
from shared.stream.names import Partition

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
VAULT = Vault(bytes(range(32)))
P0 = Partition(0)
SENDER = "Twoway <hello@example.org>"
WAIT_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(what: Callable[[], Any], within_s: float = WAIT_S) -> Any:
    """Waits until `what` (plain or async) gives something true, and returns that."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        found = what()
        found = await found if asyncio.iscoroutine(found) else found
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, f"still not so after {within_s:.0f} s"
        await asyncio.sleep(0.02)


# ── a mail server ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class MailServer:
    """A real SMTP server. `behaviour[address]` is a list of what it does with each further message to that address:
    `accept`, an answer such as `RCPT 451 …` or `DATA 550 …`, `hang` (no answer before `released`), `drop` (cuts the
    connection before it has taken the message) or `take and drop` (cuts it after). The last entry stays."""

    port: int
    behaviour: dict[str, list[str]] = field(default_factory=dict)
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    """What it does with each further MAIL, as above: an answer such as `MAIL 421 …`, `drop at MAIL`, or `accept`."""
    sessions: int = 0
    """Connections that said hello."""
    senders: list[str] = field(default_factory=list)
    """Of the envelopes, in order: where a bounce would go."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """Message-ID → the message as it came over the wire, the last one with it."""
    tried: Counter[str] = field(default_factory=Counter)
    released: threading.Event = field(default_factory=threading.Event)
    on_taken: Callable[[], None] = lambda: None
    _now: dict[str, str] = field(default_factory=lambda: defaultdict(lambda: "accept"))

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for to, message in list(self.taken) if to == address]

    def ids(self) -> Counter[str]:
        return Counter(message["Message-ID"] for _, message in list(self.taken))

    async def handle_EHLO(self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:
        what = self.mail[0] if self.mail else "accept"
        self.mail = self.mail[1:] or self.mail
        if what.startswith("MAIL "):
            return what.removeprefix("MAIL ")
        if what == "drop at MAIL":
            server.transport.abort()
        envelope.mail_from = address
        self.senders.append(address)
        envelope.mail_options.extend(options)
        return "250 fine"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        wanted = self.behaviour.get(address) or ["accept"]
        what = wanted[min(self.tried[address], len(wanted) - 1)]
        self.tried[address] += 1
        if what.startswith("RCPT "):
            return what.removeprefix("RCPT ")
        self._now[address] = what
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        address = envelope.rcpt_tos[0]
        what = self._now[address]
        if what.startswith("DATA "):
            return what.removeprefix("DATA ")
        if what == "hang":
            while not self.released.is_set():
                await asyncio.sleep(0.02)
        if what != "drop":
            message = message_from_bytes(envelope.content, policy=default)
            self.raw[message["Message-ID"]] = envelope.content
            self.taken.append((address, message))
            self.on_taken()
        if "drop" in what:
            server.transport.abort()
        return "250 taken"


def plain(message: EmailMessage) -> str:
    """What it says as plain text."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@contextmanager
def mail_server(port: int | None = None, **options: Any) -> Iterator[MailServer]:
    server = MailServer(port or free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        server.released.set()
        controller.stop()


# ── a notifier in this process ───────────────────────────────────────────────────────────────────────────────────────


def settings(redis_url: str, smtp_url: str | None, **values: Any) -> NotifierSettings:
    where = {"smtp_url": smtp_url, "mail_from": SENDER} if smtp_url else {"try_out": True}
    return NotifierSettings(key=KEY, redis_url=redis_url, base_url="https://example.org",
                            **({"smtp_starttls": "never", "send_rest_s": 0.05} | where | values))


@asynccontextmanager
async def notifier(redis_url: str, smtp_url: str | None, clock: Clock | None = None, local_hour: int = 12,
                   **values: Any) -> AsyncIterator[Any]:
    """A programme that lies where it is now about `local_hour` o'clock, so that no test depends on the time of day."""
    programme = load().model_copy(update={"time_zone": zone_where_it_is(local_hour)})
    _, host = build(settings(redis_url, smtp_url, **values), programme, clock)
    async with host.lifespan():
        yield host


def zone_where_it_is(hour: int) -> str:
    """A zone without clock changes. Its name counts the other way round: Etc/GMT-3 is three hours ahead of UTC."""
    ahead = (hour - Clock().now_ms() // 3_600_000 + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"


def clock_off_by(hours: float) -> Clock:
    """A worker whose clock is wrong: with one that is behind, waits for the next try are over before they begin."""
    right = Clock()
    return Clock(now_ms=lambda: right.now_ms() + round(hours * 3_600_000))


# ── people on the log ────────────────────────────────────────────────────────────────────────────────────────────────


class Town:
    """Puts people and what they do on the log, as the gateway and the matcher do, and reads what came of it."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._appender = Appender(redis, VAULT)
        self._clock = Clock()
        self.keys: dict[str, bytes] = {}

    async def happens(self, *events: Event) -> list[str]:
        """Returns the ids of the events."""
        inputs = [Input(event, self._clock.new_id()) for event in events]
        await self._appender.append(P0, inputs)
        return [each.id for each in inputs]

    async def key(self, owner: str) -> bytes:
        wrapped = self.keys.setdefault(owner, VAULT.new_key(owner))
        await self.redis.hset(P0.keys, owner, wrapped)
        return wrapped

    async def person(self, name: str, quiet: QuietHours | None = None, email: str = "") -> str:
        """Somebody at `email`, or `<name>@example.org`, for whom every hour is fine unless `quiet` says otherwise."""
        profile = VAULT.seal(name, await self.key(name), Profile(alias="Calm River", email=email or f"{name}@example.org"))
        await self.happens(PeerJoined(peer=name, community="riverside", profile=profile),
                           PreferencesChanged(peer=name, quiet=quiet))
        return name

    async def log(self, *types: str) -> list[tuple[dict[str, str], Any]]:
        """Entries of these types, in order: their fields and `at_ms`, and the event."""
        found: Any = await self.redis.xrange(P0.log)
        entries = [{name.decode(): value.decode() for name, value in fields.items()} | {"at_ms": at.split(b"-")[0].decode()}
                   for at, fields in found]
        return [(each, REGISTRY[each["type"]].model_validate_json(each["body"])) for each in entries
                if each["type"] in types]

    async def outcomes(self) -> dict[str, list[str]]:
        """For each intended message, how it ended."""
        found: dict[str, list[str]] = {}
        for _, event in await self.log("message.intended", "message.delivered", "message.failed", "message.withheld"):
            told = found.setdefault(event.message, [])
            if event.type != "message.intended":
                told.append(event.type.removeprefix("message.") + (f" {event.reason}" if hasattr(event, "reason") else ""))
        return found

    async def all_ended(self, count: int) -> dict[str, list[str]]:
        """Waits until `count` messages were intended and each has ended."""
        async def ended() -> dict[str, list[str]] | None:
            found = await self.outcomes()
            return found if len(found) == count and all(found.values()) else None

        outcomes: dict[str, list[str]] = await until(ended)
        return outcomes
