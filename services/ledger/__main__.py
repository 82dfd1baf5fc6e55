"""`python -m services.ledger`: the ledger alone, in this process."""

from __future__ import annotations

import sys

from services.ledger.app import build
from services.ledger.settings import LedgerSettings
from shared.host import run
from shared.settings import load

if __name__ == "__main__":
    settings, programme = load(LedgerSettings)
    app, host = build(settings, programme)
    sys.exit(run(app, host, settings.port))
