"""`python -m services.notifier`"""

from __future__ import annotations

import sys

from services.notifier.app import build
from services.notifier.catalogues import BadCatalogue
from services.notifier.settings import NotifierSettings
from shared.host import run
from shared.settings import load, refuse


def main() -> int:
    settings, programme = load(NotifierSettings)
    try:
        app, host = build(settings, programme)
    except BadCatalogue as error:
        refuse("TWOWAY_MESSAGES", str(error))
    except OSError as error:
        refuse("TWOWAY_MESSAGES", f"{error.filename} can't be read ({error.strerror})")
    return run(app, host, settings.port)


if __name__ == "__main__":
    sys.exit(main())
