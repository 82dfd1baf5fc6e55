"""What a simulation came to, in figures that a coordinator can compare. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from console.figures import quantile, share
from console.simulate.recount import Found
from console.simulate.run import Ran
from console.simulate.standing import Somebody
from shared.clock import DAY_MS
from shared.events import Answer
from shared.few import LEAST


def summary(ran: Ran) -> dict[str, Any]:
    """Shares are of 1; waits are days. What can't be said is none."""
    town, told, end_ms = ran.town, ran.town.told, ran.plan.end_ms
    people, pairs = list(town.people.values()), list(town.bonds.values())
    waits = sorted((each.paired_ms - each.came_ms) / DAY_MS for each in people if each.paired_ms is not None)
    waiting = [each for each in people if each.paired_ms is None and each.request is not None]
    answered = sum(told.answers.values())
    return {
        "dial": ran.plan.dial, "people": len(people), "left": sum(not each.here for each in people),
        "proposals": told.proposals, "answered_yes": share(told.answers[Answer.YES], answered),
        "became_pairs": share(len(pairs), told.proposals - len(town.open_proposals)),
        "lapsed": share(told.lapsed, told.proposals - len(town.open_proposals)),
        "pairs": len(pairs), "two_way": share(sum(each.two_way for each in pairs), len(pairs)),
        "people_paired": len(waits), "wait_days_median": _days(waits, 0.5), "wait_days_p95": _days(waits, 0.95),
        "still_waiting": len(waiting), "set_aside": told.aside,
        "longest_wait_days": longest_waits(people, end_ms),
        "moments": sum(told.moments.values()), "one_sided": one_sided(ran.one_sided),
        "messages": {str(klass): told.messages[klass] for klass in sorted(told.messages)},
        "messages_a_week": {klass: round(mean, 2) for klass, (mean, _) in ran.heard_a_week.items()},
        "messages_most_a_week": {klass: most for klass, (_, most) in ran.heard_a_week.items()},
        "messages_against_a_rule": ran.against_a_rule,
        "rounds": told.rounds, "refused": dict(sorted(told.refused.items())), "log_entries": ran.entries,
        "findings": [" ".join(each) for each in ran.findings], "seconds": round(ran.seconds, 1)}


def one_sided(found: Found) -> dict[str, float | None]:
    """Whom rule 7 is for: who was planted, who crossed both windows, and whether the ledger found them."""
    return {"planted": found.planted, "crossed": found.crossed, "found": found.found,
            "longest_delay_days": found.longest_delay_days, "found_wrongly": len(found.found_wrongly),
            "others_crossed": found.others_crossed, "others_found": found.others_found,
            "kept_by_a_break": found.kept_by_a_break, "kept_as_newcomers": found.kept_as_newcomers}


def longest_waits(people: Iterable[Somebody], end_ms: int) -> dict[str, float | None]:
    """By first language, a group that people disclose: the longest anybody of it waited for a first buddy, or still waits.

    Silent people are left out, for whoever answers nothing is paired with nobody. None where there are fewer than five.
    """
    waits = defaultdict(list)
    for each in people:
        if not each.person.silent:
            until_ms = each.paired_ms or each.gone_ms or end_ms
            waits[each.person.first_language].append((until_ms - each.came_ms) / DAY_MS)
    return {group: round(max(days), 1) if len(days) >= LEAST else None for group, days in sorted(waits.items())}


def _days(sorted_days: Sequence[float], part: float) -> float | None:
    value = quantile(sorted_days, part)
    return None if value is None else round(value, 1)
