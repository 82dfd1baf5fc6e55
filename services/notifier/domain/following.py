"""What is said because time went by: to whoever waits (rule 11), and between two who have been in touch."""

from __future__ import annotations

from shared.clock import DAY_MS

NOTE_DAYS = (2, 7, 14)
"""Days of waiting after which somebody hears from us (rule 11)."""

MONTH_DAYS = 30
"""Days between the notes that follow."""

CHECKED_IN_AFTER = (1, 3)
"""Contacts of a pair after which both are asked how it is: the first, and the one by which it has become a habit or not."""

CHECK_IN_LATER_MS = 84 * DAY_MS
"""From then on every 12 weeks, the shorter of the windows that the ledger looks at."""


def next_note_ms(since_ms: int, after_ms: int) -> int:
    """When whoever waits since `since_ms` hears from us next, later than `after_ms`."""
    days = (after_ms - since_ms) // DAY_MS
    for each in NOTE_DAYS:
        if days < each:
            return since_ms + each * DAY_MS
    months = (days - NOTE_DAYS[-1]) // MONTH_DAYS + 1
    return since_ms + (NOTE_DAYS[-1] + months * MONTH_DAYS) * DAY_MS


COUNT_LIVES_MS = 14 * DAY_MS
"""Who waits is counted once a week; a count that no other one has followed for two is of another time."""


def weeks_others_wait(median_days: int, counted_ms: int, now_ms: int) -> int:
    """For how many full weeks half of those who wait have waited; 0 where that can't be said, or is less than one."""
    return median_days // 7 if now_ms - counted_ms < COUNT_LIVES_MS else 0


def days_waited(since_ms: int, now_ms: int) -> int:
    """Whole days, as a person would count them."""
    return max(0, now_ms - since_ms) // DAY_MS
