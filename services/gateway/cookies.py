"""Four cookies, each a random id and nothing else. None is read by a script; none goes along from another site's page."""

from __future__ import annotations

import re
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Name = Literal["session", "draft", "sign_in", "desk"]

LIVES_S: dict[Name, int] = {"session": 30 * 24 * 3600, "draft": 7 * 24 * 3600, "sign_in": 30 * 60, "desk": 8 * 3600}
_SAME_SITE: dict[Name, Literal["lax", "strict"]] = {"session": "lax", "draft": "lax", "sign_in": "lax", "desk": "strict"}
"""A peer comes from a link in a message. A coordinator's desk is opened from nobody's page but its own."""
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Cookies:
    """`secure` for an installation that is opened by https; then the names say so and no plain page can plant them."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._prefix = "__Host-twoway_" if secure else "twoway_"

    def read(self, request: Request, name: Name) -> str | None:
        """The id, or none when what came is not shaped like one of ours."""
        value = request.cookies.get(self._prefix + name, "")
        return value if _ID.fullmatch(value) else None

    def set(self, response: Response, name: Name, id: str) -> None:
        response.set_cookie(self._prefix + name, id, max_age=LIVES_S[name], path="/", httponly=True,
                            samesite=_SAME_SITE[name], secure=self._secure)

    def clear(self, response: Response, name: Name) -> None:
        response.delete_cookie(self._prefix + name, path="/", httponly=True, samesite="lax", secure=self._secure)

    def renew(self, headers: MutableHeaders, id: str) -> None:
        """The session's cookie lives as long as at first; unless the answer has another one, or takes it away."""
        given = Response()
        self.set(given, "session", id)
        if not any(each.startswith(f"{self._prefix}session=") for each in headers.getlist("set-cookie")):
            headers.append("set-cookie", given.headers["set-cookie"])


class Renewing:
    """ASGI middleware: wherever a page found that a session was due to be renewed, its cookie is renewed too."""

    def __init__(self, app: ASGIApp, cookies: Cookies) -> None:
        self._app, self._cookies = app, cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def renewing(message: Message) -> None:
            if message["type"] == "http.response.start" and (id := scope.get("state", {}).get("renewed")):
                self._cookies.renew(MutableHeaders(scope=message), id)
            await send(message)
        await self._app(scope, receive, renewing)
