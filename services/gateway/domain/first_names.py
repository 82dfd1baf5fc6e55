"""First names: what somebody is called by a buddy once both said yes. A name, and no way to say something else (rule 13)."""

from __future__ import annotations

import unicodedata

FIRST_NAME_MAX = 30
"""Characters. Enough for two names with a hyphen in any script; too few for a message."""

_BETWEEN = frozenset(" -'’.")


def is_first_name(text: str) -> bool:
    """Letters of any script with their marks; spaces, hyphens, apostrophes and dots between them. No digit: a number is a
    contact, and has a page on which both offer one."""
    letters = [unicodedata.category(each)[0] == "L" for each in text]
    return (0 < len(text) <= FIRST_NAME_MAX and letters[0]
            and all(letter or each in _BETWEEN or unicodedata.category(each)[0] == "M"
                    for letter, each in zip(letters, text, strict=True)))
