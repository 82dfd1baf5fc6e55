"""`/livez`, `/readyz` and `/metrics`: what a supervisor, a load balancer and Prometheus ask of every service.

`/livez` answers while the process does. `/readyz` answers 200 only when the log is reachable *and* every reader ticks
(as reader or as standby); otherwise 503 with one word for each thing that is not ready.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
Check = Callable[[], Awaitable[Mapping[str, str]]]


def routes(not_ready: Check, metrics: Callable[[], Awaitable[bytes]]) -> list[tuple[str, Asgi]]:
    """The three routes as plain ASGI applications. `not_ready` names what isn't ready and why; empty means ready."""

    async def livez(_scope: Any, _receive: Any, send: Any) -> None:
        await _answer(send, 200, b'{"status":"alive"}')

    async def readyz(_scope: Any, _receive: Any, send: Any) -> None:
        missing = await not_ready()
        body = {"status": "not ready", "waiting_for": missing} if missing else {"status": "ready"}
        await _answer(send, 503 if missing else 200, orjson.dumps(body))

    async def figures(_scope: Any, _receive: Any, send: Any) -> None:
        await _answer(send, 200, await metrics(), b"text/plain; version=0.0.4; charset=utf-8")

    return [("/livez", livez), ("/readyz", readyz), ("/metrics", figures)]


async def _answer(send: Any, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    headers = [(b"content-type", kind), (b"cache-control", b"no-store"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
