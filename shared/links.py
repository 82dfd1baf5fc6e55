"""Where a message leads: the addresses that the notifier writes and the gateway's pages answer.

Access logs keep a route's pattern and never the path, so no token is in them. An invitation's token is computed, so that the
referral's event needs to carry no second secret: whoever knows only the referral's id (a log's reader) can't open it.
"""

from __future__ import annotations

from hmac import compare_digest

from shared.sealing import Vault

MY_PAGE = "/me"
SIGN_IN = "/sign-in"
INVITATION = "/invitation"


def sign_in_link(base_url: str, token: str) -> str:
    """Opens a page with one button; the button's POST signs in, so that a scanner that follows links spends nothing."""
    return f"{base_url.rstrip('/')}{SIGN_IN}/{token}"


def invitation_link(base_url: str, vault: Vault, referral: str) -> str:
    return f"{base_url.rstrip('/')}{INVITATION}/{referral}.{_proof(vault, referral)}"


def referral_of(vault: Vault, token: str) -> str | None:
    """The referral that an invitation's token stands for; none when the token is not ours."""
    referral, _, proof = token.partition(".")
    return referral if proof.isascii() and compare_digest(proof, _proof(vault, referral)) else None


def _proof(vault: Vault, referral: str) -> str:
    return vault.mac("invitation", referral.encode())[:32]
