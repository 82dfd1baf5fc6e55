"""Two-word names. A peer chooses one of those offered, so that an alias never carries words of anybody's own (rule 13)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

OFFERED = 8
"""Names offered at a time: enough to feel like a choice, few enough to be read aloud by a screen reader."""

_SEED_MAX = 2**31 - 1


@dataclass(frozen=True)
class Aliases:
    """The two lists that names are made of, from the catalogue `aliases.toml`."""

    first: tuple[str, ...]
    second: tuple[str, ...]

    def offer(self, seed: int) -> tuple[str, ...]:
        """Eight different names; the same seed offers the same ones, so a page that comes back shows what it showed."""
        chance = Random(seed)
        return tuple(f"{one} {two}" for one, two in zip(
            chance.sample(self.first, OFFERED), chance.sample(self.second, OFFERED), strict=True))

    def knows(self, alias: str) -> bool:
        """Whether `alias` is one of the names that can ever be offered."""
        one, _, two = alias.partition(" ")
        return one in self.first and two in self.second


def seed(text: str) -> int | None:
    """The seed that a page carries, or none when what came is not one."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return int(text) if int(text) <= _SEED_MAX else None
