"""What a mail that came back changes: which address, which message, and once."""

from __future__ import annotations

from services.notifier.message_ids import ours
from services.notifier.store import NOT_THERE, NotThere
from shared.events import (
    AddressChanged,
    AddressCleared,
    MessageAttempted,
    MessageBounced,
    MessageIntended,
    RequestWaiting,
    Sealed,
)
from shared.sealing import Vault
from tests.unit.notifier.world import World


def asked(peer: str) -> RequestWaiting:
    return RequestWaiting(request="r", peer=peer, since_ms=0)


def came_back(world: World, message: str, none: bool = True, before_ms: int = 0) -> MessageBounced:
    return MessageBounced(message=message, to="ann", intended_ms=world.now_ms - before_ms, status="5.1.1" if none else "5.2.2",
                          no_such_address=none)


def sent(world: World) -> str:
    message: str = world.happens(asked(world.person("ann")))[0].message
    world.attempted(message)
    return message


def test_a_bounce_of_an_address_that_is_none_marks_it_with_when_and_why_and_says_nothing():
    world = World()
    assert world.happens(came_back(world, sent(world))) == []
    assert world.rows.get(NOT_THERE, "ann") == NotThere(found_ms=world.now_ms, reason="5.1.1")


def test_a_full_mailbox_says_nothing_of_the_address():
    world = World()
    world.happens(came_back(world, sent(world), none=False))
    assert world.rows.get(NOT_THERE, "ann") is None


def test_what_came_back_from_an_earlier_address_says_nothing_of_the_one_given_since():
    world = World()
    message = sent(world)
    world.passes_until(world.now_ms + 60_000)
    world.happens(AddressChanged(peer="ann", before=Sealed("s1.ann.y")))
    world.happens(came_back(world, message, before_ms=60_000))
    assert world.rows.get(NOT_THERE, "ann") is None


def test_a_refusal_of_an_earlier_address_that_is_told_late_says_nothing_of_the_one_given_since():
    world = World()
    message = world.happens(asked(world.person("ann")))[0].message
    world.passes_until(world.now_ms + 60_000)
    world.happens(AddressChanged(peer="ann", before=Sealed("s1.ann.y")))
    world.happens(MessageAttempted(message=message, outcome="failed", reason="smtp_550", no_such_address=True))
    assert world.rows.get(NOT_THERE, "ann") is None


def test_one_that_was_to_be_tried_again_because_nobody_knew_has_ended():
    world = World()
    message = world.happens(asked(world.person("ann")))[0].message
    world.attempted(message, "hold", "timeout", world.now_ms + 60_000)
    [failed] = world.happens(came_back(world, message))
    assert (failed.type, failed.message, failed.reason) == ("message.failed", message, "bounced")
    assert world.waiting() == []


def test_of_somebody_who_has_left_nothing_is_kept():
    world = World()
    world.happens(MessageBounced(message="m", to="nobody", intended_ms=0, status="5.1.1", no_such_address=True))
    assert world.rows.get(NOT_THERE, "nobody") is None


def test_an_operator_who_knows_better_lifts_the_mark():
    world = World()
    world.happens(came_back(world, sent(world)), AddressCleared(peer="ann"))
    assert world.rows.get(NOT_THERE, "ann") is None


def test_a_mark_of_the_time_before_its_reason_was_kept_is_read():
    assert NOT_THERE.load(b"1") == NotThere()


def test_a_notifier_that_sends_makes_message_ids_that_prove_themselves():
    vault = Vault(bytes(range(32)))
    world = World(vault=vault)
    [intended] = [each for each in world.happens(asked(world.person("ann"))) if isinstance(each, MessageIntended)]
    assert intended.message_id.startswith(f"<{intended.message}.ann.")
    [told] = ours(vault, intended.message_id)
    assert (told.message, told.to) == (intended.message, "ann")

