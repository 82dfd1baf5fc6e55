"""`python -m services.matcher`: the matcher alone, in this process."""

from __future__ import annotations

import sys

from services.matcher.app import build
from services.matcher.settings import MatcherSettings
from shared.host import run
from shared.settings import load

if __name__ == "__main__":
    settings, programme = load(MatcherSettings)
    app, host = build(settings, programme)
    sys.exit(run(app, host, settings.port))
