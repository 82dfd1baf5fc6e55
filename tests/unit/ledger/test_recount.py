"""The recount finds what does not add up: each kind of damage, done by hand to a healthy ledger, is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.ledger.audit import findings
from services.ledger.domain.entries import Account, Leg, moment
from services.ledger.handlers import reversal_id
from services.ledger.store import Agreement, Left, Snapshot
from shared.clock import DAY_MS
from shared.events import Kind
from tests.unit.ledger.book import Book


@pytest.fixture
def healthy() -> Snapshot:
    """Ada and Ben: two moments, one of them taken back."""
    book = Book()
    book.forms("a", "b")
    book.shares("a", "b", moment="m")
    book.shares("b", "a", moment="n")
    book.corrects("b", "m")
    assert book.findings() == []
    return book.snapshot()


def transfer(state: Snapshot, id: str, **fields: Any) -> Snapshot:
    return replace(state, transfers={**state.transfers, id: state.transfers[id].model_copy(update=fields)})


def account_of(state: Snapshot, peer: str) -> Account:
    return state.accounts[state.holders[peer].account or ""]


def account(state: Snapshot, peer: str, **fields: Any) -> Snapshot:
    id = state.holders[peer].account or ""
    return replace(state, accounts={**state.accounts, id: state.accounts[id].model_copy(update=fields)})


def holder(state: Snapshot, peer: str, **fields: Any) -> Snapshot:
    return replace(state, holders={**state.holders, peer: state.holders[peer].model_copy(update=fields)})


def pair(state: Snapshot, **fields: Any) -> Snapshot:
    return replace(state, pairs={"ab": state.pairs["ab"].model_copy(update=fields)})


def without(rows: Any, id: str) -> dict[str, Any]:
    return {each: row for each, row in rows.items() if each != id}


@pytest.mark.parametrize(("damage", "what"), [
    (lambda s: account(s, "a", given=9), "sum_not_zero"),
    (lambda s: account(s, "a", given=9), "counts_differ_from_entries"),
    (lambda s: account(account(s, "a", given=9), "b", received=10), "counts_differ_from_entries"),
    (lambda s: account(s, "a", received=-1), "counts_differ_from_entries"),
    (lambda s: replace(s, transfers=without(s.transfers, "n")), "counts_differ_from_entries"),
    (lambda s: replace(s, transfers=without(s.transfers, "m")), "reversal_of_nothing"),
    (lambda s: transfer(s, reversal_id("m"), reverses="n"), "reversal_of_nothing"),
    (lambda s: transfer(s, "m", legs=s.transfers["n"].legs), "reversal_of_something_else"),
    (lambda s: transfer(s, "m", legs=(Leg(account="A", given=1), Leg(account="B"))), "transfer_not_zero"),
    (lambda s: transfer(s, "m", legs=(Leg(account="A", given=2), Leg(account="B", received=2))), "moment_not_one_for_one"),
    (lambda s: transfer(s, "m", legs=moment("A", "A")), "transfer_to_oneself"),
    (lambda s: replace(s, accounts={}), "account_missing"),
    (lambda s: replace(s, transfers={"n": s.transfers["n"].reversal("x", 0)}, accounts={
        leg.account: Account(given=leg.given, received=leg.received)
        for leg in s.transfers["n"].reversal("x", 0).legs}), "counts_below_zero"),
    (lambda s: account(s, "a", latest=account_of(s, "a").latest + 1), "weeks_differ_from_entries"),
    (lambda s: account(s, "a", weeks="l"), "weeks_differ_from_entries"),
    (lambda s: account(s, "a", weeks=account_of(s, "a").weeks + ",,l"), "weeks_differ_from_entries"),
    (lambda s: account(s, "b", ever="l2"), "weeks_differ_from_entries"),
    (lambda s: account(s, "b", since=7), "weeks_differ_from_entries"),
    (lambda s: replace(s, chains={}), "chains_differ_from_entries"),
    (lambda s: transfer(s, "n", chain=2), "chains_differ_from_entries"),
    (lambda s: transfer(s, "n", kind=Kind.OTHER), "weeks_differ_from_entries"),
    (lambda s: transfer(s, "n", at_ms=s.transfers["n"].at_ms - 7 * DAY_MS), "weeks_differ_from_entries"),
    (lambda s: account(s, "a", holder=None), "account_not_of_holder"),
    (lambda s: holder(s, "a", account="elsewhere"), "account_not_of_holder"),
    (lambda s: replace(s, holders=without(s.holders, "a")), "account_of_nobody"),
    (lambda s: replace(s, holders=without(s.holders, "a")), "pair_not_of_both"),
    (lambda s: holder(s, "b", pairs=()), "pair_not_of_both"),
    (lambda s: replace(s, pairs={}), "pair_missing"),
    (lambda s: replace(s, left={"a": Left()}), "left_but_there"),
    (lambda s: replace(s, left={"c": Left()}, agreements={"c": Agreement()}), "agreement_of_a_former_peer"),
    (lambda s: pair(s, peers=("a", "b"), former="elsewhere"), "pair_of_no_former_peer"),
    (lambda s: pair(s, peers=("former", "b")), "pair_of_no_former_peer"),
    (lambda s: pair(s, peers=("former", "b"), former=s.holders["a"].account), "pair_of_no_former_peer"),
    (lambda s: pair(s, former=next(iter(s.accounts))), "pair_of_no_former_peer"),
])
def test_every_kind_of_damage_is_found(healthy: Snapshot, damage: Callable[[Snapshot], Snapshot], what: str) -> None:
    assert what in {finding.what for finding in findings(damage(healthy))}


def test_nothing_is_found_where_nothing_is() -> None:
    assert findings(Snapshot({}, {}, {}, {}, {}, {}, {})) == []
