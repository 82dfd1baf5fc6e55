"""Which rows an event needs: named before anything is decided, in as many rounds as rows point to rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.notifier.store import (
    CHECK_IN,
    MESSAGES,
    NOT_THERE,
    NOTE,
    PAIRS,
    PEOPLE,
    READY,
    REFERRALS,
    SEND,
    SERVICE,
    recipient,
    unsent,
)
from shared.events import AddressChanged, MessageAttempted, MessageBounced, MessageClass, PeerBlocked, TimerElapsed
from shared.rows import Ref, Rows


def peer(_rows: Rows, event: Any) -> Iterable[Ref]:
    yield PEOPLE, event.peer


def peer_and_mark(_rows: Rows, event: AddressChanged) -> Iterable[Ref]:
    yield PEOPLE, event.peer
    yield NOT_THERE, event.peer


def peer_and_unsent(rows: Rows, event: Any) -> Iterable[Ref]:
    yield PEOPLE, event.peer
    for each in unsent(rows.known(PEOPLE, event.peer)):
        yield MESSAGES, each.message


def peers(_rows: Rows, event: Any) -> Iterable[Ref]:
    for each in event.peers:
        yield PEOPLE, each


def pair(rows: Rows, event: Any) -> Iterable[Ref]:
    return _pair(rows, event.pair)


def _pair(rows: Rows, id: str) -> Iterable[Ref]:
    yield PAIRS, id
    if (row := rows.known(PAIRS, id)) is not None:
        for each in row.peers:
            yield PEOPLE, each


def peer_and_pairs(rows: Rows, event: PeerBlocked) -> Iterable[Ref]:
    yield PEOPLE, event.blocked
    yield PEOPLE, event.peer
    if (person := rows.known(PEOPLE, event.peer)) is not None:
        for each in person.pairs:
            yield PAIRS, each


def referral(_rows: Rows, event: Any) -> Iterable[Ref]:
    yield REFERRALS, event.referral


def attempt(rows: Rows, event: MessageAttempted) -> Iterable[Ref]:
    return message(rows, event.message)


def bounce(rows: Rows, event: MessageBounced) -> Iterable[Ref]:
    yield PEOPLE, event.to
    yield from message(rows, event.message)


def message(rows: Rows, id: str) -> Iterable[Ref]:
    yield MESSAGES, id
    if (row := rows.known(MESSAGES, id)) is not None:
        yield recipient(row.template, row.to)


def timer(rows: Rows, event: TimerElapsed) -> Iterable[Ref]:
    if event.service != SERVICE:
        return
    if event.what == SEND:
        yield from message(rows, event.of)
        yield from _put_together(rows, event.of)
    elif event.what == NOTE:
        yield PEOPLE, event.of
    elif event.what == CHECK_IN:
        yield from _pair(rows, event.of)


def _put_together(rows: Rows, id: str) -> Iterable[Ref]:
    """Which kind messages to the same person wait as this one does."""
    row = rows.known(MESSAGES, id)
    if row is not None and row.klass is MessageClass.KIND:
        for each in unsent(rows.known(PEOPLE, row.to)):
            if each.klass is MessageClass.KIND:
                yield READY, each.message
