"""Reading a request's body, up to a limit."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

BODY_MAX = 64 * 1024
"""Bytes. The longest form we have, every box ticked and the longest text in four-byte letters, has 30 kB."""


async def read(request: Request, limit: int = BODY_MAX) -> bytes:
    """The whole body. Raises HTTPException 413, before reading where the length is announced."""
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced) > limit:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413)
    return bytes(body)
