"""What every event is, and the registry of all that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NewType

from pydantic import BaseModel, ConfigDict

Sealed = NewType("Sealed", str)
"""`s1.<key id>.<base64url of nonce and ciphertext>`: AES-256-GCM under the key of that id."""

PeerId = str
GATEWAY, MATCHER, LEDGER, NOTIFIER, ANY = "gateway", "matcher", "ledger", "notifier", "any"


class Event(BaseModel):
    """One thing that happened. Subclasses name their wire type and the one service that says it."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    v: ClassVar[int] = 1
    owner: ClassVar[str]

    def __init_subclass__(cls, *, type: str, owner: str, v: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.type, cls.owner, cls.v = type, owner, v
        if type in _REGISTRY:
            raise TypeError(f"two events are called {type}")
        _REGISTRY[type] = cls


_REGISTRY: dict[str, type[Event]] = {}
REGISTRY: Mapping[str, type[Event]] = _REGISTRY
"""Wire type → class, for every event there is."""


class Part(BaseModel):
    """A value inside an event or a seal."""

    model_config = ConfigDict(frozen=True, extra="ignore")
