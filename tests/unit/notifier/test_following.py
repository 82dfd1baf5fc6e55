"""What is said because time went by: to whoever waits (rule 11), and to two who have been in touch."""

from __future__ import annotations

import pytest

from services.notifier.domain.following import days_waited, next_note_ms, weeks_others_wait
from shared.events import (
    BreakEnded,
    Ending,
    GivingUnreturned,
    Kind,
    MessageIntended,
    MomentRecorded,
    PairEnded,
    PairFormed,
    PeerLeft,
    PreferencesChanged,
    ProposalLapsed,
    RequestResumed,
    RequestSetAside,
    SupportWithdrawn,
)
from tests.unit.notifier.world import (
    DAY,
    HOUR,
    USUAL,
    World,
    asked,
    buddies,
    closed,
    ms,
    proposal,
    reasons,
    rest,
    shown,
    stops,
    templates,
    withdrawn,
)

REQUEST = "request of ann"


def waiting(start: str = "2026-03-02 12:00") -> World:
    world = World(start)
    world.happens(asked(world.person("ann", USUAL)))
    world.deliver_all()
    world.person("ben", USUAL)
    return world


def notes(world: World, days: int) -> list[str]:
    """When notes on the wait are delivered to Ann, as the days go by."""
    gone = []
    for _ in range(days * 4):
        world.passes_until(world.now_ms + 6 * HOUR)
        gone += [shown(world.now_ms)[:10] for template in world.deliver_all() if template == "waiting"]
    return gone


def test_whoever_waits_hears_after_2_7_and_14_days_and_then_every_month():
    world = waiting()
    assert notes(world, 80) == ["2026-03-04", "2026-03-09", "2026-03-16", "2026-04-15", "2026-05-15"]
    assert {each.klass for each in world.every(MessageIntended) if each.template == "waiting"} == {"essential"}
    assert world.stored() == world.rebuilt()


@pytest.mark.parametrize(("days", "expected"), [(0, 2), (1.9, 2), (2, 7), (7, 14), (14, 44), (43.9, 44), (44, 74), (400, 404)])
def test_the_next_note_comes_later_than_now(days, expected):
    assert next_note_ms(1_000, 1_000 + round(days * DAY)) == 1_000 + expected * DAY
    assert days_waited(1_000, 1_000 + round(days * DAY)) == int(days)


@pytest.mark.parametrize(("median_days", "days_ago", "weeks"), [
    (6, 0, 0), (7, 0, 1), (20, 3, 2), (21, 13.9, 3), (21, 14, 0), (0, 0, 0)])
def test_how_long_others_wait_is_told_in_full_weeks_and_not_from_long_ago(median_days, days_ago, weeks):
    assert weeks_others_wait(median_days, 1_000, 1_000 + round(days_ago * DAY)) == weeks


def test_a_note_waits_for_the_morning_of_whoever_asked_in_the_night():
    world = waiting("2026-03-02 23:00")
    assert "waiting" not in world.at("2026-03-05 08:59").deliver_all()
    assert "waiting" in world.at("2026-03-05 09:00").deliver_all()


def test_whoever_looks_at_a_proposal_hears_nothing_of_waiting_and_again_when_it_led_nowhere():
    world = waiting()
    world.at("2026-03-03 12:00").happens(proposal("p", "ann", "ben"))
    assert notes(world, 4) == []
    world.happens(ProposalLapsed(proposal="p", peers=("ann", "ben")))
    assert notes(world, 4) == ["2026-03-09"]


@pytest.mark.parametrize("found", [proposal("p", "ann", "ben"), PairFormed(pair="pair", proposal="p", peers=("ann", "ben")),
                                   SupportWithdrawn(peer="ann", request=REQUEST),
                                   RequestSetAside(request=REQUEST, peer="ann")])
def test_a_note_that_is_held_over_night_is_never_told_once_somebody_is_found_or_nobody_is_looked_for(found):
    world = waiting("2026-03-02 23:00").at("2026-03-04 23:30")
    assert ("ann", "waiting", "no_longer_waiting") in reasons(world.happens(found))
    assert "waiting" not in world.at("2026-03-05 09:00").deliver_all()
    assert world.stored() == world.rebuilt()


@pytest.mark.parametrize("over", [PairFormed(pair="pair", proposal="p", peers=("ann", "ben")),
                                  SupportWithdrawn(peer="ann", request=REQUEST), PeerLeft(peer="ann"),
                                  RequestSetAside(request=REQUEST, peer="ann")])
def test_whoever_has_somebody_or_looks_for_nobody_is_not_told_of_waiting(over):
    world = waiting()
    world.happens(over)
    assert notes(world, 60) == []


def test_whoever_loses_their_buddy_waits_anew_from_then_on():
    world = waiting()
    world.happens(PairFormed(pair="pair", proposal="p", peers=("ann", "ben")))
    world.at("2026-05-01 12:00").happens(PairEnded(peer="ben", pair="pair", ending=Ending.MOVED_ON),
                                         closed("pair", "ann", "ben", by="ben"))
    assert notes(world, 8) == ["2026-05-03", "2026-05-08"]
    assert world.stored() == world.rebuilt()


def test_who_never_asked_is_not_waiting_after_a_pair_and_who_has_another_buddy_is_not_either():
    world = waiting()
    for pair in ("one", "two"):
        world.happens(PairFormed(pair=pair, proposal=f"p {pair}", peers=("ann", "ben")))
    world.happens(closed("one", "ann", "ben", by="ben"))
    assert notes(world, 20) == []
    world.happens(closed("two", "ann", "ben", by="ben"))
    assert {each.to for each in world.every(MessageIntended) if each.template == "waiting"} == set()
    assert len(notes(world, 3)) == 1


def test_whoever_was_set_aside_and_comes_back_is_told_of_waiting_again():
    world = waiting()
    world.happens(RequestSetAside(request=REQUEST, peer="ann"))
    world.at("2026-04-01 12:00").happens(RequestResumed(peer="ann", request=REQUEST))
    world.happens(RequestResumed(peer="ann", request=REQUEST))
    assert notes(world, 8) == ["2026-04-03", "2026-04-08"]


def test_after_a_long_break_one_note_comes_and_not_one_for_each_that_was_missed():
    world = waiting()
    world.happens(rest("ann", "2026-06-30 12:00"))
    assert notes(world, 90) == []
    world.at("2026-06-10 12:00").happens(BreakEnded(peer="ann"))
    assert notes(world, 1) == ["2026-06-10"]
    assert {reason for *_, reason in reasons(world.said)} == {"said_anew"}


def test_who_stopped_essential_messages_is_told_of_waiting_on_their_page():
    world = waiting()
    world.happens(PreferencesChanged(peer="ann", quiet=USUAL, without=("essential",)))
    assert notes(world, 10) == []
    assert reasons(world.said) == [("ann", "waiting", "stopped")] * 2


def test_whoever_said_yes_to_what_is_not_going_ahead_waits_from_where_they_were():
    world = waiting()
    world.at("2026-03-10 12:00").happens(proposal("p", "ann", "ben"), withdrawn("p", "ann", "ben", said_yes=("ann",)))
    assert notes(world, 8) == ["2026-03-16"]


# ── check-ins ────────────────────────────────────────────────────────────────────────────────────────────────────────


def moment(name: str, pair: str = "pair", linked: str | None = None) -> MomentRecorded:
    return MomentRecorded(moment=name, pair=pair, giver="ann", receiver="ben", kind=Kind.LISTENED, linked=linked)


def test_both_are_asked_how_it_is_on_the_morning_after_the_first_and_the_third_contact_and_then_every_12_weeks():
    world = buddies("2026-03-02 12:00")
    asked_on = []
    for name in "abcde":
        world.happens(moment(name))
        world.passes_until(world.now_ms + DAY)
        asked_on.append(sorted(world.deliver_all()))
    assert asked_on == [["check_in"] * 2, [], ["check_in"] * 2, [], []]
    assert world.at("2026-05-27 12:04").deliver_all() == []
    assert world.at("2026-05-28 12:04").deliver_all() == ["check_in_later"] * 2
    assert world.stored() == world.rebuilt()


def test_a_moment_that_went_both_ways_is_one_contact():
    world = buddies()
    said = world.happens(moment("b", linked="a"), moment("a", linked="b"))
    assert templates(said) == [("ann", "check_in"), ("ben", "check_in")]
    world.happens(moment("c"))
    assert [each.template for each in world.every(MessageIntended)].count("check_in") == 2


def test_check_ins_end_with_the_pair_at_once():
    world = buddies()
    world.happens(moment("a"))
    said = world.happens(PairEnded(peer="ben", pair="pair", ending=Ending.AGREED))
    assert reasons(said) == [("ann", "check_in", "pair_ended"), ("ben", "check_in", "pair_ended")]
    assert world.happens(moment("b"), moment("c")) == []
    assert world.at("2027-03-02 12:00").deliver_all() == []


def test_the_later_check_in_comes_twice_in_a_row_and_again_only_when_another_nudge_came_between():
    world = buddies()
    for name in "abc":
        world.happens(moment(name))
        world.passes_until(world.now_ms + DAY)
        world.deliver_all()
    gone = []
    for term in range(5):
        world.passes_until(world.now_ms + 85 * DAY)
        gone.append(sorted(set(world.deliver_all())))
        if term == 3:
            world.happens(GivingUnreturned(peer="ann"), GivingUnreturned(peer="ben"))
            world.deliver_all()
    assert gone == [["check_in_later"], ["check_in_later"], [], [], ["check_in_later"]]


def test_a_check_in_about_a_new_buddy_is_another_one():
    world = buddies()
    world.person("cat")
    for pair in ("pair", "second"):
        if pair == "second":
            world.pair("second", "ann", "cat")
        for name in "abc":
            world.happens(moment(f"{pair} {name}", pair))
            world.passes_until(world.now_ms + DAY)
            world.deliver_all()
            world.passes_until(world.now_ms + 3 * DAY)
    assert [each.to for each in world.every(MessageIntended) if each.template == "check_in"].count("ann") == 4


@pytest.mark.parametrize(("wish", "reason"), [
    (stops("ben"), "stopped"), (PreferencesChanged(peer="ben", quiet=None, without=("nudge",)), "stopped"),
    (rest("ben", "2026-03-20 12:00"), "break")])
def test_who_wants_no_nudges_or_rests_is_not_checked_in_on(wish, reason):
    world = buddies()
    world.happens(wish)
    said = world.happens(moment("a"))
    assert templates(said) == [("ann", "check_in")]
    assert reasons(said) == [("ben", "check_in", reason)]


def test_a_check_in_waits_for_the_morning_though_every_hour_is_fine():
    world = buddies("2026-03-02 20:00")
    assert {each.not_before_ms for each in world.happens(moment("a"))} == {ms("2026-03-03 09:00")}
    assert world.happens(PreferencesChanged(peer="ann", quiet=None)) == []
