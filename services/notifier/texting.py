"""Text messages, by whichever provider an operator has: Apprise speaks to some hundred and seventy of them.

Apprise tells whether a provider took a message, and not why it didn't. So whatever is not a yes is *unknown*: a gentle message
is then never sent twice, and an essential one is tried again and in the end goes by e-mail.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, AppriseResultStatus

from services.notifier.channels import Delivered, Letter, Outcome, Refused, Unknown

TO = "{to}"
"""Stands in the operator's address where the number goes."""

_ASSET = AppriseAsset(async_mode=True, secure_logging=True, body_format="text")


class Unknowable(ValueError):
    """An address of a provider that Apprise can't read."""


class Texts:
    """Sends by the provider that `url` names: an address as Apprise writes them, with `{to}` where the number goes."""

    def __init__(self, url: str, limit_s: float) -> None:
        """Raises Unknowable."""
        self._url, self._limit_s = url, limit_s
        self._for("+447700900000")

    async def send(self, letter: Letter) -> Outcome:
        try:
            way = self._for(letter.to)
        except Unknowable:
            return Refused("bad_number")
        try:
            async with asyncio.timeout(self._limit_s):
                result = await way.async_notify(body=letter.text)
        except TimeoutError:
            return Unknown("timeout")
        if result.status is AppriseResultStatus.SUCCESS:
            return Delivered()
        return Unknown("timeout" if result.status is AppriseResultStatus.TIMEOUT else "not_taken")

    async def close(self) -> None:
        """Apprise keeps nothing open."""

    def _for(self, number: str) -> Apprise:
        way = Apprise(asset=_ASSET)
        if TO not in self._url or not way.add(self._url.replace(TO, quote(number, safe=""))):
            raise Unknowable(Unknowable.__doc__)
        return way
