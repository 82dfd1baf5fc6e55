"""Gives bits to words, so that sets of them become masks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

BITS_MAX = 64
KEPT_MAX = 10_000
"""Masks whose words are kept at hand: two megabytes or three."""


class TooVaried(ValueError):
    """There are more different words than a mask has bits."""


class Areas:
    """Areas and their numbers, `most` at most and 0 for none."""

    def __init__(self, most: int) -> None:
        self._most, self._number, self._names = most, {"": 0}, [""]

    def number(self, name: str) -> int:
        """A new one gets the next. Raises TooVaried, and then it has none."""
        found = self._number.get(name)
        if found is None:
            if (found := len(self._names)) > self._most:
                raise TooVaried(f"area {name[:40]!r}: a pool can have {self._most:,} different ones, and has them")
            self._number[name] = found
            self._names.append(name)
        return found

    def name(self, number: int) -> str:
        return self._names[number]


class Told(NamedTuple):
    """The words of a mask."""

    words: tuple[str, ...]
    """In their order."""
    each: frozenset[str]


class Words:
    """Each new word takes the next bit; of several at once, in the order of the alphabet."""

    def __init__(self, kind: str, most: int = BITS_MAX, order: Callable[[str], Any] | None = None) -> None:
        """`order`: in which words are told again, if not in that of the alphabet."""
        self._kind, self._most, self._order = kind, most, order or str
        self._bit: dict[str, int] = {}
        self._in_order: list[tuple[str, int]] = []
        self._of_mask: dict[int, Told] = {}

    def __len__(self) -> int:
        return len(self._bit)

    def mask(self, words: Collection[str]) -> int:
        """Raises TooVaried before any new word has taken a bit."""
        try:
            return self._known(words)
        except KeyError:
            return self.masks(words)[0]

    def known(self, words: Iterable[str]) -> int:
        """The mask of those that have a bit; none gets one."""
        return sum(self._bit.get(word, 0) for word in set(words))

    def masks(self, *several: Collection[str]) -> list[int]:
        """One for each of them. Raises TooVaried before any new word of any of them has taken a bit."""
        try:
            return [self._known(words) for words in several]
        except KeyError:
            self._learn(sorted({*chain(*several)} - self._bit.keys()))
            return [self._known(words) for words in several]

    def told(self, mask: int) -> Told:
        found = self._of_mask.get(mask)
        if found is None:
            if len(self._of_mask) >= KEPT_MAX:
                self._of_mask.clear()
            words = tuple(word for word, bit in self._in_order if mask & bit)
            found = self._of_mask[mask] = Told(words, frozenset(words))
        return found

    def _known(self, words: Iterable[str]) -> int:
        """Raises KeyError at a word without a bit."""
        mask, bit = 0, self._bit
        for word in words:
            mask |= bit[word]
        return mask

    def _learn(self, new: list[str]) -> None:
        if len(self._bit) + len(new) > self._most:
            raise TooVaried(f"{self._kind} {new[-1][:40]!r}: a pool can have {self._most} different ones, and has them")
        for word in new:
            self._bit[word] = 1 << len(self._bit)
        self._in_order = sorted(self._bit.items(), key=lambda each: self._order(each[0]))


Traits = Mapping[str, str]
"""Key of a fact -> this person's value."""

Allowed = Mapping[str, frozenset[str]]
"""Key of a fact -> values; without any, nothing is asked."""


class TraitBits:
    """One bit for each value that anybody asks about, and for each key one more for everything else.

    So every person has exactly one bit of a key. Whom a limit leaves out are all bits of its key but those of its
    values: two are within each other's limits when what the one is and what the other refuses have no bit in common.
    """

    def __init__(self, asked: Iterable[Allowed]) -> None:
        values: dict[str, set[str]] = {}
        for one in asked:
            for key, wanted in one.items():
                if wanted:
                    values.setdefault(key, set()).update(wanted)
        self._keys = sorted(values)
        self._bit: dict[tuple[str, str | None], int] = {}
        for key in self._keys:
            for value in (None, *sorted(values[key])):
                self._bit[key, value] = len(self._bit)
        if len(self) > BITS_MAX:
            raise TooVaried(f"limits and wishes ask about {len(self)} different things; a pool can have {BITS_MAX}")

    def __len__(self) -> int:
        return len(self._bit)

    def know(self, asked: Allowed) -> bool:
        """Whether everything that is asked about has its bit."""
        return all((key, value) in self._bit for key, wanted in asked.items() for value in wanted)

    def traits(self, facts: Traits) -> int:
        return sum(1 << self._of(key, facts.get(key)) for key in self._keys)

    def refuses(self, limits: Allowed) -> int:
        return sum(1 << bit for (key, value), bit in self._bit.items() if limits.get(key) and value not in limits[key])

    def prefers(self, wishes: Allowed) -> int:
        return sum(1 << self._bit[key, value] for key, values in wishes.items() for value in values)

    def _of(self, key: str, value: str | None) -> int:
        """The bit of a value, or of everything that nobody asks about."""
        return self._bit.get((key, value), self._bit[key, None])
