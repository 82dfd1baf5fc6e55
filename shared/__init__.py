"""What every room agrees on and nobody should have to import much for."""

from __future__ import annotations

from typing import Final

SERVICES: Final = ("gateway", "matcher", "ledger", "notifier")
"""In the order of their ports: the gateway's own, then the next three. Their cursors hold trimming back."""

EXIT_SETTINGS: Final = 2
"""The exit code of whatever can't begin before a person mends a setting; it is not started again."""

KEY_BYTES: Final = 32
"""Of the installation's key, and of each person's."""
