"""How an entry of the books is written in few bytes: there is one for each moment ever, most of what a ledger keeps.

First what every entry has, in 46 bytes, then what only some have, each behind its letter and its length. The first byte is
the version of this form: what was written once is read for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

import orjson

from services.ledger.domain.entries import Account, Leg, Transfer
from shared.clock import packed_id, unpacked_id
from shared.events import Correction, Kind, Way

VERSION = 1

_FIXED = Struct(">BBBB4b6s16s16s")
"""Version, marks, kind, chain, what the two legs give and receive, the time in ms, and the two accounts."""

_KINDS = (None, *Kind)
_WAYS, _REASONS = (*Way,), (*Correction,)
"""By their place, so a new one comes last."""

_BY_RECEIVER, _BY_NEITHER, _FROM_PARTNER = 1, 2, 4
_MINUTES, _REVERSES, _RECORDED_BY, _WAY, _LINKED, _REASON = b"m", b"r", b"b", b"w", b"l", b"c"


class NotReadable(ValueError):
    """An entry of the books is written in a form that this version does not know; run the version that wrote it."""


def pack(entry: Transfer) -> bytes:
    giver, receiver = entry.legs
    by = {giver.account: 0, receiver.account: _BY_RECEIVER}.get(entry.recorded_by, _BY_NEITHER)
    packed = _FIXED.pack(
        VERSION, by | (_FROM_PARTNER if entry.source == "partner" else 0), _KINDS.index(entry.kind), entry.chain,
        giver.given, giver.received, receiver.given, receiver.received, entry.at_ms.to_bytes(6, "big"),
        _account(giver.account), _account(receiver.account))
    if by == _BY_NEITHER:
        packed += _part(_RECORDED_BY, _account(entry.recorded_by))
    if entry.minutes is not None:
        packed += _part(_MINUTES, entry.minutes.to_bytes(2, "big"))
    if entry.reverses is not None:
        packed += _part(_REVERSES, packed_id(entry.reverses))
    if entry.way is not None:
        packed += _part(_WAY, bytes([_WAYS.index(entry.way)]))
    if entry.linked is not None:
        packed += _part(_LINKED, packed_id(entry.linked))
    if entry.reason is not None:
        packed += _part(_REASON, bytes([_REASONS.index(entry.reason)]))
    return packed


def unpack(packed: bytes) -> Transfer:
    """Raises NotReadable."""
    if len(packed) < _FIXED.size or packed[0] != VERSION:
        raise NotReadable(NotReadable.__doc__)
    _, marks, kind, chain, *counts, at_ms, giver, receiver = _FIXED.unpack_from(packed)
    parts = dict(_parts(packed[_FIXED.size:]))
    legs = Leg(giver.hex(), counts[0], counts[1]), Leg(receiver.hex(), counts[2], counts[3])
    by = parts[_RECORDED_BY] if marks & _BY_NEITHER else receiver if marks & _BY_RECEIVER else giver
    return Transfer(
        legs=legs, at_ms=int.from_bytes(at_ms, "big"), recorded_by=by.hex(), kind=_KINDS[kind], chain=chain,
        minutes=int.from_bytes(parts[_MINUTES], "big") if _MINUTES in parts else None,
        source="partner" if marks & _FROM_PARTNER else "peer",
        reverses=unpacked_id(parts[_REVERSES]) if _REVERSES in parts else None,
        way=_WAYS[parts[_WAY][0]] if _WAY in parts else None,
        linked=unpacked_id(parts[_LINKED]) if _LINKED in parts else None,
        reason=_REASONS[parts[_REASON][0]] if _REASON in parts else None)


_NOTHING = Account()


def pack_account(account: Account) -> bytes:
    """JSON of all that is not as in an account of nothing."""
    fields = zip(Account._fields, account, _NOTHING, strict=True)
    return orjson.dumps({name: value for name, value, nothing in fields if value != nothing})


def unpack_account(packed: bytes) -> Account:
    """Raises ValueError or TypeError where it is none."""
    fields = orjson.loads(packed)
    if "reached" in fields:
        fields["reached"] = tuple(fields["reached"])
    return Account(**fields)


def _account(id: str) -> bytes:
    """Accounts are named by derived ids alone, which are 32 hex digits."""
    return bytes.fromhex(id)


def _part(letter: bytes, value: bytes) -> bytes:
    return letter + bytes([len(value)]) + value


def _parts(packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    while packed:
        end = 2 + packed[1]
        yield packed[:1], packed[2:end]
        packed = packed[end:]
