"""The messages there are, and how each may be treated."""

from __future__ import annotations

from enum import StrEnum

from shared.events import Gesture, MessageClass


class Template(StrEnum):
    """A message by its file in `templates/<language>/`."""

    SIGN_IN = "sign_in"
    KNOWN_ALREADY = "known_already"
    RECEIVED = "received"
    PROPOSAL = "proposal"
    SET_ASIDE = "set_aside"
    NOT_GOING_AHEAD = "not_going_ahead"
    INTRODUCTION = "introduction"
    CONTACT = "contact"
    INVITATION = "invitation"
    REST_OR_ASK = "rest_or_ask"
    WOULD_LIKE = "would_like"
    THANKED = "thanked"
    GESTURE_CUP_OF_TEA = "gesture_cup_of_tea"
    GESTURE_THINKING_OF_YOU = "gesture_thinking_of_you"
    GESTURE_I_HEAR_YOU = "gesture_i_hear_you"
    GESTURE_THANK_YOU = "gesture_thank_you"


def of_gesture(gesture: Gesture) -> Template:
    return Template(f"gesture_{gesture}")


NUDGES = (Template.REST_OR_ASK, Template.WOULD_LIKE)
"""They share the cap that gestures have, and stop on a break (rule 9)."""


def klass_of(template: Template) -> MessageClass:
    """Gestures, thanks and nudges are kind, what brings a link that opens their page is sign-in, and all else is essential."""
    if template in (Template.SIGN_IN, Template.KNOWN_ALREADY):
        return MessageClass.SIGN_IN
    kind = template in (*NUDGES, Template.THANKED) or template.startswith("gesture_")
    return MessageClass.KIND if kind else MessageClass.ESSENTIAL
