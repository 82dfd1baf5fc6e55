"""What the gateway needs to know beyond what all services do."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator

from shared.settings import Settings


class GatewaySettings(Settings):
    port: int = Field(8000, ge=1, le=65535, description="Port of the pages, the intake, health and metrics.")
    base_url: str = Field(
        "http://127.0.0.1:8000", pattern=r"^https?://[^\s/]+$",
        description="The address that people open. With https:// cookies are marked Secure and browsers are told to "
        "come by https only.")
    try_out: bool = Field(
        False, description="1: pages say that this is a try-out, /mailbox shows every message to whoever comes from a "
        "private address and through no web server, and the limits per network are off, since everyone comes from one "
        "machine. `twoway up` sets it where both what it listens on and TWOWAY_BASE_URL are this machine's own.")
    texts: bool = Field(
        False, description="1: people may give a number for text messages. Set it once the notifier has TWOWAY_TEXT_URL.")
    posts_per_minute: int = Field(
        120, ge=1, le=100_000, description="Forms, events and questions with a receipt that one network (an IPv4 address, "
        "an IPv6 /64) may send in a minute. A clinic's or a library's people share one.")
    sign_ins_per_quarter: int = Field(
        5, ge=1, le=1_000, description="Sign-in messages that one e-mail address can be sent in 15 minutes: whoever "
        "waits for a slow one asks again once or twice.")
    sign_ins_per_day: int = Field(
        12, ge=1, le=10_000, description="Sign-in messages that one e-mail address can be sent in 24 hours. Anybody can "
        "have them sent, at night too. With five tries a code, a code is guessed with p = 0.00006 in a day, 0.002 in a "
        "month; every message more adds to it.")
    sign_ins_per_hour: int = Field(
        60, ge=1, le=100_000, description="Times that one network may ask for a sign-in message or send in the form for "
        "a buddy in an hour, whatever the addresses. Enough for a group that does so together in one room; too few for "
        "writing to everybody on a list. Off where TWOWAY_TRY_OUT=1.")
    trusted_proxies: str = Field(
        "127.0.0.1,::1", description="Web servers in front of the gateway, as addresses and ranges with commas between "
        "(172.16.0.0/12). Only they are believed when they say for whom they ask; without it everybody behind one "
        "shares a single limit, and whoever is believed wrongly can pretend to be any network.")
    metrics_public: bool = Field(
        False, description="1: anybody may read /metrics. 0: it answers 404 to whoever comes from a public address or "
        "through a web server in front, so that figures stay with those who run the machines.")
    desk: Literal["anywhere", "near", "off"] = Field(
        "anywhere", description="From where the coordinators' desk, /desk, can be opened: anywhere; near: only from a private "
        "address and through no web server in front; off: from nowhere. Nobody is let in without a link that `twoway desk "
        "invite` printed, and for everybody else the page is not there.")

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        each = [part.strip() for part in value.split(",") if part.strip()]
        for part in each:
            ip_network(part)  # raises ValueError: what is no address would be trusted in vain
        return ",".join(each)

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")
