"""First prices, learnt from a sample: near to what they will be, and drawn apart from what a proof looks at."""

from __future__ import annotations

import numpy as np

from bench import pools
from services.matcher.pairing.bound import SAMPLE_ROWS, rows_looked_at
from services.matcher.pairing.columns import Ints
from services.matcher.pairing.likely import SAMPLE_MOST, likely_prices, sample_of, weights_of_marks

COLUMNS = pools.crowd(6_000).columns


def learnt(price: Ints, known: int) -> Ints:
    """Everybody's likely price, once those of the first `known` are."""
    found = np.empty(len(price), np.int32)
    weights = weights_of_marks(COLUMNS.take(np.arange(known)), price[:known])
    likely_prices(COLUMNS, weights, 0, len(price), found)
    return found


def test_what_lies_in_peoples_words_is_learnt_from_a_tenth_of_them() -> None:
    price = (2_000 + 2 * COLUMNS.waited + 700 * (COLUMNS.offers >> 2 & 1) - 300 * (COLUMNS.seeks >> 1 & 1)).astype(np.int32)
    off = np.abs(learnt(price, 600) - price)
    assert off.mean() < 30
    assert price.std() > 300


def test_a_price_that_lies_in_nothing_is_everybodys_and_none_is_below_nothing() -> None:
    assert np.abs(learnt(np.full(6_000, 1_500, np.int32), 600) - 1_500).max() < 100
    assert (learnt(np.full(6_000, -1_500, np.int32), 600) == 0).all()


def test_nobody_is_known_and_everybodys_price_is_nothing() -> None:
    assert (learnt(np.zeros(6_000, np.int32), 0) == 0).all()


def test_a_proof_looks_at_people_in_general_not_at_the_sample_that_everybody_was_priced_by() -> None:
    n = 40_000
    sample, looked_at = sample_of(n, 1), rows_looked_at(n, 1)
    assert len(np.unique(sample)) == SAMPLE_MOST
    assert len(np.unique(looked_at)) == SAMPLE_ROWS
    assert len(np.intersect1d(sample, looked_at)) < 2 * SAMPLE_MOST * SAMPLE_ROWS / n


def test_the_same_seed_draws_the_same_sample_and_a_small_pool_is_its_own() -> None:
    np.testing.assert_array_equal(sample_of(5_000, 2**127 + 5), sample_of(5_000, 2**127 + 5))
    assert sample_of(9, 1).tolist() == list(range(9))
    assert len(sample_of(0, 1)) == 0
