"""Rounds at size, beside what else there is, on the same pools in the same run.

500 to 100,000 people by default, some four minutes; a million as well with TWOWAY_BENCH_MILLION=1, some more and 3 GB.
Every share is of the optimum: exact up to 1,000 people, above of the least that is proven to be above every matching.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import networkx
import numpy as np
import pymatching
import rustworkx

from bench import pools
from bench.figures import Figure
from console.pool_file import Line
from services.matcher.domain.benefit import benefit
from services.matcher.domain.constraints import fits
from services.matcher.domain.weights import PUBLISHED
from services.matcher.pairing.arrival import best_for
from services.matcher.pairing.columns import Crowd, Ints
from services.matcher.pairing.everybody import among_all
from services.matcher.pairing.exact import exact
from services.matcher.pairing.guided import Plan
from services.matcher.pairing.improve import pair_benefits
from services.matcher.pairing.round import Round, run
from services.matcher.pairing.rules import rules_of
from services.matcher.pairing.threads import by_rows, cores, empty_lists
from services.matcher.pairing.weights import Points

ROUNDS = 3
CANDIDATES = 16
"""Best of each, for solvers that need a short list."""

NAIVE = 2_000
ARRIVALS = 2_000
POINTS = Points.of(PUBLISHED)
CERTAIN = Plan(everybody_max=10**6, searches=5, step=20, last_step=10, warm=0.3)
"""Everybody weighed with everybody, five times over: a tight bound, at ten times a round's cost; a minute for 100,000."""


async def measure() -> list[Figure]:
    run(pools.crowd(600))      # compiles, or reads what was compiled
    run(pools.crowd(6_000))
    figures = [*_small(), *_against_naive(), *_at(10_000, 0.2, 10, 0.995), *_at(100_000, 2.0, 100, 0.992),
               *_arrivals(100_000, 0.3)]
    if os.environ.get("TWOWAY_BENCH_MILLION"):
        figures += [*_at(1_000_000, 35.0, 1_100, 0.0), *_growth(), *_arrivals(1_000_000, 3.0)]
    return figures


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _total(crowd: Crowd, mate: Ints) -> int:
    return int(pair_benefits(crowd.columns, POINTS, mate).sum(dtype=np.int64)) // 2


def _small() -> list[Figure]:
    """500 people exactly, and 1,000 by the method for many, each beside the exact optimum."""
    figures = []
    for n, least in ((500, 1.0), (1_000, 0.998)):
        crowd = pools.crowd(n)
        best, exact_s = _timed(lambda: _total(crowd, exact(crowd.columns, rules_of(crowd), POINTS)))  # noqa: B023  # at once
        runs = [_timed(lambda: run(crowd)) for _ in range(ROUNDS)]  # noqa: B023  # at once
        figures.append(Figure(f"share of the optimum, {n:,} people", int(runs[0][0].benefit.sum()), "points", best,
                              int(runs[0][0].benefit.sum()) / best, least,
                              note=f"round {median(s for _, s in runs):.3f} s, rustworkx over all pairs {exact_s:.2f} s"))
    return figures + _others(pools.crowd(1_000), networkx_too=True)


def _at(n: int, seconds: float, megabytes: float, least: float) -> list[Figure]:
    """Time, memory, people paired, share and proof of one round."""
    crowd = pools.crowd(n)
    runs = [_timed(lambda: run(crowd)) for _ in range(ROUNDS if n < 10**6 else 1)]
    round: Round = runs[0][0]
    total, name = int(round.benefit.sum()), f"{n:,} people"
    proof, provable = "99.9 % confidence limit" if round.sampled else "full bound", {10**5: 0.985, 10**6: 0.975}.get(n, 0.95)
    figures = [
        Figure(f"one round, {name}", median(s for _, s in runs), "s", None, None, seconds, at_most=True,
               note=f"{cores()} cores, its proof included"),
        Figure(f"memory over the pool, {name}", _memory_mb(n), "MB", None, None, megabytes, at_most=True),
        Figure(f"paired of those who can be, {name}", len(round.first) * 2 / _can_be(crowd, n), "share", None, None, 0.99),
        Figure(f"proven by the round itself, {name}", round.proven_share, "share", None, None, provable, note=proof),
    ]
    if least:
        bound = run(crowd, plan=CERTAIN).proofs[0].bound
        figures.append(Figure(f"share of the optimum, {name}", total, "points", bound.most, total / bound.most, least,
                              note="of a 99.9 % confidence limit above it" if bound.sampled else "of a full bound above it"))
    return figures + (_others(crowd) if n == 10_000 else [])


def _can_be(crowd: Crowd, n: int) -> int:
    """How many have anybody at all whom they fit: of a sample, told as the whole."""
    rows = np.arange(0, n, max(1, n // 2_000))
    free, rules = np.zeros(n, np.int32), rules_of(crowd)
    some = sum(best_for(crowd.columns, rules, POINTS, free, int(row))[0] >= 0 for row in rows)
    return math.ceil(n * some / len(rows))


def _memory_mb(n: int) -> float:
    """What a round adds to a process that holds the pool and has run a small round before, at its peak; in a child."""
    script = ("import resource, sys; from bench import pools; from services.matcher.pairing.round import run\n"
              "n = int(sys.argv[1]); run(pools.crowd(6_000)); crowd = pools.crowd(n)\n"
              "open('/proc/self/clear_refs', 'w').write('5')\n"
              "def peak(): return int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])\n"
              "before = peak(); run(crowd); print((peak() - before) / 1024)")
    done = subprocess.run([sys.executable, "-c", script, str(n)], capture_output=True, text=True, timeout=900, check=False)
    return float(done.stdout) if done.returncode == 0 else math.nan


def _short_lists(crowd: Crowd) -> tuple[Ints, Ints, Ints]:
    """(row, other, benefit) of the union of everybody's best candidates, each edge once."""
    n, rules = len(crowd.names), rules_of(crowd)
    others, worth = empty_lists(n, CANDIDATES)
    rows, free, gain, best = np.arange(n), np.zeros(n, np.int32), np.zeros(n, np.int64), np.zeros(n, np.int64)
    by_rows(n, cores(), lambda low, high: among_all(crowd.columns, rules, POINTS, free, rows, gain, low, high, others, worth,
                                                    best))
    row, place = np.nonzero(others >= 0)
    other = others[row, place].astype(np.int64)
    keys, first = np.unique(np.minimum(row, other) * n + np.maximum(row, other), return_index=True)
    return keys // n, keys % n, worth[row, place][first]


def _others(crowd: Crowd, networkx_too: bool = False) -> list[Figure]:
    """What else there is, on everybody's best candidates: greedy, pymatching and, where they end in time, the exact ports."""
    n, edges = len(crowd.names), _short_lists(crowd)
    ours, seconds = _timed(lambda: int(run(crowd).benefit.sum()))
    solvers: dict[str, Callable[[Ints, Ints, Ints, int], int]] = {
        "greedy": _greedy, "pymatching": _pymatching, "rustworkx": _rustworkx}
    if networkx_too:
        solvers["networkx"] = _networkx
    figures = []
    for name, solve in solvers.items():
        theirs, took = _timed(lambda: solve(*edges, n))  # noqa: B023  # at once
        figures.append(Figure(f"benefit beside {name} on the best {CANDIDATES}, {n:,} people", ours, "points", theirs,
                              ours / theirs, 1.0, note=f"ours {seconds:.2f} s; {name} {took:.2f} s besides the candidates"))
    return figures


def _greedy(first: Ints, second: Ints, worth: Ints, n: int) -> int:
    free, total = np.ones(n, bool), 0
    for place in np.argsort(-worth, kind="stable").tolist():
        if free[first[place]] and free[second[place]]:
            free[first[place]] = free[second[place]] = False
            total += int(worth[place])
    return total


def _pymatching(first: Ints, second: Ints, worth: Ints, n: int) -> int:
    """A maximum matching as a minimum perfect one: two copies of everybody, joined by an edge of no worth."""
    most, matching = int(worth.max()) + 1, pymatching.Matching()
    table = {}
    for a, b, w in zip(first.tolist(), second.tolist(), worth.tolist(), strict=True):
        matching.add_edge(a, b, weight=2 * most - w)
        matching.add_edge(a + n, b + n, weight=2 * most - w)
        table[a, b] = w
    for a in range(n):
        matching.add_edge(a, a + n, weight=2 * most)
    pairs = matching.decode_to_matched_dets_array(np.ones(2 * n, np.uint8))
    return sum(table.get((min(a, b), max(a, b)), 0) for a, b in pairs.tolist() if a < n and b < n)


def _rustworkx(first: Ints, second: Ints, worth: Ints, n: int) -> int:
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(list(zip(first.tolist(), second.tolist(), worth.tolist(), strict=True)))
    return sum(graph.get_edge_data(a, b) for a, b in rustworkx.max_weight_matching(graph, weight_fn=int))


def _networkx(first: Ints, second: Ints, worth: Ints, _n: int) -> int:
    graph = networkx.Graph()
    graph.add_weighted_edges_from(zip(first.tolist(), second.tolist(), worth.tolist(), strict=True))
    return sum(graph[a][b]["weight"] for a, b in networkx.max_weight_matching(graph))


def _against_naive() -> list[Figure]:
    """A plain double loop over the reference, then greedily the best first."""
    crowd = pools.crowd(NAIVE)
    people = [Line.model_validate(json.loads(line), strict=False).person() for line in pools.lines(crowd)]

    def naive() -> None:
        pairs = [(benefit(a, b, 0), place, place + 1 + further) for place, a in enumerate(people)
                 for further, b in enumerate(people[place + 1:]) if fits(a, b)]
        taken: set[int] = set()
        for _, a, b in sorted(pairs, reverse=True):
            if a not in taken and b not in taken:
                taken |= {a, b}

    ours = median(_timed(lambda: run(crowd))[1] for _ in range(ROUNDS))
    theirs = _timed(naive)[1]
    return [Figure(f"a double loop in plain Python, {NAIVE:,} people, times ours", theirs, "s", ours, theirs / ours, 100.0)]


def _arrivals(n: int, goal_ms: float) -> list[Figure]:
    """One arrival weighed against everybody who waits."""
    crowd = pools.crowd(n)
    rules, free = rules_of(crowd), np.zeros(n, np.int32)
    rows = np.random.default_rng(5).integers(0, n, ARRIVALS + 100).tolist()
    took = [_timed(lambda: best_for(crowd.columns, rules, POINTS, free, row))[1] * 1000 for row in rows][100:]  # noqa: B023
    return [Figure(f"one arrival against {n:,} waiting, p99", quantiles(took, n=100)[98], "ms", None, None, goal_ms,
                   at_most=True, note=f"median {median(took):.3f} ms, one core, exact")]


def _growth() -> list[Figure]:
    """The slope of CPU time against people, on logarithmic scales."""
    def cpu(n: int) -> float:
        crowd = pools.crowd(n)
        began = time.process_time()
        run(crowd)
        return time.process_time() - began

    small, large = median(cpu(10_000) for _ in range(ROUNDS)), cpu(1_000_000)
    slope = math.log10(large / small) / 2
    return [Figure("growth of CPU time, 10,000 to 1,000,000", slope, "slope", None, None, 1.15, at_most=True)]
