"""Everything that Twoway writes anywhere, to search for what must not be readable in it."""

from __future__ import annotations

import gzip
import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from redis import Redis

from shared import SERVICES
from tests.journeys.system import Up

URL_SAFE = bytes.maketrans(b"+/", b"-_")


def everything(system: Up, *folders: Path) -> Iterator[tuple[str, bytes]]:
    """Where, and what: Redis by value and as dumps, the append-only file, archives and other files, logs, metrics, and
    all files of further `folders`."""
    yield from _redis(system)
    for folder in (system.data, *folders):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in ("key", "run.json", "lock"):
                content = path.read_bytes()
                yield str(path.relative_to(folder.parent)), content
                if path.suffix == ".gz":
                    yield f"{path.relative_to(folder.parent)}, unpacked", gzip.decompress(content)
    yield "the log of all services", system.log.read_bytes()
    for service in SERVICES:
        host, port = system.running.health_address(service)
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as answer:  # our own address
            yield f"{service}'s metrics", answer.read()


def _redis(system: Up) -> Iterator[tuple[str, bytes]]:
    with Redis.from_url(system.running.redis_url) as redis:
        for key in redis.scan_iter(count=1000):
            yield "the names of keys", key
            yield f"the dump of {key.decode()}", redis.dump(key) or b""
            yield key.decode(), repr(_value(redis, key)).encode()


def _value(redis: Any, key: bytes) -> Any:
    readers = {b"hash": redis.hgetall, b"string": redis.get, b"stream": redis.xrange, b"set": redis.smembers,
               b"zset": lambda name: redis.zrange(name, 0, -1, withscores=True),
               b"list": lambda name: redis.lrange(name, 0, -1)}
    return readers[redis.type(key)](key)


def found(system: Up, canaries: Sequence[str], *folders: Path) -> list[tuple[str, str]]:
    """(canary, where) for each canary that can be read anywhere, in any case and in any form that text takes on its way."""
    forms = {canary: _forms(canary) for canary in canaries}
    hits: list[tuple[str, str]] = []
    for where, content in everything(system, *folders):
        lowered = content.lower()
        hits += [(canary, where) for canary in canaries
                 if any(form in (content if exact else lowered) for form, exact in forms[canary])]
    return hits


def _forms(canary: str) -> set[tuple[bytes, bool]]:
    """How it could stand there, and whether case matters: UTF-8, as JSON or Python escape it, as a form or a link bears it,
    in base64 whatever comes before it."""
    texts = {canary, canary.lower(), canary.upper()}
    loose = {form.lower() for text in texts for form in (
        text.encode(), text.encode("unicode_escape"), repr(text.encode())[2:-1].encode(), json.dumps(text)[1:-1].encode(),
        quote(text).encode(), quote_plus(text).encode())}
    exact = {b64encode(before + text.encode())[4 if before else 0:-4] for text in texts for before in (b"", b"x", b"xx")}
    return {(form, False) for form in loose} | {(form, True) for form in exact | {form.translate(URL_SAFE) for form in exact}}
