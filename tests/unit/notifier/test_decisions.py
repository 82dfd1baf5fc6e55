"""Who is told what and when, as events come in and time goes by."""

from __future__ import annotations

from typing import get_args

import pytest

from services.notifier.domain.verdict import Send, Withhold
from services.notifier.outbox import INTERRUPTED
from services.notifier.store import REFERRALS
from shared.events import (
    BreakEnded,
    BreakKind,
    BreakStarted,
    ContactOffered,
    ContactTakenBack,
    Ending,
    Gesture,
    GivingUnreturned,
    MessageClass,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    PairClosed,
    PairEnded,
    PairFormed,
    PeerBlocked,
    PeerLeft,
    PeerRestored,
    PeerSuspended,
    PreferencesChanged,
    ProposalLapsed,
    QuietHours,
    ReceivingUnrecorded,
    ReferralExpired,
    ReferralRefused,
    ReferralUsed,
    RequestResumed,
    RequestSetAside,
    Sealed,
    SignInRequested,
    SupportWithdrawn,
)
from tests.unit.notifier.world import (
    DAY,
    MINUTE,
    SEAL,
    USUAL,
    World,
    asked,
    buddies,
    closed,
    gesture,
    proposal,
    reasons,
    referral,
    rest,
    shown,
    stops,
    templates,
    withdrawn,
)

# ── essential messages ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_acknowledged_at_once_by_day():
    world = World()
    said = world.happens(asked(world.person("ann")))
    assert templates(said) == [("ann", "received")]
    assert world.deliver_all() == ["received"]


def test_a_request_in_the_night_is_acknowledged_at_nine_for_whoever_never_chose_hours():
    world = World("2026-03-02 23:15")
    world.happens(asked(world.person("ann", usual=True)))
    assert not world.ready()
    assert not world.at("2026-03-03 08:59").ready()
    assert world.at("2026-03-03 09:00").deliver_all() == ["received"]


def test_whoever_was_set_aside_is_told_once():
    world = World()
    world.person("ann")
    assert templates(world.happens(RequestSetAside(request="r", peer="ann"))) == [("ann", "set_aside")]
    assert world.deliver_all() == ["set_aside"]


def test_whoever_is_suspended_is_told_once_and_when_it_is_lifted():
    world = World()
    world.person("ann")
    assert templates(world.happens(PeerSuspended(peer="ann"))) == [("ann", "suspended")]
    assert world.happens(PeerSuspended(peer="ann")) == []
    assert world.deliver_all() == ["suspended"]
    assert templates(world.happens(PeerRestored(peer="ann"))) == [("ann", "restored")]
    assert world.happens(PeerRestored(peer="ann")) == []
    assert world.deliver_all() == ["restored"]


def test_whoever_is_restored_before_they_heard_of_it_hears_of_neither():
    world = World("2026-03-02 23:15")
    world.person("ann", usual=True)
    world.happens(PeerSuspended(peer="ann"))
    assert templates(world.happens(PeerRestored(peer="ann"))) == []
    assert world.at("2026-03-03 09:00").deliver_all() == []


NUDGES = [(GivingUnreturned(peer="ann"), "rest_or_ask"), (ReceivingUnrecorded(peer="ann"), "would_like")]


@pytest.mark.parametrize(("found", "nudge"), NUDGES)
def test_whoever_gives_far_more_than_they_receive_hears_so_privately_within_their_hours(found, nudge):
    world = World("2026-03-02 23:15")
    world.person("ann", usual=True)
    world.pair("p", "ann", world.person("ben"))
    assert templates(world.happens(found)) == [("ann", nudge)]
    assert nudge not in world.deliver_all()
    assert nudge in world.at("2026-03-03 09:00").deliver_all()


@pytest.mark.parametrize(("found", "nudge"), NUDGES)
def test_a_nudge_shares_the_cap_of_gestures_and_stops_on_a_break(found, nudge):
    world = World()
    world.person("ann")
    world.pair("p", "ann", world.person("ben"))
    assert templates(world.happens(gesture("p", "ben", "ann"), found)) == [("ann", "gesture_cup_of_tea")]
    assert [each.reason for each in world.every(MessageWithheld)] == ["cap"]
    world.deliver_all()
    world.at("2026-03-05 10:00").happens(
        BreakStarted(peer="ann", kind=BreakKind.BREAK, until_ms=world.now_ms + DAY), found)
    assert [each.reason for each in world.every(MessageWithheld)] == ["cap", "break"]


@pytest.mark.parametrize("standing", ["hears", "stopped"])
def test_the_same_nudge_is_given_twice_in_a_row_by_message_or_on_the_page_and_then_no_more(standing):
    world = World()
    world.person("ann")
    if standing == "stopped":
        world.happens(stops("ann"))
    shown = []
    for _ in range(4):
        world.passes_until(world.now_ms + 84 * DAY)
        [said] = world.happens(GivingUnreturned(peer="ann"))
        world.deliver_all()
        shown.append(isinstance(said, MessageIntended) or said.due_ms is not None)
    assert shown == [True, True, False, False]
    assert (said.to, said.template, said.reason) == ("ann", "rest_or_ask", "said_twice")
    assert world.rebuilt() == world.stored()


def test_another_nudge_in_between_lets_the_first_be_given_twice_again():
    world = World()
    world.person("ann")
    unreturned, unrecorded = (found for found, _ in NUDGES)
    given = []
    for found in (unreturned, unreturned, unreturned, unrecorded, unreturned, unreturned, unreturned):
        world.passes_until(world.now_ms + 84 * DAY)
        given += [template for _, template in templates(world.happens(found))]
        world.deliver_all()
    assert given == ["rest_or_ask", "rest_or_ask", "would_like", "rest_or_ask", "rest_or_ask"]


@pytest.mark.parametrize("word", [RequestResumed, SupportWithdrawn])
def test_whoever_was_faster_than_the_message_that_they_are_set_aside_hears_nothing_of_it(word):
    world = World("2026-03-02 23:15")
    world.person("ann", usual=True)
    world.happens(RequestSetAside(request="r", peer="ann"), asked("ann"))
    [withheld] = world.happens(word(peer="ann", request="r"))
    assert (withheld.template, withheld.reason) == ("set_aside", word.type.replace(".", "_"))
    assert world.at("2026-03-03 09:00").deliver_all() == ["received"]


def test_a_message_id_is_fixed_by_the_intent_and_names_the_message():
    world = World()
    said = world.happens(asked(world.person("ann")))
    assert isinstance(said[0], MessageIntended)
    assert said[0].message_id == f"<{said[0].message}@example.org>"


def test_a_proposal_is_told_to_both_each_in_their_own_hours():
    world = World("2026-03-02 22:00")
    world.person("ann")
    world.person("ben", USUAL)
    said = world.happens(proposal("p", "ann", "ben"))
    assert templates(said) == [("ann", "proposal"), ("ben", "proposal")]
    assert len(world.ready()) == 1
    assert [shown(each.not_before_ms) for each in said] == ["2026-03-02 22:00", "2026-03-03 09:00"]


def test_only_who_said_yes_hears_that_it_is_not_going_ahead_and_that_next_morning():
    for over in (withdrawn("p", "ann", "ben", said_yes=("ann",)),
                 ProposalLapsed(proposal="p", peers=("ann", "ben"), said_yes=("ann",))):
        world = World("2026-03-02 14:00")
        world.person("ann")
        world.person("ben")
        world.happens(proposal("p", "ann", "ben"))
        world.deliver_all()
        assert templates(world.happens(over)) == [("ann", "not_going_ahead")]
        assert not world.at("2026-03-03 08:59").ready()
        assert world.at("2026-03-03 09:00").deliver_all() == ["not_going_ahead"]


def test_who_left_is_not_told_that_it_is_not_going_ahead():
    world = World()
    world.person("ann")
    world.happens(PeerLeft(peer="ann"))
    assert world.happens(withdrawn("p", "ann", "ben", said_yes=("ann",))) == []


def test_nobody_hears_of_somebody_who_had_left_before_the_matcher_read_of_it():
    world = World()
    for name in ("ann", "ben"):
        world.person(name)
    world.happens(PeerLeft(peer="ann"))
    assert world.happens(proposal("p", "ann", "ben")) == []
    assert world.happens(PairFormed(pair="pair", proposal="p", peers=("ann", "ben"))) == []


def test_a_contact_of_somebody_who_has_left_can_be_seen_by_nobody_and_nobody_is_told_that_it_can():
    world = buddies()
    world.happens(ContactOffered(peer="ann", pair="pair", contact=SEAL), PeerLeft(peer="ann"))
    assert world.happens(ContactOffered(peer="ben", pair="pair", contact=SEAL)) == []


def test_wider_hours_do_not_bring_the_morning_note_forward():
    world = World("2026-03-02 14:00")
    world.person("ann", USUAL)
    world.happens(withdrawn("p", "ann", "ben", said_yes=("ann",)))
    assert world.happens(PreferencesChanged(peer="ann", quiet=None)) == []
    assert not world.at("2026-03-03 08:59").ready()


def test_a_proposal_that_closed_before_it_was_told_is_never_told():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.person("ben", USUAL)
    world.happens(proposal("p", "ann", "ben"))
    said = world.happens(withdrawn("p", "ann", "ben"))
    assert reasons(said) == [("ann", "proposal", "no_longer_open"), ("ben", "proposal", "no_longer_open")]
    assert world.at("2026-03-05 12:00").deliver_all() == []


def test_who_both_said_yes_before_the_morning_get_the_introduction_alone():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.person("ben", USUAL)
    world.happens(proposal("p", "ann", "ben"))
    world.happens(PairFormed(pair="pair", proposal="p", peers=("ann", "ben")))
    assert world.at("2026-03-03 09:00").deliver_all() == ["introduction", "introduction"]


def test_what_was_to_be_said_about_a_pair_that_ended_stays_unsaid():
    world = World("2026-03-02 12:00")
    world.person("ann", USUAL)
    world.person("ben", USUAL)
    world.pair("pair", "ann", "ben")
    world.at("2026-03-02 22:00").happens(gesture("pair", "ann", "ben"))
    said = world.happens(PairClosed(pair="pair", peers=("ann", "ben"), reason="blocked"))
    assert reasons(said) == [("ben", "gesture_cup_of_tea", "pair_ended")]
    assert world.at("2026-03-05 12:00").deliver_all() == []


def reasons_to_close() -> list[str]:
    return list(get_args(PairClosed.model_fields["reason"].annotation))


@pytest.mark.parametrize("reason", reasons_to_close())
def test_however_a_pair_ended_the_other_alone_hears_of_it_next_morning_in_the_one_wording(reason):
    world = buddies("2026-03-02 14:00")
    said = world.happens(PairClosed(pair="pair", peers=("ann", "ben"), reason=reason, by="ben"))
    assert templates(said) == [("ann", "not_going_ahead")]
    assert not world.at("2026-03-03 08:59").ready()
    assert world.at("2026-03-03 09:00").deliver_all() == ["not_going_ahead"]


def test_who_ended_a_pair_and_left_meanwhile_leaves_the_notice_to_the_other():
    world = buddies()
    world.happens(PeerLeft(peer="ann"))
    assert templates(world.happens(closed("pair", "ann", "ben", by="ann"))) == [("ben", "not_going_ahead")]


def test_who_left_is_not_told_that_a_pair_ended():
    world = buddies()
    world.happens(PeerLeft(peer="ben"))
    assert world.happens(closed("pair", "ann", "ben", by="ann")) == []


def test_nobody_is_told_of_an_ending_of_which_it_was_not_written_down_who_ended_it():
    assert buddies().happens(closed("pair", "ann", "ben", by=None)) == []


def test_a_gesture_after_the_pair_ended_reaches_nobody():
    world = World()
    world.person("ann")
    world.person("ben")
    world.pair("pair", "ann", "ben")
    world.happens(PairClosed(pair="pair", peers=("ann", "ben"), reason="blocked"))
    assert world.happens(gesture("pair", "ann", "ben")) == []


def test_nothing_is_said_of_a_contact_until_both_have_offered_one_and_then_both_are_told_once():
    world = World()
    world.person("ann")
    world.person("ben")
    world.pair("pair", "ann", "ben")
    offer = {each: ContactOffered(peer=each, pair="pair", contact=SEAL) for each in ("ann", "ben", "eve")}
    assert world.happens(offer["ann"], offer["ann"], offer["eve"]) == []
    assert world.happens(ContactTakenBack(peer="ann", pair="pair"), offer["ben"]) == []
    assert templates(world.happens(offer["ann"])) == [("ann", "contact"), ("ben", "contact")]
    world.deliver_all()
    assert world.happens(ContactTakenBack(peer="ann", pair="pair"), offer["ann"]) == []


PARTINGS = {
    "ended": PairEnded(peer="ben", pair="pair", ending=Ending.SAFETY),
    "blocked": PeerBlocked(peer="ben", blocked="ann"),
}


@pytest.mark.parametrize("how", PARTINGS)
def test_a_gesture_reaches_nobody_from_the_moment_on_at_which_either_ended_or_blocked(how):
    """Whenever the matcher comes to close the pair: effects are immediate (rule 17)."""
    world = buddies()
    assert world.happens(PARTINGS[how], gesture("pair", "ann", "ben"), gesture("pair", "ben", "ann")) == []
    assert templates(world.happens(closed("pair", "ann", "ben", by="ben"))) == [("ann", "not_going_ahead")]
    assert world.stored() == world.rebuilt()


@pytest.mark.parametrize("how", PARTINGS)
def test_what_was_to_be_said_of_a_pair_stays_unsaid_from_the_moment_on_at_which_either_ended_or_blocked(how):
    world = buddies("2026-03-02 12:00", USUAL)
    world.at("2026-03-02 22:00").happens(gesture("pair", "ann", "ben"))
    assert reasons(world.happens(PARTINGS[how])) == [("ben", "gesture_cup_of_tea", "pair_ended")]
    assert world.at("2026-03-03 12:00").deliver_all() == []


def test_who_is_not_of_a_pair_ends_nothing_and_a_block_ends_what_the_two_have_and_nothing_else():
    world = buddies()
    world.person("cat")
    world.pair("other", "ben", "cat")
    before = world.stored()
    for said in (PairEnded(peer="cat", pair="pair", ending=Ending.AGREED),
                 PairEnded(peer="ben", pair="unheard of", ending=Ending.AGREED), PeerBlocked(peer="cat", blocked="ann"),
                 PeerBlocked(peer="nobody", blocked="ann")):
        assert world.happens(said) == []
    assert world.stored() == before
    world.happens(PeerBlocked(peer="ben", blocked="ann"))
    assert templates(world.happens(gesture("other", "cat", "ben"))) == [("ben", "gesture_cup_of_tea")]


def test_nothing_of_a_pair_is_kept_with_those_who_were_in_it():
    world = buddies()
    world.happens(closed("pair", "ann", "ben", by="ben"))
    assert "pair" not in repr((world.someone("ann").pairs, world.someone("ben").pairs))


def test_a_gesture_from_somebody_who_has_left_reaches_nobody():
    world = buddies()
    world.happens(PeerLeft(peer="ann"))
    assert world.happens(gesture("pair", "ann", "ben")) == []


def offers(world: World, *peers: str) -> list[tuple[str, str]]:
    return templates(world.happens(*(ContactOffered(peer=each, pair="pair", contact=SEAL) for each in peers)))


def test_what_is_not_so_any_more_is_not_said_of_contacts_and_who_offers_again_is_told_then():
    """Nobody learns that a contact was offered and taken back before they could see it (rule 13)."""
    world = buddies("2026-03-02 22:00", USUAL)
    world.at("2026-03-03 22:00")
    assert offers(world, "ann", "ben") == [("ann", "contact"), ("ben", "contact")]
    said = world.happens(ContactTakenBack(peer="ann", pair="pair"))
    assert reasons(said) == [("ann", "contact", "taken_back"), ("ben", "contact", "taken_back")]
    assert "contact" not in world.at("2026-03-04 12:00").deliver_all()
    assert offers(world, "ann") == [("ann", "contact"), ("ben", "contact")]
    assert world.deliver_all() == ["contact", "contact"]
    assert world.stored() == world.rebuilt()


def test_who_had_not_heard_of_a_contact_that_was_taken_back_hears_of_the_next_one():
    world = buddies()
    world.happens(rest("ben", "2026-03-14 12:00"))
    offers(world, "ann", "ben")
    assert world.deliver_all() == ["contact"]
    assert reasons(world.happens(ContactTakenBack(peer="ben", pair="pair"))) == [("ben", "contact", "taken_back")]
    assert world.happens(ContactTakenBack(peer="ben", pair="pair")) == []
    offers(world, "ben")
    assert world.at("2026-03-14 12:00").deliver_all() == ["contact", "contact"]


def test_only_what_was_to_be_said_of_this_pairs_contacts_stays_unsaid():
    world = World("2026-03-02 22:00")
    for name in ("ann", "ben", "cat"):
        world.person(name, USUAL)
    for pair, other in (("pair", "ben"), ("other", "cat")):
        world.happens(PairFormed(pair=pair, proposal="p", peers=("ann", other)),
                      *(ContactOffered(peer=each, pair=pair, contact=SEAL) for each in ("ann", other)))
    said = world.happens(ContactTakenBack(peer="ann", pair="pair"), ContactTakenBack(peer="cat", pair="pair"))
    assert reasons(said) == [("ann", "contact", "taken_back"), ("ben", "contact", "taken_back")]
    assert sorted(world.at("2026-03-03 09:00").deliver_all()) == ["contact"] * 2 + ["introduction"] * 4


def test_a_proposal_waits_for_the_end_of_a_break_and_then_for_the_morning():
    world = World("2026-03-02 12:00")
    world.person("ann", USUAL)
    world.person("ben", USUAL)
    world.happens(rest("ann", "2026-03-04 23:30"))
    world.happens(proposal("p", "ann", "ben"))
    world.deliver_all()
    assert not world.at("2026-03-05 08:59").ready()
    assert world.at("2026-03-05 09:00").deliver_all() == ["proposal"]


def test_coming_back_early_brings_what_waited_for_the_end_of_the_break():
    world = World("2026-03-02 12:00")
    world.person("ann", USUAL)
    world.happens(rest("ann", "2026-03-14 12:00"))
    world.happens(asked("ann"))
    world.at("2026-03-03 23:00")
    said = world.happens(BreakEnded(peer="ann"))
    assert [shown(each.until_ms) for each in said if isinstance(each, MessageHeld)] == ["2026-03-04 09:00"]
    assert world.at("2026-03-04 09:00").deliver_all() == ["received"]
    assert "received" not in world.at("2026-03-14 12:00").deliver_all()


def test_a_shorter_break_brings_what_waited_for_the_end_of_the_longer_one():
    world = World("2026-03-02 12:00")
    world.person("ann", USUAL)
    world.happens(rest("ann", "2026-03-14 12:00"), asked("ann"), rest("ann", "2026-03-03 12:00"))
    assert not world.at("2026-03-03 11:59").ready()
    assert world.at("2026-03-03 12:00").deliver_all() == ["received"]


def test_who_says_in_the_night_that_every_hour_is_fine_gets_what_was_held():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.happens(asked("ann"))
    world.at("2026-03-02 22:30").happens(PreferencesChanged(peer="ann", quiet=None))
    assert world.at("2026-03-02 22:30").deliver_all() == ["received"]


def test_who_chooses_a_later_morning_while_a_message_is_held_gets_it_then():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.happens(asked("ann"))
    world.happens(PreferencesChanged(peer="ann", quiet=QuietHours(start="21:00", end="11:00")))
    assert not world.at("2026-03-03 10:59").ready()
    assert world.at("2026-03-03 11:00").deliver_all() == ["received"]


def test_a_break_that_begins_while_a_message_is_held_holds_it_on():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.happens(asked("ann"))
    world.happens(rest("ann", "2026-03-04 12:00"))
    assert not world.at("2026-03-04 11:59").ready()
    assert world.at("2026-03-04 12:00").deliver_all() == ["received"]


def test_who_leaves_is_told_nothing_more_and_nothing_is_kept():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.person("ben", USUAL)
    world.happens(asked("ann"), SignInRequested(peer="ann", secret=SEAL), proposal("p", "ann", "ben"))
    said = world.happens(PeerLeft(peer="ann"))
    assert [each.reason for each in said if isinstance(each, MessageWithheld)] == ["left", "left", "left"]
    assert world.happens(asked("ann"), SignInRequested(peer="ann", secret=SEAL)) == []
    assert world.at("2026-03-04 12:00").deliver_all() == ["proposal"]
    assert all("ann" not in (id, getattr(row, "to", "")) for (_, id), row in world.rows._rows.items() if row)


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_stopped_our_messages_gets_none_but_sign_ins():
    world = buddies()
    world.happens(stops("ben"))
    told = world.happens(asked("ben"), gesture("pair", "ann", "ben"), proposal("p", "ann", "ben"),
                         closed("pair", "ann", "ben", by="ann"), SignInRequested(peer="ben", secret=SEAL))
    assert reasons(told) == [("ben", each, "stopped") for each in (
        "received", "gesture_cup_of_tea", "proposal", "not_going_ahead")]
    assert templates(told) == [("ann", "proposal"), ("ben", "sign_in")]


def test_what_who_stopped_our_messages_would_have_heard_names_the_morning_from_which_the_page_says_it():
    for over in (closed("pair", "ann", "ben", by="ann"), withdrawn("p", "ann", "ben", said_yes=("ben",))):
        world = buddies("2026-03-02 14:00")
        world.happens(stops("ben", USUAL))
        [withheld] = [each for each in world.happens(over) if isinstance(each, MessageWithheld)]
        assert (withheld.to, shown(withheld.due_ms)) == ("ben", "2026-03-03 09:00")


def test_who_asks_for_our_messages_again_gets_them_again():
    world = World()
    world.person("ann")
    world.happens(stops("ann"), stops("ann", stopped=False))
    assert templates(world.happens(asked("ann"))) == [("ann", "received")]


def test_what_was_ready_when_somebody_stopped_our_messages_is_seen_by_the_last_look():
    world = World()
    world.person("ann")
    world.happens(SignInRequested(peer="ann", secret=SEAL), asked("ann"), stops("ann"))
    looks = {world.row(each).template: world.decisions.last_look(each, world.row(each), world.someone("ann"),
                                                                  world.now_ms) for each in world.ready()}
    assert looks == {"sign_in": Send(), "received": Withhold("stopped")}


def test_what_was_held_when_somebody_stopped_our_messages_is_withheld_when_its_time_comes():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.happens(asked("ann"))
    assert world.happens(stops("ann", USUAL)) == []
    world.at("2026-03-03 09:00")
    assert reasons(world.said) == [("ann", "received", "stopped")]
    assert world.deliver_all() == []


def test_who_changes_their_mind_before_the_morning_gets_what_was_held_for_it():
    world = World("2026-03-02 22:00")
    world.person("ann", USUAL)
    world.happens(asked("ann"), stops("ann", USUAL), stops("ann", USUAL, stopped=False))
    assert world.at("2026-03-03 09:00").deliver_all() == ["received"]


# ── sign-in ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_in_goes_at_once_in_the_night_and_on_a_break():
    world = World("2026-03-02 23:30")
    world.person("ann", USUAL)
    world.happens(rest("ann", "2026-03-14 12:00"))
    said = world.happens(SignInRequested(peer="ann", secret=Sealed("s1.ann.first")))
    assert [each.klass for each in said if isinstance(each, MessageIntended)] == [MessageClass.SIGN_IN]
    assert world.deliver_all() == ["sign_in"]


def test_whoever_is_here_already_hears_that_the_form_was_filled_in_with_their_address():
    world = World("2026-03-02 23:15")
    world.person("ann", USUAL)
    world.happens(stops("ann"))
    said = world.happens(SignInRequested(peer="ann", secret=Sealed("s1.ann.first"), by_form=True))
    assert templates(said) == [("ann", "known_already")]
    assert [world.row(each).secret for each in world.ready()] == ["s1.ann.first"]


def test_two_sign_ins_carry_their_own_secrets_and_the_person_keeps_neither():
    world = World()
    world.person("ann")
    world.happens(SignInRequested(peer="ann", secret=Sealed("s1.ann.first")))
    world.happens(SignInRequested(peer="ann", secret=Sealed("s1.ann.second")))
    assert [world.row(each).secret for each in world.ready()] == ["s1.ann.first", "s1.ann.second"]
    assert world.someone("ann").secret is None


def test_a_link_that_would_come_too_late_is_not_sent_but_a_late_proposal_is():
    world = World()
    world.person("ann")
    world.happens(SignInRequested(peer="ann", secret=SEAL), asked("ann"))
    looks = {world.row(each).template: world.decisions.last_look(each, world.row(each), world.someone("ann"),
                                                                  world.now_ms + 20 * MINUTE) for each in world.ready()}
    assert looks == {"sign_in": Withhold("late"), "received": Send()}


# ── kind messages ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", list(Gesture))
def test_a_gesture_reaches_its_receiver_in_its_own_words(what):
    assert templates(buddies().happens(gesture("pair", "ann", "ben", what))) == [("ben", f"gesture_{what}")]


def test_a_second_gesture_on_one_day_waits_in_the_inbox():
    world = buddies()
    world.happens(gesture("pair", "ann", "ben"))
    world.deliver_all()
    world.at("2026-03-03 11:59")
    assert reasons(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea", "cap")]
    world.at("2026-03-03 12:00")
    assert templates(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea")]


def test_a_fourth_gesture_in_one_week_waits_in_the_inbox():
    world = buddies()
    for day in ("02", "04", "06"):
        world.at(f"2026-03-{day} 13:00").happens(gesture("pair", "ann", "ben"))
        assert world.deliver_all() == ["gesture_cup_of_tea"]
    world.at("2026-03-09 12:59")
    assert reasons(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea", "cap")]
    world.at("2026-03-09 13:00")
    assert templates(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea")]


def test_a_gesture_on_its_way_counts_as_sent():
    world = buddies()
    world.happens(gesture("pair", "ann", "ben"))
    assert world.ready()
    assert reasons(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea", "cap")]
    assert world.deliver_all() == ["gesture_cup_of_tea"]


def test_a_gesture_that_was_refused_or_withheld_leaves_the_day_free():
    for outcome in ("failed", "withhold"):
        world = buddies()
        world.happens(gesture("pair", "ann", "ben"))
        world.attempted(world.ready()[0], outcome, "smtp_550")
        assert templates(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea")]


def test_a_gesture_that_may_have_arrived_counts_as_sent():
    world = buddies()
    world.happens(gesture("pair", "ann", "ben"))
    world.attempted(world.ready()[0], "failed", INTERRUPTED)
    assert reasons(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea", "cap")]


def test_gestures_stay_in_the_inbox_on_a_break_also_one_that_was_held_when_it_began():
    world = buddies("2026-03-02 12:00", USUAL)
    world.at("2026-03-02 22:00").happens(gesture("pair", "ann", "ben"))
    world.happens(rest("ben", "2026-03-08 12:00"))
    world.at("2026-03-03 09:00")
    assert reasons(world.said) == [("ben", "gesture_cup_of_tea", "break")]
    assert reasons(world.happens(gesture("pair", "ann", "ben"))) == [("ben", "gesture_cup_of_tea", "break")]


# ── referrals ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_referral_leads_to_one_invitation_in_the_programmes_hours():
    world = World("2026-03-02 22:00")
    assert templates(world.happens(referral())) == [("r", "invitation")]
    assert world.happens(referral()) == []
    assert not world.at("2026-03-03 08:59").ready()
    assert world.at("2026-03-03 09:00").deliver_all() == ["invitation"]
    assert world.at("2026-04-30 12:00").deliver_all() == []


@pytest.mark.parametrize(("event", "reason"), [
    (ReferralUsed(referral="r", peer="ann"), "referral_used"),
    (ReferralRefused(referral="r"), "referral_refused"),
    (ReferralExpired(referral="r"), "referral_expired"),
])
def test_an_invitation_that_is_over_before_it_went_is_withheld_and_its_row_is_gone(event, reason):
    world = World("2026-03-02 22:00")
    world.happens(referral())
    assert reasons(world.happens(event)) == [("r", "invitation", reason)]
    assert world.rows.get(REFERRALS, "r") is None
    assert world.at("2026-03-03 09:00").deliver_all() == []
