"""Giving another address: a link and a code go there, and it is theirs once one of the two is used where they are signed in.

So neither a slip of the pen nor the stranger whom it reaches can take somebody's page away. Everything is done under ids that
follow from the page that asked, so that whatever went away in the middle, the same may be sent again.
"""

from __future__ import annotations

import base64
from typing import Any

from services.gateway.domain.signing_in import CODE_DIGITS
from services.gateway.store import SERVICE
from services.gateway.store.new_addresses import Given
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import Address, AddressChanged, AddressGiven, ProfileChanged, SignInRequested, SignInSecret
from shared.rows import KEYS
from shared.sealing import Vault
from shared.stream.append import Input, OtherBody


async def ask(web: Web, here: Here, email: str, asking: str) -> None:
    """Sends link and code there; to whoever has that address already, a message that says so. Within the limits of messages to
    one address and of one person; beyond them nothing is sent, and what was sent before stays good. No page tells which it
    was. Raises RedisError: unknown, call again with the same id."""
    before = await web.new_addresses.find(here.peer)
    again = before is not None and before.asking == asking
    if not again and not (await web.limits.may_have_written(here.peer) and await web.limits.may_write_to(email)):
        return
    holder, now_ms = await web.addresses.holder(here.partition, email), web.host.clock.now_ms()
    if holder is not None and holder != here.peer:
        await web.new_addresses.begin(here.peer, asking, email, None, now_ms)
        await _tell(web, here, holder, asking)
        return
    secret = secret_of(web.host.vault, asking)
    await web.new_addresses.begin(here.peer, asking, email, secret, now_ms)
    address = Address(email=email, language=here.profile.language)
    event = AddressGiven(peer=here.peer, address=web.host.vault.seal(here.peer, here.key, address),
                         secret=web.host.vault.seal(here.peer, here.key, secret))
    await web.forwarder.say(here.partition, Input(
        event, asking, clear=b"\0".join(each.model_dump_json().encode() for each in (address, secret))))


async def take(web: Web, here: Here, given: Given) -> bool:
    """It is theirs from now on, and the one before is no longer. False when somebody else took it meanwhile. The caller lets
    one change of a person come after the other. Raises RedisError: unknown, call again."""
    if here.profile.email == given.email:
        return True  # the same form twice
    if not await web.addresses.reserve(here.partition, given.email, here.peer):
        return False
    profile = here.profile.model_copy(update={"email": given.email})
    before = Address(email=here.profile.email, language=here.profile.language)

    def sealed(content: Any) -> Any:
        return web.host.vault.seal(here.peer, here.key, content)
    try:
        await web.forwarder.append(
            here.partition,
            Input(AddressChanged(peer=here.peer, before=sealed(before)), derived_id(given.asking, "changed"),
                  clear=before.model_dump_json().encode()),
            Input(ProfileChanged(peer=here.peer, profile=sealed(profile)), derived_id(given.asking, "profile"),
                  clear=profile.model_dump_json().encode()))
    except OtherBody:
        return True  # done before, and their name or number has changed since
    return True


def secret_of(vault: Vault, asking: str) -> SignInSecret:
    """The same for the same page sent twice, and nobody's to guess."""
    token = bytes.fromhex(vault.mac("new address token", asking.encode()))
    code = int(vault.mac("new address digits", asking.encode()), 16) % 10**CODE_DIGITS
    return SignInSecret(token=base64.urlsafe_b64encode(token).decode().rstrip("="), code=f"{code:0{CODE_DIGITS}}")


async def _tell(web: Web, here: Here, holder: str, asking: str) -> None:
    """To whoever has the address: it may be the same person with two pages, so a link to this one comes with it."""
    key: Any = await web.host.redis.hget(KEYS.path(here.partition, SERVICE), holder)
    if key is None:
        return
    attempt = derived_id(asking, "holder")
    secret = secret_of(web.host.vault, attempt)
    await web.sign_ins.begin(attempt, holder, here.partition.number, secret, web.host.clock.now_ms())
    event = SignInRequested(peer=holder, secret=web.host.vault.seal(holder, key, secret), by_other=True)
    await web.forwarder.say(here.partition, Input(event, attempt, clear=secret.model_dump_json().encode()))
