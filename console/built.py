"""The services as the console needs them: built, never started. Building touches nothing, so it is cheap and safe."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from shared.programme import load as load_programme
from shared.service import Service
from shared.settings import Settings

_NO_KEY = "A" * 43
"""32 zero bytes: what is built only to be looked at opens nothing."""


def settings_of(name: str) -> type[Settings]:
    """The settings class of a service."""
    module = import_module(f"services.{name}.settings")
    kind: type[Settings] = getattr(module, f"{name.capitalize()}Settings")
    return kind


def services(name: str, settings: Settings) -> list[Service]:
    """The service, once for each partition, in their order."""
    build: Any = import_module(f"services.{name}.app").build
    _, host = build(settings, load_programme(settings.programme))
    return [reader.service for reader in host.readers]


def to_look_at(name: str) -> Service:
    """The service with default settings and a key that opens nothing."""
    given: dict[str, Any] = {"key": _NO_KEY, "try_out": True}
    return services(name, settings_of(name)(**given))[0]
