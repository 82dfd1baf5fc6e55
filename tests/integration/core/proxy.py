"""A wire that can be cut: forwards to a server and, when told, loses the answer to a write that the server has done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """`lose` is asked for each script call whether its answer gets lost; the server has run the script by then."""

    def __init__(self, url: str, lose: Callable[[], bool]) -> None:
        self._to = urlsplit(url)
        self._lose = lose
        self.url = ""
        self.lost = 0
        self.links: set[asyncio.Task[None]] = set()

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._link(reader, writer))
        self.links.add(link)
        link.add_done_callback(self.links.discard)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        losing = asyncio.Event()

        async def ask() -> None:
            while data := await reader.read(1 << 20):
                if b"EVALSHA" in data and self._lose():
                    losing.set()
                back.write(data)

        async def answer() -> None:
            while data := await there.read(1 << 20):
                if losing.is_set():
                    self.lost += 1
                    return
                writer.write(data)

        both = [asyncio.create_task(ask()), asyncio.create_task(answer())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            back.transport.abort()
            writer.transport.abort()


@asynccontextmanager
async def wire(url: str, lose: Callable[[], bool]) -> AsyncIterator[Wire]:
    made = Wire(url, lose)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    to = urlsplit(url)
    credentials = to.netloc.rpartition("@")[0]
    made.url = urlunsplit(to._replace(netloc=f"{credentials}@127.0.0.1:{port}" if credentials else f"127.0.0.1:{port}"))
    try:
        yield made
    finally:
        server.close()
        links = list(made.links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
