"""What is for those who run the machines, and not for whoever finds the pages: figures, and the try-out mailbox."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.rendering import Pages

FORWARDED = ("forwarded", "x-forwarded-for")
"""What a web server in front adds; who comes through one comes from outside."""


class Only:
    """ASGI: lets in whoever comes directly and from a private address; for everybody else the page is not here."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if is_near(scope) else self._pages.message("not_found", 404)
        await app(scope, receive, send)


def is_near(scope: Scope) -> bool:
    """A client without an address comes by a socket of this machine."""
    headers = Headers(scope=scope)
    if any(name in headers for name in FORWARDED):
        return False
    try:
        ip = ip_address((scope.get("client") or ("127.0.0.1", 0))[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_private
