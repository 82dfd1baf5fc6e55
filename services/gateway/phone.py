"""Giving a telephone number: a code goes there, and it is theirs once the code is typed where they are signed in."""

from __future__ import annotations

from services.gateway.another_address import secret_of
from services.gateway.preferring import chosen
from services.gateway.store.new_addresses import Given
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import Address, AddressGiven, ProfileChanged
from shared.stream.append import Input, OtherBody


async def ask(web: Web, here: Here, number: str, asking: str) -> None:
    """Sends a code there, within the limits of messages to one number and of one person, so that no stranger's telephone rings
    all day. Beyond them nothing is sent, and what was sent before stays good. Raises RedisError: call again with this id."""
    before = await web.new_numbers.find(here.peer)
    again = before is not None and before.asking == asking
    if not again and not (await web.limits.may_have_written(here.peer) and await web.limits.may_write_to(number)):
        return
    secret = secret_of(web.host.vault, asking)
    await web.new_numbers.begin(here.peer, asking, number, secret, web.host.clock.now_ms())
    address = Address(email="", phone=number, language=here.profile.language)
    event = AddressGiven(peer=here.peer, number=True, address=web.host.vault.seal(here.peer, here.key, address),
                         secret=web.host.vault.seal(here.peer, here.key, secret))
    await web.forwarder.say(here.partition, Input(
        event, asking, clear=b"\0".join(each.model_dump_json().encode() for each in (address, secret))))


async def take(web: Web, here: Here, given: Given) -> None:
    """It is theirs from now on. Raises RedisError: call again."""
    if here.profile.phone != given.email:
        await _profile(web, here, given.email, derived_id(given.asking, "profile"))


async def take_away(web: Web, here: Here, id: str) -> None:
    """It is forgotten, and what came there comes by e-mail again. Raises RedisError: call again with the same id."""
    said = chosen(here.peer, here.row).model_copy(update={"by_text": ()})
    await web.forwarder.append(here.partition, Input(said, derived_id(id, "by e-mail")))
    await _profile(web, here, "", id)


async def _profile(web: Web, here: Here, number: str, id: str) -> None:
    profile = here.profile.model_copy(update={"phone": number})
    try:
        await web.forwarder.append(here.partition, Input(
            ProfileChanged(peer=here.peer, profile=web.host.vault.seal(here.peer, here.key, profile)), id,
            clear=profile.model_dump_json().encode()))
    except OtherBody:
        return  # done before, and something else of the profile has changed since
