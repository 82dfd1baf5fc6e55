"""A round for many people: prices guide which pairs are weighed, and an auction over those sets the prices.

Everybody's few best candidates are mostly the same sought-after people, so that lists of the best leave many without
a partner however long they are. So a candidate is judged by benefit less price, and each further search adds only
pairs that the prices undervalue (column generation, as in kidney exchange: Abraham, Blum and Sandholm 2007). The first
prices of a large pool are learnt from a sample of it, which is small enough to weigh everybody with everybody. After
some rounds of search and auction the result is rounded and improved a little. Measured against the exact optimum it
loses some thousandths.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from services.matcher.pairing.auction import auctioned, gains_on
from services.matcher.pairing.bound import Bound, bound_at
from services.matcher.pairing.columns import Columns, Ints, Rules
from services.matcher.pairing.everybody import among_all
from services.matcher.pairing.graph import Graph, grown, no_graph
from services.matcher.pairing.improve import improved, pair_benefits
from services.matcher.pairing.index import index_of
from services.matcher.pairing.likely import Sample, likely_prices, sample_of, weights_of_marks
from services.matcher.pairing.lookup import looked_up
from services.matcher.pairing.nearby import near_the_best
from services.matcher.pairing.order import pool_order
from services.matcher.pairing.rounding import rounded
from services.matcher.pairing.rules import among
from services.matcher.pairing.threads import by_rows, empty_lists
from services.matcher.pairing.weights import Points

Progress = Callable[[str], None]


RESTARTS_MAX = 1_000
"""People up to whom the last auction is held several times: one odd cycle more or less is some hundredths of a small pool."""

STEPS = (1, 7, 20, 60, 150, 400)
"""Of these, each of which takes other ways to much the same prices."""


class Plan(NamedTuple):
    """How much work a round takes on. `plan_for` says how much for how many; the figures are measured (decision 15)."""

    everybody_max: int = 4_000
    """People up to whom every search weighs everybody with everybody."""
    searches: int = 4
    candidates: int = 12
    """New ones for a person in one search, at most."""
    centres: int = 12
    width: int = 1_024
    """Of the runs around the best known partners."""
    step: int = 100
    last_step: int = 20
    """By how much more than needed a bid raises a price, in points: `step` in the last but one auction, twice as much in the
    one before, for early prices only have to say where to search, and little in the last."""
    warm: float = 0.5
    """The share of the prices that the next auction begins with."""
    unsettled: float = 0.001
    """Share of people whom an auction may leave to local search."""
    slack: int = 2_000
    """Pairs that are this many points worse than the best of a row, at the prices, are taken off the table."""
    passes: int = 1


def plan_for(people: int) -> Plan:
    """From a few thousand people on a sample gives the first prices, and three searches are enough. For most of a million four
    are needed for a proof, of more and narrower runs and with a coarser end; there later auctions begin lower, as prices that
    begin too high cost it more than they save."""
    if people <= Plan().everybody_max:
        return Plan()
    return Plan(searches=3) if people <= 300_000 else Plan(centres=16, width=512, last_step=40, warm=0.3)


class Result(NamedTuple):
    mate: Ints
    """int32: the row each is paired with, or -1."""
    bound: Bound


class _Table(NamedTuple):
    """All that a search and an auction leave to the next."""

    graph: Graph
    price: Ints
    """int32"""
    gain: Ints
    """int64: what each could gain at these prices from the candidates on the table."""
    bid: Ints
    """int32: the prices as the auctions left them, the last counting most. The bound is from these: the mean of several
    is nearer to every true price than one auction's, and what is underpriced is what a bound is lost by."""


def guided(columns: Columns, rules: Rules, points: Points, seed: int, threads: int, plan: Plan | None = None,
           progress: Progress = lambda _: None) -> Result:
    """The same pairs for the same seed, whatever the number of threads."""
    plan = plan or plan_for(len(columns.waited))
    order = pool_order(columns)
    inside = _Pool(columns.take(order), _ordered(rules, order), points, seed, threads, plan)
    table, holder = inside.priced(progress)
    progress("rounding")
    mate = inside.best_of([holder] if len(order) > RESTARTS_MAX else inside.held_anew(table), table)
    progress("proving")
    return Result(_as_before(mate, order), inside.bound(table))


class _Pool(NamedTuple):
    """A pool in its order, and how to work on it."""

    columns: Columns
    rules: Rules
    points: Points
    seed: int
    threads: int
    plan: Plan

    def priced(self, progress: Progress) -> tuple[_Table, Ints]:
        """The table after the last auction, and who holds whom."""
        n, plan = len(self.columns.waited), self.plan
        price = np.zeros(n, np.int32) if n <= plan.everybody_max else self.likely(self.sample(progress))
        table, holder = _Table(no_graph(n), price, np.zeros(n, np.int64), price), np.full(n, -1, np.int32)
        for search in range(plan.searches):
            progress(f"searching {search + 1} of {plan.searches}")
            others, worth = empty_lists(n, plan.candidates)
            self.search(search, table, others, worth)
            graph = grown(table.graph, others, worth, table.price, table.gain, plan.slack, self.threads)
            price, later = (table.price * np.float32(plan.warm)).astype(np.int32), plan.searches - 1 - search
            step = plan.step << (later - 1) if later else plan.last_step
            holder = auctioned(graph, price, step, int(plan.unsettled * n), self.threads)
            table = _Table(graph, *self.evened(graph, price), (2 * price + table.bid) // 3 if search else price)
        return table, holder

    def sample(self, progress: Progress) -> Sample:
        """Some of the pool, and what their prices would be among themselves."""
        progress("pricing a sample")
        rows = sample_of(len(self.columns.waited), self.seed)
        among_them = self._replace(columns=self.columns.take(rows), rules=among(self.rules, rows), plan=Plan(searches=3))
        return Sample(rows, among_them.columns, among_them.priced(lambda _: None)[0].price)

    def likely(self, sample: Sample) -> Ints:
        """int32: everybody's price as it is likely to be; that of the sample as it is."""
        price, weights = np.empty(len(self.columns.waited), np.int32), weights_of_marks(sample.columns, sample.price)
        by_rows(len(price), self.threads, lambda low, high: likely_prices(self.columns, weights, low, high, price))
        price[sample.rows] = sample.price
        return price

    def evened(self, graph: Graph, price: Ints) -> tuple[Ints, Ints]:
        """(price, gain) after everybody's price became the mean of what they are bid and what they gain as a bidder.

        Both say how sought after somebody is, each with its own chance: the mean is as good a price, and steadier.
        """
        even = ((price + self.gains(graph, price) + 1) // 2).astype(np.int32)
        return even, self.gains(graph, even)

    def held_anew(self, table: _Table) -> list[Ints]:
        """Who holds whom after auctions of the same table from no prices, each by other steps."""
        n = len(table.price)
        return [auctioned(table.graph, np.zeros(n, np.int32), step, 0, self.threads) for step in STEPS]

    def best_of(self, holders: list[Ints], table: _Table) -> Ints:
        """The matching of the greatest benefit among those that these are rounded and improved to."""
        mates = [rounded(table.graph, holder) for holder in holders]
        for mate in mates:
            improved(self.columns, self.rules, self.points, table.graph, mate, self.plan.passes)
        return max(mates, key=lambda mate: int(pair_benefits(self.columns, self.points, mate).sum(dtype=np.int64)))

    def gains(self, graph: Graph, price: Ints) -> Ints:
        """int64: what each could gain from the candidates on the table."""
        gain = np.zeros(len(price), np.int64)
        by_rows(len(price), self.threads, lambda low, high: gains_on(graph, price, low, high, gain))
        return gain

    def search(self, number: int, table: _Table, others: Ints, worth: Ints) -> None:
        n, (columns, rules, points, seed, threads, plan) = len(others), self
        if n <= plan.everybody_max:
            rows, best = np.arange(n), np.zeros(n, np.int64)
            by_rows(n, threads, lambda low, high: among_all(columns, rules, points, table.price, rows, table.gain, low, high,
                                                            others, worth, best))
        elif number == 0:
            index = index_of(columns)
            index_price = table.price[index.rows]
            by_rows(n, threads, lambda low, high: looked_up(columns, rules, points, index, table.price, index_price, seed,
                                                            low, high, others, worth))
        else:
            by_rows(n, threads, lambda low, high: near_the_best(
                columns, rules, points, table.graph, table.price, table.gain, seed + number, plan.centres, plan.width,
                low, high, others, worth))

    def bound(self, table: _Table) -> Bound:
        return bound_at(self.columns, self.rules, self.points, table.bid, self.gains(table.graph, table.bid), self.seed,
                        self.threads)


def _ordered(rules: Rules, order: Ints) -> Rules:
    """The rules of the rows in another order."""
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    length = np.diff(rules.apart_start)[order]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    at = np.repeat(rules.apart_start[order] - start[:-1], length) + np.arange(start[-1])
    return Rules(start, place[rules.apart[at]], rules.bar[order])


def _as_before(mate: Ints, order: Ints) -> Ints:
    """A matching of rows in an order, as one of the rows before they were ordered."""
    before = np.full(len(order), -1, np.int32)
    before[order] = np.where(mate >= 0, order[mate], -1)
    return before
