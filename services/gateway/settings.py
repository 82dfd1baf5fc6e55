"""What the gateway needs to know beyond what all services do."""

from __future__ import annotations

from pydantic import Field

from shared.settings import Settings


class GatewaySettings(Settings):
    port: int = Field(8000, ge=1, le=65535, description="Port of the pages, the intake, health and metrics.")
    base_url: str = Field(
        "http://127.0.0.1:8000", pattern=r"^https?://[^\s/]+$",
        description="The address that people open. With https:// cookies are marked Secure and browsers are told to "
        "come by https only.")
    try_out: bool = Field(
        False, description="1: pages say that this is a try-out, /mailbox shows every message, and the limit per "
        "network is off, since everyone comes from one machine. `twoway up` sets it on loopback.")
    posts_per_minute: int = Field(
        120, ge=1, le=100_000, description="Forms and events that one network (an IPv4 address, an IPv6 /64) may send "
        "in a minute. A clinic's or a library's people share one.")
    sign_ins_per_quarter: int = Field(
        5, ge=1, le=1_000, description="Sign-in messages that one e-mail address can be sent in 15 minutes. With five "
        "tries a code, a code is guessed with p = 0.000025 in that time.")

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")
