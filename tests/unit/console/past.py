"""The history of a town in memory, as archive and log would tell it."""

from __future__ import annotations

from console.history import KINDS, Happened, History
from shared.events import Details, SupportRequested
from shared.rows import KEYS
from tests.unit.in_memory import VAULT
from tests.unit.matcher.town import Town


def past(town: Town) -> History:
    """Everything that was heard and said until the town's now. Whoever left can't be opened any more."""
    told = {id(event): Happened(entry.at_ms, event)  # what a round leads to is told with its timer too
            for entry, said in town._heard for event in (entry.event, *said)}
    happened = [each for each in told.values() if isinstance(each.event, KINDS)]
    asked = [each.event for each in happened if isinstance(each.event, SupportRequested)]
    opened = {event.request: VAULT.open(event.details, town.rows.get(KEYS, event.peer), Details) for event in asked}
    details = {request: each for request, each in opened.items() if isinstance(each, Details)}
    return History(happened, details, len(asked) - len(details), town.now_ms)
