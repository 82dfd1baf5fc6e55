"""From a partner's referral to an event on the log, under a key that is the referral's own."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

import orjson

from services.gateway.intake import Referral
from services.gateway.store import REFERRALS, SERVICE
from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import Address, ReferralMade
from shared.rows import KEYS
from shared.sealing import Vault
from shared.stream.append import Input
from shared.stream.names import Partition


def referral_id(vault: Vault, source: str, id: str) -> str:
    """The same for the same CloudEvent; says nothing about source or id to whoever has not both and the key."""
    return vault.mac("referral", f"{source}\0{id}".encode())[:32]


def receipt(vault: Vault, referral: str) -> str:
    """What the partner holds: it opens the status and nothing else, an invitation least of all."""
    return f"{referral}.{vault.mac('receipt', referral.encode())[:32]}"


def referral_of_receipt(vault: Vault, text: str) -> str | None:
    referral, _, _ = text.partition(".")
    return referral if text.isascii() and compare_digest(text, receipt(vault, referral)) else None


async def refer(web: Web, partner: str, source: str, id: str, referral: Referral) -> tuple[str, bool]:
    """The referral's id, and whether it is new. Raises OtherBody; RedisError means unknown: send it again."""
    vault = web.host.vault
    this = referral_id(vault, source, id)
    partition = await web.host.directory.partition_of(referral.community)
    event_id = derived_id(this, "made")
    wrapped = await _key(web, partition, this, event_id)
    if wrapped is None:
        return this, False
    address = Address(email=referral.email, language=referral.language)
    event = ReferralMade(
        referral=this, partner=partner, community=referral.community, consent=referral.consent.reference,
        scope=referral.scope, address=vault.seal(this, wrapped, address))
    clear = orjson.dumps([partner, referral.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
    places = await web.forwarder.say(partition, Input(event, event_id, clear=clear))
    return this, places[0].fresh


async def _key(web: Web, partition: Partition, referral: str, event_id: str) -> bytes | None:
    """The referral's own key, laid down for a new one. None: it was made longer ago than the log remembers ids.

    Once the key is destroyed (used, refused, expired) a repetition is sealed under one that is kept nowhere: it serves
    only to be told from another body.
    """
    pipeline = web.host.redis.pipeline(transaction=False)
    pipeline.exists(partition.seen(event_id))
    pipeline.hexists(REFERRALS.path(partition, SERVICE), referral)
    seen, known = await pipeline.execute()
    fresh = web.host.vault.new_key(referral)
    if seen:
        return fresh
    if known:
        return None
    keys = KEYS.path(partition, SERVICE)
    await web.host.redis.hsetnx(keys, referral, fresh)
    wrapped: Any = await web.host.redis.hget(keys, referral)
    return wrapped or fresh
