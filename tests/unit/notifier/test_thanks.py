"""Thanks for a moment reach the other of a pair as a gesture does: kindly, within the same limits, or on the page alone."""

from __future__ import annotations

import pytest

from shared.events import (
    BreakKind,
    BreakStarted,
    Ending,
    Event,
    MessageClass,
    MessageIntended,
    MessageWithheld,
    MomentThanked,
    PairEnded,
    PeerBlocked,
    PeerLeft,
)
from tests.unit.notifier.world import DAY, USUAL, buddies, gesture, reasons, stops, templates


def thanks(peer: str = "ann", to: str = "ben", pair: str = "pair") -> MomentThanked:
    return MomentThanked(moment="m", pair=pair, peer=peer, to=to)


def test_thanks_reach_the_other_of_the_pair_as_a_kind_message() -> None:
    world = buddies()
    [said] = world.happens(thanks())
    assert isinstance(said, MessageIntended)
    assert (said.to, said.template, said.klass, said.about) == ("ben", "thanked", MessageClass.KIND, "pair")
    assert world.deliver_all() == ["thanked"]
    assert world.stored() == world.rebuilt()


@pytest.mark.parametrize("first", [gesture("pair", "ann", "ben"), thanks()])
def test_thanks_and_gestures_share_one_cap(first: Event) -> None:
    world = buddies()
    world.happens(first)
    assert reasons(world.happens(thanks())) == [("ben", "thanked", "cap")]
    world.deliver_all()
    assert reasons(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea", "cap")]
    world.passes_until(world.now_ms + DAY)
    assert templates(world.happens(thanks())) == [("ben", "thanked")]


def test_thanks_in_the_night_wait_for_the_morning() -> None:
    world = buddies("2026-03-02 12:00", USUAL)
    world.at("2026-03-02 22:00").happens(thanks())
    assert world.at("2026-03-03 08:59").deliver_all() == []
    assert world.at("2026-03-03 09:00").deliver_all() == ["thanked"]


def test_thanks_wait_on_the_page_during_a_break_and_of_whoever_asked_for_no_messages() -> None:
    world = buddies()
    world.happens(BreakStarted(peer="ben", kind=BreakKind.DIFFICULT_DAY, until_ms=world.now_ms + DAY))
    assert reasons(world.happens(thanks())) == [("ben", "thanked", "break")]
    world.happens(stops("ann"))
    assert reasons(world.happens(thanks("ben", "ann"))) == [("ann", "thanked", "stopped")]


def test_thanks_that_wait_stay_unsaid_when_the_pair_ends() -> None:
    world = buddies("2026-03-02 12:00", USUAL)
    world.at("2026-03-02 22:00").happens(thanks())
    said = world.happens(PairEnded(peer="ben", pair="pair", ending=Ending.AGREED))
    assert reasons(said) == [("ben", "thanked", "pair_ended")]
    assert world.at("2026-03-03 12:00").deliver_all() == []


@pytest.mark.parametrize("before", [
    PairEnded(peer="ann", pair="pair", ending=Ending.AGREED), PeerBlocked(peer="ben", blocked="ann"), PeerLeft(peer="ann"),
    PeerLeft(peer="ben")])
def test_thanks_after_an_ending_a_block_or_a_leaving_reach_nobody(before: Event) -> None:
    world = buddies()
    world.happens(before)
    assert world.happens(thanks()) == []
    assert world.stored() == world.rebuilt()


@pytest.mark.parametrize("said", [thanks("ann", "ann"), thanks("eve", "ben"), thanks("ann", "eve"), thanks(pair="another")])
def test_thanks_that_are_not_between_the_two_of_the_pair_reach_nobody(said: Event) -> None:
    world = buddies()
    world.person("eve")
    assert world.happens(said) == []
    assert world.every(MessageWithheld) == []
