"""`python -m bench [NAME …]`: measures, prints a table, writes build/bench.json; exit code 1 when a goal is not met."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from bench import latency, ledger, notifier, pages, pairing, pool, reader, simulate, smtp, system
from bench import report as reports
from bench.figures import Figure, report
from shared import logs
from shared.collecting import collect_seldom

BENCHES: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "reader": reader.measure,
    "ledger": ledger.measure,
    "notifier": notifier.measure,
    "latency": latency.measure,
    "system": system.measure,
    "pages": pages.measure,
    "pairing": pairing.measure,
    "pool": pool.measure,
    "report": reports.measure,
    "simulate": simulate.measure,
    "smtp": smtp.measure,
}


async def _all(names: list[str]) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr)
        figures += await BENCHES[name]()
    return figures


def main() -> int:
    names = sys.argv[1:] or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"no bench is called {', '.join(unknown)}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    logs.configure("json", "warning")
    collect_seldom()  # as services do, and for what they are compared with as well
    figures = asyncio.run(_all(names))
    report(figures)
    return 0 if all(each.met for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
