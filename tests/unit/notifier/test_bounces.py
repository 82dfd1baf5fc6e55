"""Which refusals of a recipient say that nobody has the address."""

from __future__ import annotations

import pytest

from services.notifier.domain.bounces import no_such_address


@pytest.mark.parametrize(("code", "text", "none"), [
    (550, "5.1.1 <ann@example.org>: Recipient address rejected: User unknown", True),
    (550, "5.1.10 example.org takes no mail", True),
    (550, "5.2.1 disabled", True),
    (556, "5.1.2 no such domain", True),
    (550, "No such user here", True),
    (551, "User not local", True),
    (553, "mailbox name not allowed", True),
    (550, "5.7.1 Relaying denied", False),
    (554, "5.7.1 Relay access denied", False),
    (552, "5.2.2 mailbox full", False),
    (550, "5.2.2 mailbox full", False),
    (554, "transaction failed", False),
    (552, "exceeded storage", False),
    (550, "5.1.11 something new", False),
    (550, "", True),
])
def test_an_address_is_none_only_when_the_server_says_so_of_the_address(code: int, text: str, none: bool) -> None:
    assert no_such_address(code, text) is none
