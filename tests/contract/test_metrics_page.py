from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from services.matcher.desk import Figures
from shared.metrics import Metrics

PAGE = Path(__file__).parents[2] / "docs/operators/metrics.md"


def told() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `(twoway_\w+)` \| \w+ \| ([^|]*) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_the_operators_page_names_every_figure_with_its_labels_and_no_other() -> None:
    metrics = Metrics()
    metrics.committed("ledger", 0, 1, 1)
    for counter in (metrics.unknown, metrics.set_aside, metrics.overtaken, metrics.away):
        counter.labels("ledger").inc()
    for gauge in (metrics.lag_entries, metrics.lag_seconds):
        gauge.labels("ledger", 0).set(1)
    figures = Figures(metrics.registry)
    for gauge in (figures.waiting, figures.oldest):
        gauge.labels(0).set(1)
    families = list(text_string_to_metric_families(metrics.text().decode()))
    samples = {sample.name: set(sample.labels) for family in families for sample in family.samples
               if not sample.name.endswith("_created")}
    assert samples == told()
    assert {family.name for family in families if not family.name.endswith("_created")} == {
        name.removesuffix("_total") for name in told()}
