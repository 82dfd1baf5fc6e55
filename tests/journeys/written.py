"""Everything that Twoway writes anywhere, to search for what must not be readable in it."""

from __future__ import annotations

import gzip
import urllib.request
from collections.abc import Iterator
from typing import Any

from redis import Redis

from console.running import SERVICES
from tests.journeys.system import Up


def everything(system: Up) -> Iterator[tuple[str, bytes]]:
    """Where, and what: Redis by value and as dumps, the append-only file, archives and other files, logs, metrics."""
    yield from _redis(system)
    for path in sorted(system.data.rglob("*")):
        if path.is_file() and path.name not in ("key", "run.json", "lock"):
            content = path.read_bytes()
            yield str(path.relative_to(system.data)), content
            if path.suffix == ".gz":
                yield f"{path.relative_to(system.data)}, unpacked", gzip.decompress(content)
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


def found(system: Up, canaries: list[str]) -> list[tuple[str, str]]:
    """(canary, where) for each canary that can be read anywhere, in UTF-8, escaped as JSON does, or any case."""
    hits: list[tuple[str, str]] = []
    for where, content in everything(system):
        lowered = content.lower()
        hits += [(canary, where) for canary in canaries
                 if any(form in lowered for form in _forms(canary))]
    return hits


def _forms(canary: str) -> set[bytes]:
    text = canary.lower()
    return {text.encode(), text.encode("unicode_escape").lower(), text.replace("@", "%40").encode()}
