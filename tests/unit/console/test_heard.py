"""What a recount finds among the messages of a log: each planted breach of a rule, and nothing where the rule is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from console.simulate.heard import Heard
from shared.clock import DAY_MS
from shared.events import (
    BreakEnded,
    BreakKind,
    BreakStarted,
    Event,
    Frequency,
    MessageClass,
    MessageDelivered,
    MessageIntended,
    PairClosed,
    PairFormed,
    PeerJoined,
    PeerLeft,
    PreferencesChanged,
    ProposalLapsed,
    ProposalMade,
    QuietHours,
    RequestSetAside,
    RequestWaiting,
    Sealed,
)

ESSENTIAL, KIND, NUDGE, SIGN_IN = MessageClass.ESSENTIAL, MessageClass.KIND, MessageClass.NUDGE, MessageClass.SIGN_IN
LONDON = ZoneInfo("Europe/London")
NOON = "2026-03-04 12:00"
"""A Wednesday."""

Happening = tuple[str, Event]


def ms(local: str) -> int:
    return int(datetime.fromisoformat(local).replace(tzinfo=LONDON).timestamp() * 1000)


def days(number: float, after: str = NOON) -> str:
    return datetime.fromtimestamp((ms(after) + number * DAY_MS) / 1000, LONDON).replace(tzinfo=None).isoformat(" ")


def comes(at: str, klass: MessageClass, template: str = "", message: str = "", about: str = "pair") -> list[Happening]:
    message, template = message or f"{klass} {at}", template or str(klass)
    intended = MessageIntended(message=message, to="ann", template=template, klass=klass, message_id="<1@x>",
                               not_before_ms=ms(at), about=about)
    return [(at, intended), (at, MessageDelivered(message=message, to="ann", template=template))]


def chooses(quiet: QuietHours | None = None, **wishes: object) -> Happening:
    return "2026-03-02 12:00", PreferencesChanged.model_validate({"peer": "ann", "quiet": quiet, **wishes})


def rests(start: str, until: str) -> Happening:
    return start, BreakStarted(peer="ann", kind=BreakKind.BREAK, until_ms=ms(until))


def broken(*happenings: Happening | list[Happening], end: str = NOON) -> list[str]:
    """The rules that were broken when these happened, in the order of their time."""
    heard = Heard("Europe/London")
    joined: Happening = "2026-03-01 12:00", PeerJoined(peer="ann", community="riverside", profile=Sealed("s1.a.b"))
    flat: list[Happening] = [joined]
    for each in happenings:
        flat += each if isinstance(each, list) else [each]
    for at, event in sorted(flat, key=lambda each: ms(each[0])):
        for hearing in heard.hearings:
            if type(event) in hearing:
                hearing[type(event)](event, ms(at))
    return [each.rule for each in heard.broken(ms(end))]


NIGHT_SHIFT = QuietHours(start="08:00", end="16:00")
KARACHI = QuietHours(zone="Asia/Karachi")

PLANTED: dict[str, tuple[list[Happening | list[Happening]], list[str]]] = {
    "at noon": ([comes(NOON, ESSENTIAL)], []),
    "late in the evening": ([comes("2026-03-04 21:00", ESSENTIAL)], ["in_quiet_hours"]),
    "a minute before nine": ([comes("2026-03-04 08:59", KIND)], ["in_quiet_hours"]),
    "at nine": ([comes("2026-03-04 09:00", KIND)], []),
    "at nine on the day the clocks go forward": ([comes("2026-03-29 09:00", KIND)], []),
    "a link to sign in at night": ([comes("2026-03-04 03:00", SIGN_IN)], []),
    "at noon to who sleeps by day": ([chooses(NIGHT_SHIFT), comes(NOON, ESSENTIAL)], ["in_quiet_hours"]),
    "at night to who sleeps by day": ([chooses(NIGHT_SHIFT), comes("2026-03-04 03:00", ESSENTIAL)], []),
    "at night where every hour is fine": ([chooses(), comes("2026-03-04 03:00", ESSENTIAL)], []),
    "in the evening of a zone of their own": ([chooses(KARACHI), comes("2026-03-04 16:30", ESSENTIAL)], ["in_quiet_hours"]),
    "in the morning of it": ([chooses(KARACHI), comes("2026-03-04 04:30", ESSENTIAL)], []),
    "at night with a zone that nobody knows": ([chooses(QuietHours(zone="Nowhere/At all")), comes("2026-03-04 08:00", KIND)],
                                               ["in_quiet_hours"]),
    "at noon with hours that end when they begin": ([chooses(QuietHours(start="12:00", end="12:00")), comes(NOON, KIND)], []),
    "two in a day": ([comes(NOON, KIND), comes(days(0.9), NUDGE)], ["more_than_one_a_day"]),
    "one a day": ([comes(NOON, KIND), comes(days(1), KIND), comes(days(2), NUDGE)], []),
    "four in a week": ([comes(days(number), KIND) for number in (0, 1, 3, 6)], ["more_than_three_a_week"]),
    "four in a week and a bit": ([comes(days(number), KIND) for number in (0, 1, 3, 7)], []),
    "many essential ones in a day": ([comes(f"2026-03-04 1{hour}:00", ESSENTIAL) for hour in range(5)], []),
    "the same nudge three times": ([comes(days(30 * number), NUDGE) for number in range(3)], ["more_than_twice_in_a_row"]),
    "with another between": ([comes(days(0), NUDGE), comes(days(30), NUDGE), comes(days(60), NUDGE, about="other"),
                              comes(days(90), NUDGE)], []),
    "a proposal on a break": ([rests("2026-03-03 12:00", days(5)), comes(NOON, ESSENTIAL)], ["on_a_break"]),
    "after a break": ([rests("2026-03-03 12:00", NOON), comes(NOON, KIND)], []),
    "after coming back": ([rests("2026-03-03 12:00", days(5)), ("2026-03-04 11:00", BreakEnded(peer="ann")),
                           comes(NOON, KIND)], []),
    "anything to who stopped all": ([chooses(QuietHours(), stopped=True), comes(NOON, ESSENTIAL)], ["stopped"]),
    "a link to sign in to who stopped all": ([chooses(QuietHours(), stopped=True), comes(NOON, SIGN_IN)], []),
    "a kind that was stopped": ([chooses(QuietHours(), without=("kind",)), comes(NOON, KIND)], ["stopped"]),
    "another kind than that": ([chooses(QuietHours(), without=("kind",)), comes(NOON, NUDGE)], []),
    "kind words to who needs none": ([chooses(QuietHours(), frequency=Frequency.ONLY_NEEDED), comes(NOON, KIND)],
                                     ["only_what_is_needed"]),
    "once a week, on a Wednesday": ([chooses(QuietHours(), frequency=Frequency.WEEKLY), comes(NOON, NUDGE)],
                                    ["not_on_a_monday"]),
    "once a week, on a Monday": ([chooses(QuietHours(), frequency=Frequency.WEEKLY), comes("2026-03-09 09:00", NUDGE)], []),
    "the same message again": ([comes(NOON, ESSENTIAL, message="m"), comes(days(1), ESSENTIAL, message="m")], ["twice"]),
    "after they left": ([("2026-03-04 11:00", PeerLeft(peer="ann")), comes(NOON, ESSENTIAL)], ["after_leaving"]),
}


@pytest.mark.parametrize(("happenings", "rules"), PLANTED.values(), ids=PLANTED)
def test_a_message_that_breaks_a_rule_is_found_and_one_that_keeps_it_is_not(
        happenings: Sequence[Happening | list[Happening]], rules: list[str]) -> None:
    assert broken(*happenings) == rules


# ── notes to whoever waits ───────────────────────────────────────────────────────────────────────────────────────────


WAITS: Happening = (NOON, RequestWaiting(request="r", peer="ann", since_ms=0))
PROPOSED = ProposalMade.model_construct(proposal="q", peers=("ann", "ben"))


def notes(*after: float) -> list[list[Happening]]:
    return [comes(days(number), ESSENTIAL, template="waiting") for number in after]


def pair(day: float, event: type[PairFormed | PairClosed]) -> Happening:
    rest = {"proposal": "q"} if event is PairFormed else {"reason": "ended"}
    return days(day), event.model_validate({"pair": "pair", "peers": ("ann", "ben"), **rest})


HEARD: dict[str, tuple[list[Happening | list[Happening]], float, list[str]]] = {
    "all in time": ([WAITS, *notes(2, 7.1, 14, 44)], 60, []),
    "nothing yet": ([WAITS], 1.9, []),
    "nothing": ([WAITS], 4, ["silently_left_out"]),
    "no monthly one": ([WAITS, *notes(2, 7, 14)], 60, ["silently_left_out"]),
    "one too soon": ([WAITS, *notes(1.9)], 2, ["note_too_soon"]),
    "one too many": ([WAITS, *notes(2, 5)], 6, ["note_too_soon"]),
    "without having asked": (notes(2), 6, ["note_without_a_wait"]),
    "with a buddy": ([WAITS, pair(1, PairFormed), *notes(2)], 30, ["note_without_a_wait"]),
    "none with a buddy": ([WAITS, pair(1, PairFormed)], 30, []),
    "after a buddy": ([WAITS, pair(1, PairFormed), pair(10, PairClosed), *notes(12, 17)], 20, []),
    "nothing after a buddy": ([WAITS, pair(1, PairFormed), pair(10, PairClosed)], 20, ["silently_left_out"]),
    "set aside": ([WAITS, (days(1), RequestSetAside(request="r", peer="ann"))], 30, []),
    "while a proposal is open": ([WAITS, (days(1.5), PROPOSED), (days(6), ProposalLapsed(proposal="q", peers=("ann", "ben"))),
                                  *notes(7)], 10, []),
    "on a break": ([WAITS, rests(days(1), days(5))], 6, []),
    "who stopped all": ([chooses(QuietHours(), stopped=True), WAITS], 30, []),
    "who left": ([WAITS, pair(1, PairFormed), (days(2), PeerLeft(peer="ann")), pair(2.1, PairClosed)], 30, []),
}


@pytest.mark.parametrize(("happenings", "until", "rules"), HEARD.values(), ids=HEARD)
def test_who_waits_hears_in_time_or_is_found_to_be_left_out(
        happenings: Sequence[Happening | list[Happening]], until: float, rules: list[str]) -> None:
    assert broken(*happenings, end=days(until)) == rules


def test_messages_are_told_by_class_for_a_person_and_week_with_the_most_of_anybody() -> None:
    heard = Heard("Europe/London")
    happenings = [("2026-03-01 12:00", PeerJoined(peer="ann", community="c", profile=Sealed("s1.a.b"))),
                  ("2026-03-01 12:00", PeerJoined(peer="ben", community="c", profile=Sealed("s1.b.b"))),
                  *comes(NOON, KIND), *comes(days(1), KIND), *comes(days(9), KIND), *comes(days(2), ESSENTIAL)]
    for at, event in happenings:
        heard.hearings[0][type(event)](event, ms(at))
    assert heard.a_week(ms("2026-03-29 13:00")) == {"essential": (1 / 8, 1), "kind": (3 / 8, 2)}
