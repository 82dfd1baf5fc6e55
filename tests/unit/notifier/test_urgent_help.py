"""Urgent help that nobody has looked at for half a year is told in the log, every day until somebody has."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from services.notifier.app import build
from services.notifier.urgent_help import CHECKED_DAYS_MAX, stale, watch
from shared.clock import Clock
from shared.programme import load
from shared.testing import until
from tests.integration.notifier_kit import settings

CHECKED = date(2026, 11, 1)
HELP = load().urgent_help.model_copy(update={"last_checked": CHECKED})


def test_half_a_year_after_it_was_last_checked_every_line_is_stale_and_not_a_day_before():
    assert list(stale(HELP, CHECKED + timedelta(days=CHECKED_DAYS_MAX))) == []
    assert list(stale(HELP, CHECKED + timedelta(days=CHECKED_DAYS_MAX + 1))) == [
        (line, CHECKED_DAYS_MAX + 1) for line in HELP.lines]


def test_a_line_that_was_checked_by_itself_goes_by_its_own_date():
    lines = (HELP.lines[0].model_copy(update={"last_checked": CHECKED + timedelta(days=100)}), *HELP.lines[1:])
    help = HELP.model_copy(update={"lines": lines})
    assert [line.name for line, _ in stale(help, CHECKED + timedelta(days=200))] == [line.name for line in HELP.lines[1:]]


async def test_the_log_warns_at_start_and_again_each_day_with_name_and_days(capsys):
    programme = load().model_copy(update={"urgent_help": HELP})
    clock = Clock(now_ms=lambda: round(1000 * 86_400 * ((CHECKED - date(1970, 1, 1)).days + 200)))
    _, host = build(settings("redis://127.0.0.1:1/0", None), programme, clock)
    task, said = asyncio.create_task(watch(host, every_s=0.01)), []

    def twice() -> bool:
        said.append(capsys.readouterr().out)
        return "".join(said).count("Samaritans") >= 2
    await until(twice, "the second warning")
    task.cancel()
    seen = "".join(said)
    assert "urgent_help.stale" in seen
    assert "200" in seen


def test_the_shipped_lines_say_where_they_answer():
    assert {line.name: line.region for line in load().urgent_help.lines} == {
        "999": "UK", "NHS 111": "England, Scotland and Wales", "Samaritans": "UK and Ireland", "Shout": "UK"}
