"""The messages there are, and how each may be treated."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from shared.events import Gesture, MessageClass


class Template(StrEnum):
    """A message by its file in `templates/<language>/`."""

    SIGN_IN = "sign_in"
    KNOWN_ALREADY = "known_already"
    NEW_ADDRESS = "new_address"
    NEW_NUMBER = "new_number"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_CHANGED = "address_changed"
    RECEIVED = "received"
    WAITING = "waiting"
    PROPOSAL = "proposal"
    SET_ASIDE = "set_aside"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    NOT_GOING_AHEAD = "not_going_ahead"
    INTRODUCTION = "introduction"
    CONTACT = "contact"
    INVITATION = "invitation"
    REST_OR_ASK = "rest_or_ask"
    WOULD_LIKE = "would_like"
    CHECK_IN = "check_in"
    CHECK_IN_LATER = "check_in_later"
    THANKED = "thanked"
    GESTURE_CUP_OF_TEA = "gesture_cup_of_tea"
    GESTURE_THINKING_OF_YOU = "gesture_thinking_of_you"
    GESTURE_I_HEAR_YOU = "gesture_i_hear_you"
    GESTURE_THANK_YOU = "gesture_thank_you"
    DIGEST = "digest"


def of_gesture(gesture: Gesture) -> Template:
    return Template(f"gesture_{gesture}")


NUDGES = (Template.REST_OR_ASK, Template.WOULD_LIKE, Template.CHECK_IN, Template.CHECK_IN_LATER)
"""They share the cap that gestures have, and stop on a break (rule 9)."""

NEXT_MORNING = (Template.NOT_GOING_AHEAD, Template.CHECK_IN, Template.CHECK_IN_LATER)
"""They wait for the morning after what they are about, whatever the hours: the one for rule 17, the others for calm."""

ELSEWHERE = (Template.NEW_ADDRESS, Template.NEW_NUMBER, Template.ADDRESS_CHANGED)
"""They go to an address that is not, or no longer, the person's: to prove that it is theirs, and in case it was taken away."""

ALWAYS = (MessageClass.SIGN_IN, MessageClass.SAFETY)
"""Neither hours nor breaks nor stops hold these (rule 8)."""

GENTLE = (MessageClass.KIND, MessageClass.NUDGE)
"""Capped together, never on a break, and never sent twice: what they tell is on the page."""


@cache
def klass_of(template: Template) -> MessageClass:
    """Gestures, thanks and what puts them together are kind, what brings a link that works once is sign-in, check-ins and
    offers are nudges, that an address was changed is safety, and all else is essential."""
    if template in (Template.SIGN_IN, Template.KNOWN_ALREADY, Template.NEW_ADDRESS, Template.NEW_NUMBER,
                    Template.ADDRESS_TAKEN):
        return MessageClass.SIGN_IN
    if template == Template.ADDRESS_CHANGED:
        return MessageClass.SAFETY
    if template in NUDGES:
        return MessageClass.NUDGE
    kind = template in (Template.THANKED, Template.DIGEST) or template.startswith("gesture_")
    return MessageClass.KIND if kind else MessageClass.ESSENTIAL
