"""Whether somebody's own words suggest danger (rule 16): urgent help shows at once, and a person of the programme looks first.

A net with holes, from `templates/catalogue/danger.toml`: it finds plain words in the languages that it has lists for, and
nothing between the lines. So it adds urgent help and a flag, and never takes anything away: a text that it passes over is read
like any other, and a false alarm costs a look. The text itself is never written to a log.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "templates" / "catalogue" / "danger.toml"
STEM = "*"
"""Ends a phrase that may go on: `suicid*` is suicide and suicidal."""


def suggested(text: str) -> bool:
    return _phrases().search(_plain(text)) is not None


@cache
def _phrases() -> re.Pattern[str]:
    """Raises OSError, TOMLDecodeError."""
    lists = tomllib.loads(LIST.read_text("utf-8"))
    return _pattern(phrase for phrases in lists.values() for phrase in phrases)


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    ends = {True: "", False: r"(?!\w)"}
    each = (re.escape(_plain(phrase.removesuffix(STEM))) + ends[phrase.endswith(STEM)] for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})")


def _plain(text: str) -> str:
    """However it is typed: small letters, no apostrophes, no accents, nothing invisible, single spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(each for each in letters if not (unicodedata.combining(each) or unicodedata.category(each) == "Cf"
                                                    or each in "'’‘`´ʼ\u0640"))
    return " ".join(re.sub(r"[\W_]+", " ", kept).split())
