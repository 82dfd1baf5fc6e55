"""What is inside a seal: plain models that only the named person's own key opens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import Part
from shared.events.words import Way


class Profile(Part):
    """Who a peer is to Twoway and, by alias alone, to a buddy."""

    alias: str
    email: str
    language: str = "en"
    first_name: str = Field("", description="shown to a buddy once both said yes; empty: the alias goes on")
    phone: str = Field("", description="E.164, for text messages; empty: none are sent")


class Details(Part):
    """What a request says about the person: sought, offered, avoided, and how they can connect."""

    seeks: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    ways: tuple[Way, ...] = (Way.MESSAGE,)
    times: tuple[str, ...] = ()
    area: str | None = None
    showable: tuple[str, ...] = Field((), description="sought topics this person lets a proposal name to the other")
    age_band: str | None = Field(None, description="a key of the programme's age bands")
    meets_ages: tuple[str, ...] = Field((), description="age bands this person is comfortable with; none means any")
    facts: dict[str, str] = Field({}, description="what this person chose to say: key of the programme's facts -> value")
    chosen_limits: dict[str, tuple[str, ...]] = Field(
        {}, description="key of a fact -> the values this person meets, never relaxed")
    prefers: dict[str, tuple[str, ...]] = Field(
        {}, description="key of a fact -> the values this person would rather meet: a soft wish")
    newcomer: bool = Field(False, description="would like somebody who enjoys welcoming people who are new to peer support")
    welcomes_newcomers: bool = False
    note: str = Field("", description="in the person's own words, for the people of the programme and nobody else")


class Reason(Part):
    """One plain fact about a proposal: a catalogue key and its words' parameters (topics, ways, languages)."""

    key: Literal["they_offer", "you_offer", "you_both_speak", "you_both_connect_by", "you_share_times"]
    values: tuple[str, ...] = ()


class Reasons(Part):
    """What one of the two is told about why they were put together."""

    facts: tuple[Reason, ...]


class Contact(Part):
    """A way to reach someone outside Twoway, in their own words: a telephone number, an address."""

    text: str


class FreeText(Part):
    text: str


class SignInSecret(Part):
    """The single-use link's token and the code that may be typed instead."""

    token: str
    code: str


class Address(Part):
    """An e-mail address, when nothing else is known of the person; or a telephone number."""

    email: str
    language: str = "en"
    phone: str = Field("", description="E.164; then `email` is empty")


class Invitation(Address):
    """What a partner told of the person they introduce."""

    consent: str = Field(description="the partner's reference to the person's agreement, in words of the partner's own")


class Training(Part):
    """A training that somebody did, as the partner calls it."""

    title: str
    completed: str = Field(description="the day, as in 2026-11-23")
