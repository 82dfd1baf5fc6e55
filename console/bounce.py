"""`twoway bounce`: a mail that came back, piped in by the mail server that got it.

Its exit codes are for that server (sysexits.h): 0 once there is nothing more to do, which is also the answer to what is no
bounce of ours, for to refuse it would send one more mail to somebody who did not write; 75 while it is ours to mend, and the
server keeps the mail and pipes it in again.
"""

from __future__ import annotations

import os
import sys
from typing import Any, BinaryIO

import typer

from console import system
from console.system import Data, System
from services.notifier.message_ids import Sent, ours
from services.notifier.returned import BYTES_MAX, Returned, read
from services.notifier.store import PEOPLE, REFERRALS, SERVICE
from shared.clock import DAY_MS, derived_id
from shared.events import MessageBounced
from shared.stream.append import Input, OtherBody
from shared.stream.names import Partition

LATELY_MS = 30 * DAY_MS
"""A break holds a message for up to 14 days, a mail server that is away for 3, and another one keeps trying for 5."""


def add_to(app: typer.Typer) -> None:
    app.command()(bounce)


def bounce(data: Data = None) -> None:
    """Take in a mail that came back, on standard input, as a mail server pipes it in: docs/operators/messages.md.

    What it is of is told by its Message-ID alone, which nobody can make up. Exit code 0 when there is nothing more to do;
    75 when it should come again later, as while Redis is away.
    """
    mail = read(_piped(sys.stdin.buffer))
    if mail is None:
        return _say("this is no mail that says that a message could not be delivered")
    try:
        system.run(lambda at: _take_in(at, mail), data)
    except SystemExit as refused:  # one line of why stands on standard error
        raise SystemExit(os.EX_TEMPFAIL) from refused


async def _take_in(at: System, mail: Returned) -> None:
    _say(await _taken_in(at, mail))


async def _taken_in(at: System, mail: Returned) -> str:
    sent = list(ours(at.vault, mail.text))
    if len(sent) != 1:
        return "it is of no message of ours" if not sent else "it is of several messages, so of none"
    message = sent[0]
    if at.clock.now_ms() - message.intended_ms > LATELY_MS:
        return "it is of a message of more than 30 days ago"
    partition = await _partition(at, message)
    if partition is None:
        return "it is of a message to somebody who has left, to an invitation that is over, or to an earlier address"
    event = MessageBounced(message=message.message, to=message.to, intended_ms=message.intended_ms, status=mail.status,
                           no_such_address=mail.no_such_address)
    try:
        [place] = await at.appender.append(partition, [Input(event, derived_id(message.message, "bounced"))])
        fresh = place.fresh
    except OtherBody:
        fresh = False  # another mail about the same message, with another status
    return f"message {message.message} came back ({mail.status or 'no status'})" + ("" if fresh else "; that was known")


async def _partition(at: System, sent: Sent) -> Partition | None:
    """Where whom it went to is, unless they have given another address since. Raises RedisError."""
    for partition in at.partitions:
        person: Any = await at.redis.hget(PEOPLE.path(partition, SERVICE), sent.to)
        if person is not None:
            return partition if PEOPLE.load(person).address_ms <= sent.intended_ms else None
        if await at.redis.hexists(REFERRALS.path(partition, SERVICE), sent.to):
            return partition
    return None


def _piped(mail: BinaryIO) -> bytes:
    """Its beginning, as far as it is looked at. The rest is read too: a mail server may take a closed pipe for a failure."""
    begun = mail.read(BYTES_MAX)
    while mail.read(BYTES_MAX):
        pass
    return begun


def _say(what: str) -> None:
    print(f"twoway bounce: {what}.")
