"""What a worker tells of a message, and what holds over days of whatever may happen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.verdict import Hold, Send, Withhold
from services.notifier.outbox import INTERRUPTED
from services.notifier.store import MESSAGES, PAIRS, PEOPLE, READY
from shared.events import (
    BreakEnded,
    BreakKind,
    BreakStarted,
    MessageClass,
    MessageDelivered,
    MessageFailed,
    MessageWithheld,
    PairClosed,
    PeerLeft,
    PreferencesChanged,
    QuietHours,
    ReferralUsed,
    SignInRequested,
    TimerElapsed,
)
from tests.unit.notifier.world import (
    DAY,
    HOUR,
    MINUTE,
    SEAL,
    USUAL,
    World,
    asked,
    buddies,
    gesture,
    ms,
    referral,
    rest,
    shown,
    stops,
)


def test_a_delivered_message_leaves_no_row_behind():
    world = World()
    world.happens(asked(world.person("ann")))
    message = world.ready()[0]
    assert world.attempted(message) == [MessageDelivered(message=message, to="ann", template="received")]
    assert world.row(message) is None
    assert world.rows.get(READY, message) is None
    assert world.someone("ann").unsent == ()


def test_an_outcome_told_twice_or_after_the_end_says_nothing_more():
    world = World()
    world.happens(asked(world.person("ann")))
    message = world.ready()[0]
    world.attempted(message)
    assert world.attempted(message) == []
    assert world.attempted("unheard of") == []


def test_a_refused_message_ends_with_the_reason():
    world = World()
    world.happens(asked(world.person("ann")))
    message = world.ready()[0]
    said = world.attempted(message, "failed", "smtp_550")
    assert said == [MessageFailed(message=message, to="ann", template="received", reason="smtp_550")]
    assert world.row(message) is None


def test_a_blocked_way_puts_the_next_try_off_and_out_of_quiet_hours_and_counts():
    world = World("2026-03-02 20:50")
    world.happens(asked(world.person("ann", USUAL)))
    message = world.ready()[0]
    said = world.attempted(message, "hold", "smtp_421", world.now_ms + 20 * MINUTE)
    assert [shown(each.until_ms) for each in said] == ["2026-03-03 09:00"]
    assert (world.row(message).tries, world.row(message).troubles) == (1, 1)
    assert world.at("2026-03-03 09:00").deliver_all() == ["received"]


def test_a_break_that_ends_does_not_shorten_the_wait_for_a_blocked_way():
    world = World("2026-03-02 12:00")
    world.happens(asked(world.person("ann")))
    world.attempted(world.ready()[0], "hold", "unreachable", ms("2026-03-02 15:00"))
    world.happens(rest("ann", "2026-03-02 14:00"))
    world.at("2026-03-02 13:00").happens(BreakEnded(peer="ann"))
    assert not world.at("2026-03-02 14:59").ready()
    assert world.at("2026-03-02 15:00").deliver_all() == ["received"]


def test_a_message_is_not_held_for_a_break_that_ended_while_a_worker_looked_at_it():
    """Else a proposal would be told of two weeks later, long after it lapsed."""
    world = World("2026-03-02 12:00")
    world.happens(asked(world.person("ann", USUAL)), rest("ann", "2026-03-16 12:00"))
    [message] = world.ready()
    world.happens(BreakEnded(peer="ann"))
    world.attempted(message, "hold", "break", ms("2026-03-16 12:00"))
    assert world.at("2026-03-02 12:01").deliver_all() == ["received"]


def test_a_message_is_held_for_the_break_that_is_and_not_for_the_one_that_a_worker_saw():
    world = World("2026-03-02 12:00")
    world.happens(asked(world.person("ann", USUAL)), rest("ann", "2026-03-16 12:00"))
    [message] = world.ready()
    world.happens(rest("ann", "2026-03-03 23:00"))
    world.attempted(message, "hold", "break", ms("2026-03-16 12:00"))
    assert not world.at("2026-03-04 08:59").ready()
    assert world.at("2026-03-04 09:00").deliver_all() == ["received"]


def test_a_message_is_not_held_for_hours_that_somebody_gave_up_while_a_worker_looked_at_it():
    world = World("2026-03-02 22:00")
    world.happens(asked(world.person("ann")), PreferencesChanged(peer="ann", quiet=USUAL))
    [message] = world.ready()
    world.happens(PreferencesChanged(peer="ann", quiet=None))
    world.attempted(message, "hold", "quiet_hours", ms("2026-03-03 09:00"))
    assert world.at("2026-03-02 22:01").deliver_all() == ["received"]


def test_a_worker_whose_clock_is_behind_is_asked_again_after_half_a_minute_and_no_sooner():
    world = World("2026-03-02 09:00")
    world.happens(asked(world.person("ann", USUAL)))
    message = world.ready()[0]
    said = world.attempted(message, "hold", "quiet_hours", ms("2026-03-02 09:00"))
    assert [each.until_ms - world.now_ms for each in said] == [30_000]
    assert world.row(message).troubles == 0


def test_a_timer_that_is_old_or_meant_for_another_service_changes_nothing():
    world = World("2026-03-02 22:00")
    world.happens(asked(world.person("ann", USUAL)))
    message = world.waiting()[0]
    for service, what, of in (("notifier", "send", message), ("matcher", "send", message), ("notifier", "else", message),
                              ("notifier", "send", "unheard of")):
        assert world.happens(TimerElapsed(service=service, what=what, of=of, due_ms=world.now_ms)) == []
    assert not world.ready()


# ── over time ────────────────────────────────────────────────────────────────────────────────────────────────────────

HOURS = st.sampled_from([None, USUAL, QuietHours(start="23:30", end="06:45"),
                         QuietHours(start="21:00", end="09:00", zone="America/New_York"),
                         QuietHours(start="10:00", end="15:00", zone="Asia/Tokyo")])
STEPS = st.lists(st.tuples(
    st.sampled_from(["gesture", "gesture", "asked", "sign_in", "break", "back", "hours", "stop", "nothing"]),
    st.integers(1, 30 * 60),      # minutes until the next one
    st.booleans(),                # whether a worker is there
    st.sampled_from(["delivered", "delivered", "blocked", "interrupted"]), HOURS), max_size=60)


@settings(max_examples=150, deadline=None)
@given(start=st.sampled_from(["2026-03-25 12:00", "2026-10-20 12:00"]), quiet=HOURS, steps=STEPS)
def test_whatever_happens_no_one_is_woken_or_gets_more_than_the_caps(start, quiet, steps):
    """Days around a clock change, with breaks, changing wishes, an absent worker and a blocked way."""
    world = buddies(start, quiet)
    sent: list[tuple[MessageClass, int]] = []
    introductions = len(world.waiting())

    def work(outcome: str) -> None:
        for message in world.ready():
            row = world.row(message)
            person = world.someone(row.to)
            what = world.decisions.last_look(message, row, person, world.now_ms)
            if isinstance(what, Hold):
                world.attempted(message, "hold", what.reason, what.until_ms)
            elif isinstance(what, Withhold):
                world.attempted(message, "withhold", what.reason)
            elif outcome == "blocked":
                world.attempted(message, "hold", "unreachable", world.now_ms + HOUR)
            else:
                assert what == Send()
                sent.append((row.klass, world.now_ms))
                standing = world.decisions.standing(person, row.klass, world.now_ms)
                if row.klass is not MessageClass.SIGN_IN:
                    assert standing.hours is None or not standing.hours.quiet_at(world.now_ms)
                    assert not standing.on_break(world.now_ms)
                    assert not person.stopped
                interrupted = outcome == "interrupted" and row.klass is MessageClass.KIND
                world.attempted(message, *(("failed", INTERRUPTED) if interrupted else ("delivered",)))

    for what, minutes, there, outcome, hours in steps:
        match what:
            case "gesture":
                world.happens(gesture("pair", "ann", "ben"))
            case "asked":
                world.happens(asked("ben"))
            case "sign_in":
                world.happens(SignInRequested(peer="ben", secret=SEAL))
            case "break":
                world.happens(BreakStarted(peer="ben", kind=BreakKind.BREAK, until_ms=world.now_ms + minutes * MINUTE * 2))
            case "back":
                world.happens(BreakEnded(peer="ben"))
            case "stop":
                world.happens(stops("ben", hours))
            case "hours":
                world.happens(PreferencesChanged(peer="ben", quiet=hours))
        if there:
            work(outcome)
        world.passes_until(world.now_ms + minutes * MINUTE)
    for _ in range(20):
        work("delivered")
        world.passes_until(world.now_ms + 6 * HOUR)

    kind = [at_ms for klass, at_ms in sent if klass is MessageClass.KIND]
    for at_ms in kind:
        assert sum(0 <= at_ms - each < DAY for each in kind) <= 1
        assert sum(0 <= at_ms - each < 7 * DAY for each in kind) <= 3
    essential = sum(klass is MessageClass.ESSENTIAL for klass, _ in sent)
    essential += sum(each.reason == "stopped" and each.template in ("received", "introduction")
                     for each in world.every(MessageWithheld))
    assert essential == introductions + sum(what == "asked" for what, *_ in steps), "one was lost, or sent twice"
    assert not world.someone("ben").unsent
    assert world.rebuilt() == world.stored()


def test_every_row_that_is_left_belongs_to_somebody_who_is_there():
    world = buddies()
    world.happens(asked("ann"), gesture("pair", "ann", "ben"), referral())
    world.deliver_all()
    world.happens(PairClosed(pair="pair", peers=("ann", "ben"), reason="left"), PeerLeft(peer="ann"),
                  ReferralUsed(referral="r", peer="cat"))
    left = {(table.name, id) for (table, id), row in world.rows._rows.items() if row is not None}
    assert left == {("people", "ben")}
    assert {MESSAGES.name, PAIRS.name, PEOPLE.name}.isdisjoint({name for name, id in left if id != "ben"})
