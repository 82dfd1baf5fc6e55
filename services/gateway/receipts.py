"""What a partner holds of an event that was taken, and what it is told for it: to the sender alone, and never more than the
people it names agreed to."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from services.gateway.store import RECEIPTS, REFERRALS, SERVICE
from services.gateway.store.deliveries import known
from services.gateway.web import Web
from shared.partners import Partner, receipt

PUBLIC = {"unknown_reference": "not_reached", "no_consent": "not_reached",
          "no_such_pair": "no_pair_then", "before_pair": "no_pair_then", "pair_ended": "no_pair_then"}
"""Reasons that a partner is told under one name: which of them it is says whether somebody is here, joined, left or took
their agreement back; and whether two were a pair before, and how it ended (rule 17)."""


async def status(web: Web, partner: Partner, text: str) -> dict[str, Any] | None:
    """What became of it; None for what is no receipt of this partner's, or one of too long ago. Raises RedisError."""
    delivery, _, _ = text.partition(".")
    if not text.isascii() or not compare_digest(text, receipt(web.host.vault, partner.name, delivery)):
        return None
    partition = await web.host.directory.partition_of(partner.community)
    pipeline = web.host.redis.pipeline(transaction=False)
    for table in (REFERRALS, RECEIPTS):
        pipeline.hget(table.path(partition, SERVICE), delivery)
    referral, told = await pipeline.execute()
    body: dict[str, Any] = {"receipt": text, "status": "accepted"}
    if referral is not None:
        row = REFERRALS.load(referral)
        return body | {"joined": True} if "joined" in row.scope and row.state == "used" else body
    if told is None:
        return body if await known(web.host.redis, partition, delivery) else None
    there = RECEIPTS.load(told)
    body["status"] = there.status
    if there.reason is None:
        return body
    reason = PUBLIC.get(there.reason, there.reason)
    return body | {"reason": reason, "next": web.catalogue.words["receipts"][reason]}
