"""Figures for Prometheus, few labels, never an id of a person. `docs/operators/metrics.md` lists them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """One service's figures, in a registry of its own so that several services can share a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        one, two = ["service"], ["service", "partition"]
        self._read = Counter("twoway_entries_read", "Log entries passed by the cursor.", two, registry=self.registry)
        self._emitted = Counter("twoway_events_emitted", "Events emitted.", two, registry=self.registry)
        self.unknown = Counter("twoway_entries_unknown", "Entries of an unknown type, skipped.", one,
                               registry=self.registry)
        self.set_aside = Counter("twoway_entries_set_aside", "Entries kept as dead letters.", one,
                                 registry=self.registry)
        self.overtaken = Counter("twoway_reader_overtaken", "Times another instance was first.", one,
                                 registry=self.registry)
        self.away = Counter("twoway_redis_away", "Attempts that Redis did not answer.", one, registry=self.registry)
        self.lag_entries = Gauge("twoway_lag_entries", "Log entries not handled yet.", two, registry=self.registry)
        self.lag_seconds = Gauge("twoway_lag_seconds", "Age of the oldest log entry not handled yet.", two,
                                 registry=self.registry)

    def committed(self, service: str, partition: int, read: int, emitted: int) -> None:
        self._read.labels(service, partition).inc(read)
        self._emitted.labels(service, partition).inc(emitted)

    def text(self) -> bytes:
        return generate_latest(self.registry)
