"""Stopping a class of messages by its link: one wish added to all that somebody chose before."""

from __future__ import annotations

from services.gateway.preferring import chosen
from services.gateway.store import PEERS
from services.gateway.store.stops import one_at_a_time
from services.gateway.web import Web
from shared.stream.append import Input


async def stop(web: Web, peer: str, what: str) -> bool:
    """Whether messages of this class are stopped now; False when nobody has this id (any more).

    What is stopped already is not said again. Two taps of one person, of two classes say, come one after the other: each
    says everything anew, so neither may take back what the other said. Raises RedisError.
    """
    async with one_at_a_time(web.host.redis, peer):
        found = await web.find(PEERS, peer)
        if found is None:
            return False
        partition, row = found
        if what not in row.without:
            event = chosen(peer, row).model_copy(update={"without": (*row.without, what)})
            await web.forwarder.append(partition, Input(event, web.host.clock.new_id()))
        return True
