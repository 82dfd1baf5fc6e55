"""Several kind words that wait for one person come as one message, which says of how many people."""

from __future__ import annotations

import pytest

from services.notifier.domain.verdict import Withhold
from shared.events import (
    BreakEnded,
    Ending,
    Event,
    Frequency,
    GivingUnreturned,
    MessageIntended,
    MessageWithheld,
    PairEnded,
    PreferencesChanged,
    QuietHours,
)
from tests.unit.notifier.world import DAY, USUAL, World, gesture, reasons, rest, templates


def with_friends(*friends: str, start: str = "2026-03-02 12:00", quiet: QuietHours | None = USUAL,
                 frequency: Frequency = Frequency.AS_IT_HAPPENS) -> World:
    """Ben, who wants to hear that often, has a pair with each of the friends."""
    world = World(start)
    world.person("ben", quiet)
    for each in friends:
        world.person(each)
        world.pair(f"{each}'s", each, "ben")
    world.happens(chooses(quiet, frequency))
    return world


def chooses(quiet: QuietHours | None = USUAL, frequency: Frequency = Frequency.AS_IT_HAPPENS,
            without: tuple[str, ...] = ()) -> PreferencesChanged:
    return PreferencesChanged(peer="ben", quiet=quiet, frequency=frequency, without=without)


def kindly(*friends: str) -> list[Event]:
    return [gesture(f"{each}'s", each, "ben") for each in friends]


def digests(world: World) -> list[tuple[str, ...]]:
    return [each.parts for each in world.every(MessageIntended) if each.template == "digest"]


def test_three_people_who_thought_of_somebody_in_the_night_are_one_message_in_the_morning():
    world = with_friends("ann", "cat", "dan").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat", "dan"))
    assert world.at("2026-03-03 08:59").deliver_all() == []
    assert world.at("2026-03-03 09:00").deliver_all() == ["digest"]
    assert digests(world) == [("ann's", "cat's", "dan's")]
    assert [reason for *_, reason in reasons(world.said)] == ["put_together"] * 3
    assert world.at("2026-03-20 12:00").deliver_all() == []
    assert world.stored() == world.rebuilt()


def test_two_gestures_of_one_person_are_put_together_and_count_as_one_person():
    world = with_friends("ann").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "ann"))
    assert world.at("2026-03-03 09:00").deliver_all() == ["digest"]
    assert digests(world) == [("ann's",)]


def test_one_alone_comes_in_its_own_words():
    world = with_friends("ann").at("2026-03-02 22:00")
    world.happens(*kindly("ann"))
    assert world.at("2026-03-03 09:00").deliver_all() == ["gesture_cup_of_tea"]


def test_a_digest_counts_as_one_against_the_cap_and_what_comes_after_it_waits_on_the_page():
    world = with_friends("ann", "cat").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat"))
    world.at("2026-03-03 09:00").deliver_all()
    assert reasons(world.at("2026-03-03 12:00").happens(*kindly("ann"))) == [("ben", "gesture_cup_of_tea", "cap")]
    assert templates(world.at("2026-03-04 10:00").happens(*kindly("ann"))) == [("ben", "gesture_cup_of_tea")]


def test_who_likes_to_hear_once_a_day_hears_every_morning_of_all_that_came_meanwhile():
    world = with_friends("ann", "cat", frequency=Frequency.DAILY)
    gone = []
    for day in range(2, 9):
        world.at(f"2026-03-0{day} 12:00").happens(*kindly("ann", "cat"))
        gone.append(world.at(f"2026-03-0{day + 1} 09:05").deliver_all())
    # three a week at most: from Thursday on it waits for the week to be over
    assert gone == [["digest"]] * 3 + [[]] * 4
    assert world.at("2026-03-10 12:00").deliver_all() == ["digest"]
    assert digests(world) == [("ann's", "cat's")] * 4


def test_who_likes_to_hear_once_a_week_hears_on_monday_morning_and_of_a_nudge_a_week_later():
    world = with_friends("ann", "cat", start="2026-03-03 12:00", frequency=Frequency.WEEKLY)
    world.happens(*kindly("ann"))
    world.at("2026-03-05 12:00").happens(*kindly("cat"), GivingUnreturned(peer="ben"))
    assert world.at("2026-03-09 08:59").deliver_all() == []
    assert world.at("2026-03-09 09:00").deliver_all() == ["digest"]
    assert world.at("2026-03-16 08:59").deliver_all() == []
    assert world.at("2026-03-16 09:00").deliver_all() == ["rest_or_ask"]


def test_a_break_that_ends_early_brings_nothing_forward_that_waits_for_a_monday():
    world = with_friends("ann", start="2026-03-03 12:00", frequency=Frequency.WEEKLY)
    world.happens(*kindly("ann"), GivingUnreturned(peer="ben"))
    assert world.at("2026-03-09 09:00").deliver_all() == ["gesture_cup_of_tea"]
    world.at("2026-03-10 12:00").happens(rest("ben", "2026-03-20 12:00"))
    world.at("2026-03-11 12:00").happens(BreakEnded(peer="ben"))
    assert world.at("2026-03-16 08:59").deliver_all() == []
    assert world.at("2026-03-16 09:00").deliver_all() == ["rest_or_ask"]


def test_who_hears_only_what_they_need_finds_gestures_on_their_page_and_still_hears_of_proposals():
    world = with_friends("ann", frequency=Frequency.ONLY_NEEDED)
    assert reasons(world.happens(*kindly("ann"))) == [("ben", "gesture_cup_of_tea", "only_needed")]


def test_what_waited_for_monday_comes_at_once_for_who_would_rather_hear_as_it_happens():
    world = with_friends("ann", "cat", start="2026-03-03 12:00", frequency=Frequency.WEEKLY)
    world.happens(*kindly("ann", "cat"))
    world.at("2026-03-04 12:00").happens(chooses())
    assert world.at("2026-03-04 12:00").deliver_all() == ["digest"]
    assert world.at("2026-03-12 12:00").deliver_all() == []


@pytest.mark.parametrize("wish", [{"without": ("kind",)}, {"frequency": Frequency.ONLY_NEEDED}])
def test_a_class_that_is_stopped_while_words_wait_or_a_digest_is_on_its_way_goes_no_further(wish):
    world = with_friends("ann", "cat").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat"))
    world.at("2026-03-03 09:00")
    [digest] = world.ready()
    world.happens(chooses(**wish))
    look = world.decisions.last_look(digest, world.row(digest), world.someone("ben"), world.now_ms)
    assert look == Withhold("stopped" if "without" in wish else "only_needed")


def test_a_break_that_began_in_the_night_leaves_them_on_the_page():
    world = with_friends("ann", "cat").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat"), rest("ben", "2026-03-12 12:00"))
    assert world.at("2026-03-13 12:00").deliver_all() == []
    assert {reason for *_, reason in reasons(world.said)} == {"break"}


def test_who_ended_a_pair_in_the_night_is_not_counted_in_the_morning():
    world = with_friends("ann", "cat", "dan").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat", "dan"), PairEnded(peer="cat", pair="cat's", ending=Ending.AGREED))
    world.at("2026-03-03 09:00")
    assert digests(world) == [("ann's", "dan's")]


def test_a_digest_that_a_blocked_way_keeps_goes_no_further_when_a_pair_in_it_ends():
    world = with_friends("ann", "cat").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat"))
    [digest] = world.at("2026-03-03 09:00").ready()
    world.attempted(digest, "hold", "unreachable", world.now_ms + DAY // 2)
    said = world.happens(PairEnded(peer="ann", pair="ann's", ending=Ending.AGREED))
    assert reasons(said) == [("ben", "digest", "pair_ended")]
    assert world.stored() == world.rebuilt()


def test_a_digest_that_a_blocked_way_keeps_over_night_takes_in_what_comes_in_the_night():
    world = with_friends("ann", "cat", "dan").at("2026-03-02 22:00")
    world.happens(*kindly("ann", "cat"))
    [digest] = world.at("2026-03-03 09:00").ready()
    world.at("2026-03-03 20:59").attempted(digest, "hold", "unreachable", world.now_ms + 60_000)
    world.at("2026-03-03 22:00").happens(*kindly("dan"))
    assert world.at("2026-03-04 09:00").deliver_all() == ["digest"]
    assert digests(world)[-1] == ("ann's", "cat's", "dan's")
    assert len([each for each in world.every(MessageWithheld) if each.reason == "put_together"]) == 4
