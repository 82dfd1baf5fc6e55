"""`python -m services.notifier`"""

from __future__ import annotations

import sys

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.host import run
from shared.settings import load


def main() -> int:
    settings, programme = load(NotifierSettings)
    app, host = build(settings, programme)
    return run(app, host, settings.port)


if __name__ == "__main__":
    sys.exit(main())
