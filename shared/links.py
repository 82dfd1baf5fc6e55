"""Where a message leads: the addresses that the notifier writes and the gateway's pages answer.

Access logs keep a route's pattern and never the path, so no token is in them. An invitation's token is computed, so that the
referral's event needs to carry no second secret: whoever knows only the referral's id (a log's reader) can't open it.
"""

from __future__ import annotations

from hmac import compare_digest
from urllib.parse import quote

from shared.sealing import Vault

MY_PAGE = "/me"
SIGN_IN = "/sign-in"
INVITATION = "/invitation"
STOP = "/stop"
ADDRESS = f"{MY_PAGE}/address"

WHOLE_INVITATION = "invitation"
"""What a stop token names, beside classes of messages: that nobody writes to this referral any more."""

STOPPABLE = ("essential", "kind", "nudge", WHOLE_INVITATION)
"""What can be stopped by one tap. Sign-in messages can't: whoever asks for one wants it."""


def sign_in_link(base_url: str, token: str) -> str:
    """Opens a page with one button; the button's POST signs in, so that a scanner that follows links spends nothing."""
    return f"{base_url.rstrip('/')}{SIGN_IN}/{token}"


def address_link(base_url: str, token: str) -> str:
    """Opens a page with one button, where the person is signed in who gave the address that this is sent to."""
    return f"{base_url.rstrip('/')}{ADDRESS}/{token}"


def invitation_link(base_url: str, vault: Vault, referral: str) -> str:
    return f"{base_url.rstrip('/')}{INVITATION}/{referral}.{_proof(vault, referral)}"


def referral_of(vault: Vault, token: str) -> str | None:
    """The referral that an invitation's token stands for; none when the token is not ours."""
    referral, _, proof = token.partition(".")
    return referral if proof.isascii() and compare_digest(proof, _proof(vault, referral)) else None


def stop_token(vault: Vault, to: str, what: str) -> str:
    """Stops `what` (one of STOPPABLE) for a peer or a referral, from whichever device, for as long as they are here: a message
    may be read years later. What it names shows to nobody without the installation's key."""
    return f"{to}.{vault.mac(f'stop {what}', to.encode())[:32]}"


def stop_link(base_url: str, vault: Vault, to: str, what: str) -> str:
    """Opens a page with one button; a POST, the button's or a mail provider's (RFC 8058), stops."""
    return f"{base_url.rstrip('/')}{STOP}/{quote(stop_token(vault, to, what))}"


def stop_of(vault: Vault, token: str) -> tuple[str, str] | None:
    """Who stops what with this token; none when it is not ours."""
    to = token.partition(".")[0]
    if not token.isascii():
        return None
    return next(((to, what) for what in STOPPABLE if compare_digest(token, stop_token(vault, to, what))), None)


def _proof(vault: Vault, referral: str) -> str:
    return vault.mac("invitation", referral.encode())[:32]
