"""An open request that is said anew: between what it says now, the form that shows it, and the event that changes it."""

from __future__ import annotations

from services.gateway import asking
from services.gateway.forms import NEWCOMERS, Ask
from services.gateway.posted import KEY, Posted
from services.gateway.problems import Problems
from services.gateway.web import Here, Web
from shared.events import Details, SupportChanged

ASKED = tuple(each for each in Details.model_fields if each in Ask.model_fields and each != "note")
"""What the form asks and a request says, by the same name. A note was for those who looked for somebody then, and stays."""


def shown(details: Details, capacity: int) -> Posted:
    """The form as it stands for them."""
    said = {field: getattr(details, field) for field in ASKED if field not in Ask.by_key}
    fields = {field: _texts(value) for field, value in said.items()}
    for field in Ask.by_key:
        fields |= {f"{field}{KEY}{key}": _texts(value) for key, value in getattr(details, field).items()}
    newcomers = tuple(each for each in NEWCOMERS if getattr(details, each))
    return Posted({**fields, "newcomers": newcomers, "capacity": (str(capacity),)})


def checked(web: Web, here: Here, answers: Posted) -> Ask | Problems:
    """What is asked for from now on, or what to put right. It stands under the agreement that was given with the request."""
    known = asking.with_what_we_know(web, answers, here)
    return asking.checked(web, Posted({**known.fields, "consent": ("yes",)}), here)


def changed(web: Web, here: Here, request: str, before: Details, asked: Ask) -> tuple[SupportChanged, Details]:
    """The event, and in clear what it seals. What the form does not ask stays as it was."""
    said = {field: getattr(asked, field) for field in ASKED}
    newcomers = {each: each in asked.newcomers for each in NEWCOMERS}
    details = Details.model_validate({**before.model_dump(), **said, **newcomers})
    return SupportChanged(peer=here.peer, request=request, capacity=asked.capacity,
                          details=web.host.vault.seal(here.peer, here.key, details)), details


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(str(each) for each in values)
