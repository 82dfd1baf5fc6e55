"""Which rows an event needs: named before anything is decided, in as many rounds as rows point to rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.notifier.store import MESSAGES, PAIRS, PEOPLE, REFERRALS, recipient, unsent
from shared.events import MessageAttempted, PeerBlocked, TimerElapsed
from shared.rows import Ref, Rows


def peer(_rows: Rows, event: Any) -> Iterable[Ref]:
    yield PEOPLE, event.peer


def peer_and_unsent(rows: Rows, event: Any) -> Iterable[Ref]:
    yield PEOPLE, event.peer
    for each in unsent(rows.known(PEOPLE, event.peer)):
        yield MESSAGES, each.message


def peers(_rows: Rows, event: Any) -> Iterable[Ref]:
    for each in event.peers:
        yield PEOPLE, each


def pair(rows: Rows, event: Any) -> Iterable[Ref]:
    yield PAIRS, event.pair
    if (row := rows.known(PAIRS, event.pair)) is not None:
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


def message(rows: Rows, event: MessageAttempted | TimerElapsed) -> Iterable[Ref]:
    if isinstance(event, TimerElapsed):
        if event.service != "notifier" or event.what != "send":
            return
        id = event.of
    else:
        id = event.message
    yield MESSAGES, id
    if (row := rows.known(MESSAGES, id)) is not None:
        yield recipient(row.template, row.to)
