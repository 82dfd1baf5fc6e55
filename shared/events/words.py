"""Words that more than one event uses: what a peer can say, choose or do."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from shared.events.base import Part


class Answer(StrEnum):
    """What a peer says to a proposal. None of the four costs anything (rule 1)."""

    YES = "yes"
    NOT_NOW = "not_now"
    NOT_THIS_PERSON = "not_this_person"
    SOMEONE_DIFFERENT = "someone_different"


class Way(StrEnum):
    """A way to connect."""

    MESSAGE = "message"
    CALL = "call"
    IN_PERSON = "in_person"
    LETTER = "letter"


class BreakKind(StrEnum):
    DIFFICULT_DAY = "difficult_day"
    BREAK = "break"


class Kind(StrEnum):
    """A kind of moment: one act of support."""

    LISTENED = "listened"
    SHARED_EXPERIENCE = "shared_experience"
    SHARED_COPING = "shared_coping"
    PRACTICAL_HELP = "practical_help"
    GESTURE = "gesture"
    SAT_TOGETHER = "sat_together"
    WELCOMED_NEWCOMER = "welcomed_newcomer"
    OTHER = "other"


class Gesture(StrEnum):
    """A one-tap moment that also sends a kind message."""

    CUP_OF_TEA = "cup_of_tea"
    THINKING_OF_YOU = "thinking_of_you"
    I_HEAR_YOU = "i_hear_you"
    THANK_YOU = "thank_you"


class Correction(StrEnum):
    """Why a moment is taken back."""

    MISTAKE = "mistake"
    SAME_MOMENT = "same_moment"
    AGREED = "agreed"
    OPERATOR = "operator"


class Listened(StrEnum):
    """The answers to "Have you felt listened to lately?"; each is as good as another."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    SKIP = "skip"


class Ending(StrEnum):
    AGREED = "agreed"
    ONE_SIDE = "one_side"
    MOVED_ON = "moved_on"
    SAFETY = "safety"


class ClosingNote(StrEnum):
    """A ready sentence that somebody may leave when they end a pair (rule 13)."""

    THANK_YOU = "thank_you"
    GLAD_WE_MET = "glad_we_met"
    TAKE_CARE = "take_care"
    NOT_ABOUT_YOU = "not_about_you"


class Frequency(StrEnum):
    """How often messages that can wait are put together."""

    AS_IT_HAPPENS = "as_it_happens"
    DAILY = "daily"
    WEEKLY = "weekly"
    ONLY_NEEDED = "only_needed"


class QuietHours(Part):
    """Local hours in which nothing but sign-in and safety messages is sent (rule 8)."""

    start: str = Field("21:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field("09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    zone: str | None = Field(None, description="IANA name; none or unknown means the programme's zone")
