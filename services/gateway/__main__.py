"""`python -m services.gateway`: the gateway alone, in this process."""

from __future__ import annotations

import sys

from services.gateway.app import build
from services.gateway.settings import GatewaySettings
from shared.host import run
from shared.settings import load

if __name__ == "__main__":
    settings, programme = load(GatewaySettings)
    app, host = build(settings, programme)
    sys.exit(run(app, host, settings.port, settings.trusted_proxies))
