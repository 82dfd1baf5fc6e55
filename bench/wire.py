"""A browser that costs next to nothing: one kept connection, one request after another, answers read whole."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int
    """Bytes on the wire, its headers included."""


class Wire:
    """HTTP/1.1 as far as our own pages need it (RFC 9112): answers that say their length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    @classmethod
    async def to(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port), f"127.0.0.1:{port}")

    async def get(self, path: str, cookie: str = "") -> Answer:
        return await self._ask("GET", path, b"", cookie)

    async def post(self, path: str, form: bytes, cookie: str = "") -> Answer:
        return await self._ask("POST", path, form, cookie)

    def close(self) -> None:
        self._writer.close()

    async def _ask(self, method: str, path: str, body: bytes, cookie: str) -> Answer:
        head = (f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\naccept-encoding: gzip\r\nsec-fetch-site: same-origin\r\n"
                f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\ncookie: {cookie}\r\n\r\n")
        self._writer.write(head.encode() + body)
        text = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = text.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        content = await self._reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split()[1]), headers, content, len(text) + len(content))
