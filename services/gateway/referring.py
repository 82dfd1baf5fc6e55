"""From a partner's referral to an event on the log, under a key that is the referral's own."""

from __future__ import annotations

from contextlib import suppress

import orjson

from services.gateway.intake import Referral
from services.gateway.store import REFERRALS, SERVICE
from services.gateway.store.deliveries import told_before
from services.gateway.store.invitations import made_id
from services.gateway.web import Web
from shared.clock import derived_id
from shared.events import ConsentGiven, Invitation, ReferralMade, ReferralUsed
from shared.sealing import Vault
from shared.stream.append import Input, OtherBody
from shared.stream.names import Partition


def delivery_id(vault: Vault, source: str, id: str) -> str:
    """The same for the same CloudEvent; says nothing about source or id to whoever has not both and the key."""
    return vault.mac("referral", f"{source}\0{id}".encode())[:32]


async def refer(web: Web, partner: str, source: str, id: str, referral: Referral) -> tuple[str, bool]:
    """The referral's id, and whether it is new. Raises OtherBody; RedisError means unknown: send it again.

    Where an invitation would not be welcome, or one is open, the event is taken all the same and leads to nothing, so
    that no partner learns from us who is here or who refused.
    """
    vault = web.host.vault
    this = delivery_id(vault, source, id)
    partition = await web.host.directory.partition_of(referral.community)
    body = orjson.dumps([partner, referral.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
    seen, known = await _before(web, partition, this)
    if await told_before(web.host.redis, partition, this):
        raise OtherBody(made_id(this))
    if not seen and known:
        return this, False  # made longer ago than the log remembers ids
    # Once its key is destroyed a repetition is sealed under one that is kept nowhere: it is only told from another body.
    reference = "" if referral.person is None else reference_hash(vault, partner, referral.person)
    key = vault.new_key(this) if seen else await _key(web, partition, this, referral.email, body, reference)
    if key is None:
        return this, await web.invitations.silence(partition, this, body)
    inside = Invitation(email=referral.email, language=referral.language, consent=referral.consent.reference)
    event = ReferralMade(referral=this, partner=partner, community=referral.community, scope=referral.scope,
                         address=vault.seal(this, key, inside))
    places = await web.forwarder.say(partition, Input(event, made_id(this), clear=body))
    return this, places[0].fresh


async def _before(web: Web, partition: Partition, referral: str) -> tuple[bool, bool]:
    """Whether the log remembers this referral, and whether the read model does."""
    pipeline = web.host.redis.pipeline(transaction=False)
    pipeline.exists(partition.seen(made_id(referral)))
    pipeline.hexists(REFERRALS.path(partition, SERVICE), referral)
    seen, known = await pipeline.execute()
    return bool(seen), bool(known)


async def _key(web: Web, partition: Partition, this: str, email: str, body: bytes, reference: str) -> bytes | None:
    """The key that a new referral is sealed under; none where nobody is to be invited. Raises OtherBody, RedisError."""
    hash = web.addresses.hash(email)
    if (await web.invitations.silenced(partition, this, body)
            or await web.invitations.unwelcome(web.host.directory.partitions, hash)):
        return None
    return await web.invitations.claim(partition, hash, this, web.host.vault.new_key(this), reference)


async def use(web: Web, referral: str, peer: str, partition: Partition | None, agreed: tuple[str, ...]) -> None:
    """Says on the referral's own partition that `peer` took the invitation up, so that its address is destroyed.

    `agreed` is what they let the partner tell us; where they chose a community on another `partition` than the partner's,
    nobody there could know them, and it is left out. One link can be opened in several browsers: whoever comes second has
    taken it up no less, and there is nothing left to say. Raises RedisError.
    """
    if (found := await web.find(REFERRALS, referral)) is None or found[1].state != "open":
        return
    where, row = found
    agreed = agreed if where == partition else ()
    used = Input(ReferralUsed(referral=referral, peer=peer, agreed=agreed), derived_id(referral, "used"))
    consents = [Input(agreement(web, peer, row.partner, scope), derived_id(referral, f"agreed:{scope}")) for scope in agreed]
    with suppress(OtherBody):
        await web.forwarder.append(where, used, *consents)


def agreement(web: Web, peer: str, partner: str, scope: str) -> ConsentGiven:
    """In the wording that the pages show now."""
    return ConsentGiven(peer=peer, wording=scope, version=web.catalogue.words["agreements"]["version"], partner=partner)


def reference_hash(vault: Vault, partner: str, reference: str) -> str:
    """By which a partner's own reference for a person is found again; the same words of another partner are another hash."""
    return vault.mac("partner's reference", f"{partner}\0{reference}".encode())
