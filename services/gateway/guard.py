"""What stands before every page: who may post, and what a browser may do with what it gets.

Forms are protected by where a post comes from, not by a token that runs out in an open tab: browsers say so in
`Sec-Fetch-Site`, older ones in `Origin` (the same check as in Go 1.25's CrossOriginProtection). What sends neither is no
browser and carries nobody's cookies. The check trusts that a proxy in front keeps `Host`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.links import STOP

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

CROSS_ORIGIN = re.compile(rf"/v1/events|{STOP}/[^/]+")
"""Partners and mail providers post from anywhere; a signature in it is what counts, and no cookie is looked at."""

POLICY = "; ".join((
    "default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'",
    "frame-ancestors 'none'"))
"""No script at all, nothing inline, nothing from elsewhere, in nobody's frame."""

HEADERS = {
    "content-security-policy": POLICY,
    # Not "no-referrer": with that, browsers send `Origin: null` with a form's post, and older ones send nothing better.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
HSTS = "max-age=31536000"
"""One year, the least that preload lists take; without subdomains, which may not be ours."""


def from_our_pages(method: str, headers: Headers, base_url: str) -> bool:
    """Whether a request may change something as far as its origin goes."""
    if method in SAFE:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return origin == _origin(base_url) or urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:
        return False  # no browser of ours sends what is not a URL


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Guard:
    """ASGI middleware: refuses posts from elsewhere and puts the headers above on every answer."""

    def __init__(self, app: ASGIApp, base_url: str, refusal: Callable[[], Response]) -> None:
        self._app, self._base_url, self._refusal = app, base_url, refusal
        self._headers = HEADERS | ({"strict-transport-security": HSTS} if base_url.startswith("https://") else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        exempt = CROSS_ORIGIN.fullmatch(scope["path"]) is not None
        if exempt or from_our_pages(scope["method"], Headers(scope=scope), self._base_url):
            return await self._app(scope, receive, guarded)
        return await self._refusal()(scope, receive, guarded)
