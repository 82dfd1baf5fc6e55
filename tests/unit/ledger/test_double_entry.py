"""Whatever is written down, taken back and put back: over both legs, and so over everyone, it sums to zero.

What any history comes to is `test_any_history.py`'s.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.entries import Account, Transfer, moment, sum_of


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1), st.integers(0, 5))))
def test_transfers_and_their_reversals_sum_to_zero_over_all_accounts(moments: list[tuple[str, str, int]]) -> None:
    accounts: dict[str, Account] = {}
    for giver, receiver, corrections in moments:
        transfer = Transfer(legs=moment(giver, receiver), at_ms=0, recorded_by=giver)
        for each in (transfer, *chain_of(transfer, corrections)):
            assert sum_of(each.legs) == 0
            for leg in each.legs:
                accounts[leg.account] = accounts.get(leg.account, Account()).posted(
                    leg.given, leg.received, transfer.kind, 0)
    assert sum_of(accounts.values()) == 0
    assert sum(account.given for account in accounts.values()) == sum(times % 2 == 0 for *_, times in moments)


def chain_of(transfer: Transfer, corrections: int) -> list[Transfer]:
    """What takes it back, what puts it back, and so on."""
    chain: list[Transfer] = []
    for n in range(corrections):
        chain.append((chain[-1] if chain else transfer).reversal(f"m{n}", n + 1))
    return chain
