"""From pydantic's errors to the words beside a field and in the summary above, which are always the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from services.gateway.fields import Choices
from services.gateway.forms import Form
from services.gateway.posted import KEY, Posted

F = TypeVar("F", bound=Form)
Catalogue = Mapping[str, Any]


@dataclass(frozen=True)
class Problems:
    """What to put right, by field, in the order of the page."""

    messages: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.messages)

    @property
    def error_list(self) -> list[dict[str, str]]:
        """For `govukErrorSummary`: every item leads to its field."""
        return [{"text": text, "href": f"#{field}"} for field, text in self.messages.items()]

    def error_message(self, field: str) -> dict[str, str] | None:
        """For `errorMessage` of a field's macro."""
        return {"text": self.messages[field]} if field in self.messages else None


def check(form: type[F], posted: Posted, choices: Choices, errors: Catalogue) -> F | Problems:
    """The form as posted, or what to put right. `errors` is the catalogue `errors.toml`."""
    try:
        return form.model_validate({field: posted.keyed(field) if field in form.by_key else posted.all(field)
                                    for field in form.model_fields}, context=choices)
    except ValidationError as error:
        return Problems(_messages(form, error, errors))


def _messages(form: type[Form], error: ValidationError, errors: Catalogue) -> dict[str, str]:
    messages: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        field, kind = str(detail["loc"][0]), detail["type"]
        own = errors.get(form.name, {}).get(field, {})
        text = own.get(kind) or errors["any"][kind]
        messages.setdefault(KEY.join(map(str, detail["loc"])), text.format(**detail.get("ctx", {})))
    return messages
