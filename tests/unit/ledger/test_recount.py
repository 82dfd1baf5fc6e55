"""The recount finds what does not add up: each kind of damage, done by hand to a healthy ledger, is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.ledger.audit import findings
from services.ledger.domain.corrections import OtherMemory, reversal_id
from services.ledger.domain.entries import Account, Leg, moment, other_way
from services.ledger.store import Agreement, Left, Snapshot
from shared.clock import DAY_MS
from shared.events import Kind
from tests.unit.ledger.book import Book

BACK, FORTH = reversal_id("m"), reversal_id(reversal_id("m"))
SECOND = other_way("w")


@pytest.fixture
def healthy() -> Snapshot:
    """Ada and Ben: a moment that was taken back, put back and taken back (m); one that is remembered differently (n);
    one both ways (w); one that waits to be recognised (x)."""
    book = Book()
    book.forms("a", "b")
    book.shares("a", "b", moment="m")
    book.shares("b", "a", moment="n")
    book.corrects("b", "m")
    book.puts_back("b", "m")
    book.corrects("b", "m")
    book.differs("b", "n")
    book.shares("a", "b", moment="w", kind=Kind.SAT_TOGETHER, both_ways=True, days=-0.5)
    book.shares("a", "b", moment="x", kind=Kind.OTHER)
    assert book.findings() == []
    return book.snapshot()


def transfer(state: Snapshot, id: str, **fields: Any) -> Snapshot:
    return replace(state, transfers={**state.transfers, id: state.transfers[id]._replace(**fields)})


def account_of(state: Snapshot, peer: str) -> Account:
    return state.accounts[state.holders[peer].account or ""]


def account(state: Snapshot, peer: str, **fields: Any) -> Snapshot:
    id = state.holders[peer].account or ""
    return replace(state, accounts={**state.accounts, id: state.accounts[id]._replace(**fields)})


def holder(state: Snapshot, peer: str, **fields: Any) -> Snapshot:
    return replace(state, holders={**state.holders, peer: state.holders[peer].model_copy(update=fields)})


def pair(state: Snapshot, **fields: Any) -> Snapshot:
    return replace(state, pairs={"ab": state.pairs["ab"].model_copy(update=fields)})


def both(state: Snapshot, **fields: Any) -> Snapshot:
    """The same damage to both halves of the moment both ways."""
    return transfer(transfer(state, "w", **fields), SECOND, **fields)


def corrected(state: Snapshot, **fields: Any) -> Snapshot:
    return replace(state, corrections={"m": state.corrections["m"].model_copy(update=fields)})


def renamed(state: Snapshot, id: str, new: str) -> Snapshot:
    return replace(state, transfers={**without(state.transfers, id), new: state.transfers[id]})


def without(rows: Any, id: str) -> dict[str, Any]:
    return {each: row for each, row in rows.items() if each != id}


@pytest.mark.parametrize(("damage", "what", "where"), [
    # a count
    (lambda s: account(s, "a", given=9), "sum_not_zero", "everyone"),
    (lambda s: account(s, "a", given=9), "counts_differ_from_entries", "account of a"),
    (lambda s: account(account(s, "a", given=9), "b", received=9), "counts_differ_from_entries", "account of b"),
    (lambda s: account(s, "a", received=-1), "counts_differ_from_entries", "account of a"),
    (lambda s: replace(s, transfers={"n": s.transfers["n"].reversal("x", 0)}, accounts={
        leg.account: Account(given=leg.given, received=leg.received)
        for leg in s.transfers["n"].reversal("x", 0).legs}), "counts_below_zero", "account of a"),
    (lambda s: replace(s, accounts={}), "account_missing", "account of b"),
    # an entry that is gone, or was put in
    (lambda s: replace(s, transfers=without(s.transfers, "n")), "counts_differ_from_entries", "account of a"),
    (lambda s: replace(s, transfers={**s.transfers, "y": s.transfers["n"]}), "counts_differ_from_entries", "account of b"),
    # a leg
    (lambda s: transfer(s, "n", legs=(Leg(account="A", given=1), Leg(account="B"))), "transfer_not_zero", "n"),
    (lambda s: transfer(s, "n", legs=(Leg(account="A", given=2), Leg(account="B", received=2))), "moment_not_one_for_one", "n"),
    (lambda s: transfer(s, "n", legs=s.transfers["n"].legs[::-1]), "moment_not_one_for_one", "n"),
    (lambda s: transfer(s, "n", legs=moment("A", "A")), "transfer_to_oneself", "n"),
    (lambda s: transfer(s, "n", recorded_by="C"), "recorded_by_somebody_else", "n"),
    # a reversal
    (lambda s: replace(s, transfers=without(s.transfers, "m")), "reversal_of_nothing", BACK),
    (lambda s: replace(s, transfers=without(s.transfers, BACK)), "reversal_of_nothing", FORTH),
    (lambda s: transfer(s, BACK, reverses="n"), "reversal_of_nothing", BACK),
    (lambda s: transfer(s, BACK, reverses=FORTH), "reversal_of_nothing", BACK),
    (lambda s: renamed(s, reversal_id(FORTH), "elsewhere"), "reversal_of_nothing", "elsewhere"),
    (lambda s: transfer(s, "m", legs=s.transfers["n"].legs), "reversal_of_something_else", BACK),
    (lambda s: transfer(s, FORTH, legs=s.transfers[BACK].legs), "reversal_of_something_else", FORTH),
    (lambda s: replace(s, corrections={}), "corrections_differ_from_entries", "m"),
    (lambda s: corrected(s, times=1), "corrections_differ_from_entries", "m"),
    (lambda s: corrected(s, last=BACK), "corrections_differ_from_entries", "m"),
    (lambda s: replace(s, corrections={**s.corrections, "n": s.corrections["m"]}), "corrections_differ_from_entries", "n"),
    (lambda s: replace(s, transfers=without(s.transfers, reversal_id(FORTH))), "corrections_differ_from_entries", "m"),
    # a link
    (lambda s: transfer(s, "w", linked=None), "link_missing", "w"),
    (lambda s: both(s, linked=None), "link_missing", "w"),
    (lambda s: transfer(s, "w", linked="n"), "link_to_nothing", "w"),
    (lambda s: transfer(s, SECOND, linked=None), "link_to_nothing", "w"),
    (lambda s: replace(s, transfers=without(s.transfers, SECOND)), "link_to_nothing", "w"),
    (lambda s: transfer(transfer(s, "n", linked="x"), "x", linked="n"), "link_to_nothing", "n"),
    (lambda s: transfer(s, SECOND, legs=s.transfers["w"].legs), "link_to_something_else", SECOND),
    (lambda s: transfer(s, SECOND, at_ms=0), "link_to_something_else", "w"),
    (lambda s: transfer(s, SECOND, kind=Kind.OTHER), "link_to_something_else", "w"),
    # a week
    (lambda s: account(s, "a", latest=account_of(s, "a").latest + 1), "weeks_differ_from_entries", "account of a"),
    (lambda s: account(s, "a", weeks="l"), "weeks_differ_from_entries", "account of a"),
    (lambda s: account(s, "a", weeks=account_of(s, "a").weeks + ",,l"), "weeks_differ_from_entries", "account of a"),
    (lambda s: account(s, "b", ever="l2"), "weeks_differ_from_entries", "account of b"),
    (lambda s: account(s, "b", since=7), "weeks_differ_from_entries", "account of b"),
    (lambda s: transfer(s, "n", kind=Kind.OTHER), "weeks_differ_from_entries", "account of b"),
    (lambda s: transfer(s, "n", at_ms=s.transfers["n"].at_ms - 7 * DAY_MS), "weeks_differ_from_entries", "account of a"),
    # chains of help
    (lambda s: replace(s, chains={}), "chains_differ_from_entries", "all"),
    (lambda s: transfer(s, "n", chain=2), "chains_differ_from_entries", "all"),
    # another memory, and what waits to be recognised
    (lambda s: replace(s, memories={"y": OtherMemory(since_ms=0)}), "other_memory_of_nothing", "y"),
    (lambda s: replace(s, memories={"m": OtherMemory(since_ms=0)}), "other_memory_of_nothing", "m"),
    (lambda s: replace(s, memories={BACK: OtherMemory(since_ms=0)}), "other_memory_of_nothing", BACK),
    (lambda s: pair(s, recent=("20784l01y",)), "recent_moment_missing", "ab"),
    # people and pairs
    (lambda s: account(s, "a", holder=None), "account_not_of_holder", "a"),
    (lambda s: holder(s, "a", account="elsewhere"), "account_not_of_holder", "a"),
    (lambda s: replace(s, holders=without(s.holders, "a")), "account_of_nobody", "account of a"),
    (lambda s: replace(s, holders=without(s.holders, "a")), "pair_not_of_both", "ab"),
    (lambda s: holder(s, "b", pairs=()), "pair_not_of_both", "ab"),
    (lambda s: replace(s, pairs={}), "pair_missing", "ab"),
    (lambda s: replace(s, left={"a": Left()}), "left_but_there", "a"),
    (lambda s: replace(s, left={"c": Left()}, agreements={"c": Agreement()}), "agreement_of_a_former_peer", "c"),
    (lambda s: pair(s, peers=("a", "b"), former="elsewhere"), "pair_of_no_former_peer", "ab"),
    (lambda s: pair(s, peers=("former", "b")), "pair_of_no_former_peer", "ab"),
    (lambda s: pair(s, peers=("former", "b"), former=s.holders["a"].account), "pair_of_no_former_peer", "ab"),
    (lambda s: pair(s, former=next(iter(s.accounts))), "pair_of_no_former_peer", "ab"),
])
def test_every_kind_of_damage_is_found_where_it_is(
        healthy: Snapshot, damage: Callable[[Snapshot], Snapshot], what: str, where: str) -> None:
    ids = {f"account of {peer}": row.account for peer, row in healthy.holders.items()}
    assert (what, ids.get(where) or where) in findings(damage(healthy))


def test_nothing_is_found_where_nothing_is() -> None:
    assert findings(Snapshot({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})) == []
