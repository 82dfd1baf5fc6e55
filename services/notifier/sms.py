"""How long a text message is. A segment has 160 characters of GSM's alphabet, or 70 of any other script (3GPP TS 23.038)."""

from __future__ import annotations

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà")
GSM_TWICE = frozenset("\f^{}\\[~]|€")
"""Those that take two places: an escape and themselves."""

GSM_MAX, UCS2_MAX = 160, 70


def room(text: str) -> tuple[int, int]:
    """What it takes, and what one segment has: in GSM's alphabet if that can write it, in UTF-16's units if not."""
    if all(each in GSM or each in GSM_TWICE for each in text):
        return sum(2 if each in GSM_TWICE else 1 for each in text), GSM_MAX
    return len(text.encode("utf-16-be")) // 2, UCS2_MAX
