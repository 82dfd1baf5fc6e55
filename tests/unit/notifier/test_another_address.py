"""What is told of another address: a link to it, its holder if it has one, and the address before."""

from __future__ import annotations

from services.notifier.domain.patience import next_try_ms
from services.notifier.store import NOT_THERE
from shared.events import (
    AddressChanged,
    AddressGiven,
    MessageAttempted,
    MessageClass,
    MessageIntended,
    ProfileChanged,
    QuietHours,
    RequestWaiting,
    Sealed,
    SignInRequested,
)
from shared.sealing import Vault
from tests.unit.notifier.world import HOUR, World, templates

NEW, OLD, SECRET = Sealed("s1.ann.new"), Sealed("s1.ann.old"), Sealed("s1.ann.secret")
GIVEN = AddressGiven(peer="ann", address=NEW, secret=SECRET)
CHANGED = (AddressChanged(peer="ann", before=OLD), ProfileChanged(peer="ann", profile=NEW))


def at_night() -> World:
    world = World("2026-03-02 23:15")
    world.person("ann", quiet=QuietHours())
    return world


def test_a_link_goes_to_the_new_address_at_once_and_the_row_keeps_neither_for_longer():
    world = at_night()
    [intended] = world.happens(GIVEN)
    assert templates([intended]) == [("ann", "new_address")]
    row = world.row(intended.message)
    assert (row.address, row.secret, row.klass, world.ready()) == (NEW, SECRET, MessageClass.SIGN_IN, [intended.message])
    assert (world.someone("ann").elsewhere, world.someone("ann").secret) == (None, None)


def test_word_of_the_change_goes_to_the_address_before_at_any_hour():
    world = at_night()
    said = world.happens(*CHANGED)
    assert templates(said) == [("ann", "address_changed")]
    assert (world.row(said[0].message).address, world.row(said[0].message).klass) == (OLD, MessageClass.SAFETY)
    assert world.someone("ann").profile == NEW


def test_nothing_goes_to_an_address_before_that_is_none_and_the_page_has_it():
    world = at_night()
    message = world.happens(RequestWaiting(request="r", peer="ann", since_ms=0))[0].message
    world.happens(MessageAttempted(message=message, outcome="failed", reason="smtp_550", no_such_address=True))
    [withheld] = world.happens(*CHANGED)
    assert (withheld.template, withheld.reason, withheld.due_ms) == ("address_changed", "no_such_address", world.now_ms)
    assert world.rows.get(NOT_THERE, "ann") is None


def test_what_becomes_of_a_message_elsewhere_says_nothing_of_the_persons_own_address():
    world = at_night()
    message = world.happens(RequestWaiting(request="r", peer="ann", since_ms=0))[0].message
    world.happens(MessageAttempted(message=message, outcome="failed", reason="smtp_550", no_such_address=True))
    world.attempted(world.happens(GIVEN)[0].message)
    assert world.rows.get(NOT_THERE, "ann") is not None
    [signs_in] = world.happens(SignInRequested(peer="ann", secret=SECRET))
    world.attempted(signs_in.message)
    assert world.rows.get(NOT_THERE, "ann") is None
    again = world.happens(GIVEN)[0].message
    world.happens(MessageAttempted(message=again, outcome="failed", reason="smtp_550", no_such_address=True))
    assert world.rows.get(NOT_THERE, "ann") is None


def test_the_message_id_of_what_goes_elsewhere_proves_nothing():
    world = World(vault=Vault(bytes(range(32))))
    world.person("ann")
    for said in (*world.happens(GIVEN), *world.happens(*CHANGED)):
        assert isinstance(said, MessageIntended)
        assert said.message_id == f"<{said.message}@example.org>"


def test_the_holder_of_an_address_that_somebody_else_gives_gets_a_link_in_words_of_its_own():
    world = at_night()
    assert templates(world.happens(SignInRequested(peer="ann", secret=SECRET, by_other=True))) == [("ann", "address_taken")]


def test_another_name_or_number_lifts_no_mark():
    world = at_night()
    message = world.happens(RequestWaiting(request="r", peer="ann", since_ms=0))[0].message
    world.happens(MessageAttempted(message=message, outcome="failed", reason="smtp_550", no_such_address=True))
    world.happens(ProfileChanged(peer="ann", profile=NEW))
    assert world.rows.get(NOT_THERE, "ann") is not None


def test_of_somebody_who_has_left_nothing_is_told_anywhere():
    assert World().happens(GIVEN, *CHANGED) == []


def test_word_of_a_change_is_tried_for_days_where_a_link_is_for_minutes():
    assert next_try_ms(MessageClass.SAFETY, 20, 0, 48 * HOUR, 0.5) is not None
    assert next_try_ms(MessageClass.SIGN_IN, 20, 0, 48 * HOUR, 0.5) is None
