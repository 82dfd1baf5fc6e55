"""How what people say gets on the log, and how a page waits until it shows."""

from __future__ import annotations

import asyncio
import time

from shared import tracing
from shared.host import Host
from shared.logs import get_logger
from shared.stream.append import Input, Place
from shared.stream.names import Partition, place
from shared.stream.write import Committer

SHOWN_WITHIN_S = 0.5
"""How long a page waits for its own read model; then it says "saved, it will show in a moment"."""

LOOK_S = 0.004
"""From one look to the next: too short to be felt, and at most 125 small reads in the time above."""

log = get_logger("services.gateway")


class Forwarder:
    """Appends, and waits for the gateway's own cursor (this process's reader or another's) to pass what was appended."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cursors = {reader.partition: Committer(host.redis, reader.partition, host.name) for reader in host.readers}

    async def append(self, partition: Partition, *inputs: Input) -> bool:
        """Whether it shows already. Raises OtherBody; RedisError means unknown: send the form again."""
        places = await self.say(partition, *inputs)
        return await self._passed(partition, max((each.entry for each in places), key=place))

    async def say(self, partition: Partition, *inputs: Input) -> list[Place]:
        """Appends, with a log line for each event that is new, as readers write one for each that a service emits."""
        places = await self._host.appender.append(partition, inputs)
        for said, there in zip(inputs, places, strict=True):
            if there.fresh:
                log.info(said.event.type, service=self._host.name, partition=partition.number, id=said.id,
                         trace=tracing.current(), **vars(said.event))
        return places

    async def _passed(self, partition: Partition, entry: str) -> bool:
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while time.monotonic() < deadline:
            if place(await self._cursors[partition].cursor()) >= place(entry):
                return True
            await asyncio.sleep(LOOK_S)
        return False

