"""From what a partner tells of people to an event on the log. Their references end here: the log bears random ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from services.gateway.intake import CheckIn, Training
from services.gateway.referring import delivery_id, reference_hash
from services.gateway.store import KNOWN_AS, SERVICE
from services.gateway.store.deliveries import is_new, told_id
from services.gateway.web import Web
from shared import events
from shared.events import CheckinRecorded, Event, Kind, Told, TrainingCompleted
from shared.rows import KEYS
from shared.stream.append import Input
from shared.stream.names import Partition


async def tell(web: Web, partner: str, source: str, id: str, data: CheckIn | Training) -> tuple[str, bool]:
    """The delivery's id, and whether it is new. Raises OtherBody; RedisError means unknown: send it again.

    Nobody is told here whether a reference names somebody: the ledger decides, and the partner asks with the receipt.
    """
    this = delivery_id(web.host.vault, source, id)
    partition = await web.host.directory.partition_of(data.community)
    body = orjson.dumps([partner, type(data).__name__, data.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
    if not await is_new(web.host.redis, web.host.vault, partition, this, body):
        return this, False
    event = (await _checkin(web, partition, partner, this, data) if isinstance(data, CheckIn)
             else await _training(web, partition, partner, this, data))
    places = await web.forwarder.say(partition, Input(event, told_id(this), clear=body))
    return this, places[0].fresh


async def _checkin(web: Web, partition: Partition, partner: str, this: str, data: CheckIn) -> Event:
    references = (data.person,) if data.buddy is None else (data.person, data.buddy)
    return CheckinRecorded(
        checkin=this, partner=partner, peers=await _named(web, partition, partner, references),
        moments=tuple(Told(kind=Kind(each.kind), direction=each.direction, minutes=each.minutes) for each in data.moments),
        happened_ms=data.happened_ms)


async def _training(web: Web, partition: Partition, partner: str, this: str, data: Training) -> Event:
    [peer] = await _named(web, partition, partner, (data.person,))
    key: Any = None if peer is None else await web.host.redis.hget(KEYS.path(partition, SERVICE), peer)
    if peer is None or key is None:
        return TrainingCompleted(training=this, partner=partner)
    about = web.host.vault.seal(peer, key, events.Training(title=data.title, completed=data.completed))
    return TrainingCompleted(training=this, partner=partner, peer=peer, about=about)


async def _named(web: Web, partition: Partition, partner: str, references: Sequence[str]) -> tuple[str | None, ...]:
    """Whom these references of this partner name. Raises RedisError."""
    hashes = [reference_hash(web.host.vault, partner, each) for each in references]
    found: Any = await web.host.redis.hmget(KNOWN_AS.path(partition, SERVICE), hashes)
    return tuple(None if peer is None else peer.decode() for peer in found)
