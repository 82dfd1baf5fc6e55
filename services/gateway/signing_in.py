"""Sends a link and a code to somebody's address, by an event that bears them sealed."""

from __future__ import annotations

import secrets
from typing import Any

from services.gateway.domain.signing_in import CODE_DIGITS, TOKEN_BYTES
from services.gateway.store import SERVICE
from services.gateway.web import Web
from shared.events import SignInRequested, SignInSecret
from shared.rows import KEYS
from shared.stream.append import Input
from shared.stream.names import Partition


def new_secret() -> SignInSecret:
    return SignInSecret(token=secrets.token_urlsafe(TOKEN_BYTES), code=f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}")


async def send_link(web: Web, partition: Partition, peer: str, email: str, attempt: str, *,
                    by_form: bool = False) -> None:
    """Within the limit of messages to one address; beyond it nothing is sent, and nobody is told so. Raises RedisError."""
    key: Any = await web.host.redis.hget(KEYS.path(partition, SERVICE), peer)
    if key is None or not await web.limits.may_write_to(email):
        await web.sign_ins.begin_for_nobody(attempt, web.host.clock.now_ms())
        return
    secret = new_secret()
    await web.sign_ins.begin(attempt, peer, partition.number, secret, web.host.clock.now_ms())
    event = SignInRequested(peer=peer, secret=web.host.vault.seal(peer, key, secret), by_form=by_form)
    await web.forwarder.say(partition, Input(
        event, web.host.clock.new_id(), clear=secret.model_dump_json().encode()))


async def send_links(web: Web, email: str, attempt: str) -> None:
    """To everyone the address belongs to: one, as a rule, and one of each partition at most. Raises RedisError."""
    found = await web.addresses.peers(web.host.directory.partitions, email)
    if not found:
        await web.sign_ins.begin_for_nobody(attempt, web.host.clock.now_ms())
    for partition, peer in found:
        await send_link(web, partition, peer, email, attempt)
