"""The names of a partition's keys. All carry one hash tag, so a partition lives on one slot of a Redis Cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


def place(entry: str) -> tuple[int, int]:
    """An entry id as numbers, which sort as the log does."""
    ms, _, sequence = entry.partition("-")
    return int(ms or 0), int(sequence or 0)


DIRECTORY = "twoway:directory"
"""community → partition; the only key of the log that belongs to no partition."""


@dataclass(frozen=True)
class Partition:
    """Partition number `number` (0, 1, …) and the keys in it."""

    number: int

    @cached_property
    def tag(self) -> str:
        return f"twoway:{{p{self.number}}}"

    @cached_property
    def log(self) -> str:
        return f"{self.tag}:log"

    @cached_property
    def timers(self) -> str:
        return f"{self.tag}:timers"

    @cached_property
    def keys(self) -> str:
        return f"{self.tag}:keys"

    @cached_property
    def dead(self) -> str:
        return f"{self.tag}:dead"

    @cached_property
    def archived(self) -> str:
        """How far the archive goes: the last entry in it, and up to which byte of which file it is good."""
        return f"{self.tag}:archived"

    def cursor(self, service: str) -> str:
        return f"{self.tag}:{service}:cursor"

    def lock(self, role: str) -> str:
        return f"{self.tag}:{role}:lock"

    def seen(self, event_id: str) -> str:
        return f"{self.tag}:seen:{event_id}"

    def of(self, service: str, name: str) -> str:
        return f"{self.tag}:{service}:{name}"
