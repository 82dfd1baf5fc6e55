"""What the gateway's settings take and what they refuse."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.gateway.settings import GatewaySettings
from tests.integration.gateway.site import KEY


@pytest.mark.parametrize("proxies", ["127.0.0.1,::1", " 10.0.0.5 , 172.16.0.0/12 ", "fd00::/8", ""])
def test_proxies_are_addresses_and_ranges(proxies: str) -> None:
    assert " " not in GatewaySettings(key=KEY, trusted_proxies=proxies).trusted_proxies


@pytest.mark.parametrize("proxies", ["proxy", "*", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1;10.0.0.1"])
def test_a_proxy_that_is_no_address_is_refused_rather_than_trusted_in_vain(proxies: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        GatewaySettings(key=KEY, trusted_proxies=proxies)
