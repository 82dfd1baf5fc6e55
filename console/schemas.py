"""JSON Schemas of the events, for whoever reads a log, an archive or a backup without this code.

A sealed field carries under `x-sealed` the schema of what is inside. Only the holder of that person's key can see it, and
yet it is part of the contract: a seal made today is opened by the code of next year.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from services.gateway import intake
from services.notifier import webhooks
from shared import events
from shared.events import REGISTRY, Event, Sealed
from shared.sealing import SEAL_PATTERN

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Untitled(GenerateJsonSchema):
    """Without a title for every field that only says the field's name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


SEALED: Mapping[tuple[str, str], type[BaseModel]] = {
    ("peer.joined", "profile"): events.Profile,
    ("peer.profile_changed", "profile"): events.Profile,
    ("address.given", "address"): events.Address,
    ("address.given", "secret"): events.SignInSecret,
    ("address.changed", "before"): events.Address,
    ("support.requested", "details"): events.Details,
    ("support.changed", "details"): events.Details,
    ("contact.offered", "contact"): events.Contact,
    ("concern.raised", "text"): events.FreeText,
    ("sign_in.requested", "secret"): events.SignInSecret,
    ("referral.made", "address"): events.Invitation,
    ("proposal.drafted", "reasons"): events.Reasons,
    ("proposal.made", "reasons"): events.Reasons,
    ("training.completed", "about"): events.Training,
    ("training.noted", "about"): events.Training,
}
"""What each sealed field holds, once opened."""

FORMATS = {"email": "email", "happened": "date-time", "completed": "date"}
"""What a partner's field is beyond a string."""

STRICTER = {
    intake.REFERRAL_MADE: ", an address that can be written to",
    intake.CHECKIN_RECORDED: ", a time with its zone, each kind once",
    intake.TRAINING_COMPLETED: ", no day that is still to come"}

SEALED_PATTERN = f"^{SEAL_PATTERN}$"


def file_name(event: type[Event]) -> str:
    return f"{event.type}.v{event.v}.json"


def schemas() -> dict[str, dict[str, Any]]:
    """File name → JSON Schema of every event's body."""
    return {file_name(event): schema(event) for event in REGISTRY.values()}


def partner_schemas() -> dict[str, dict[str, Any]]:
    """File name → JSON Schema of what a partner sends, in whole: the CloudEvent and its data."""
    return {f"{name}.json": _partner_schema(name, data) for name, data in intake.TAKEN.items()}


def told_schemas() -> dict[str, dict[str, Any]]:
    """File name → JSON Schema of what a partner is told, in whole."""
    return {f"{name}.json": _told_schema(name) for name in webhooks.TYPES.values()}


def _told_schema(name: str) -> dict[str, Any]:
    short = name.removeprefix("twoway.").removesuffix(".v1")
    text = {"type": "string"}
    properties = {"specversion": {"const": "1.0"}, "id": text, "source": text | {"format": "uri-reference"},
                  "type": {"const": name}, "datacontenttype": {"const": "application/json"},
                  "time": text | {"format": "date-time"}, "data": _object({"community": text, "receipt": text})}
    return {"$schema": DIALECT, "$id": f"twoway:partners:{short}:v1", "title": name} | _object(properties) | {
        "$comment": "Sent as application/cloudevents+json to the partner's address, signed by Standard Webhooks. The receipt "
                    "is that of the partner's own referral."}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _partner_schema(name: str, of: type[BaseModel]) -> dict[str, Any]:
    event = intake.CloudEvent.model_json_schema(schema_generator=Untitled)
    data = of.model_json_schema(schema_generator=Untitled)
    definitions = event.pop("$defs", {}) | data.pop("$defs", {})
    event["properties"] |= {"type": {"const": name}, "data": data}
    event["properties"]["source"]["format"] = "uri-reference"
    event["properties"]["time"] = {"type": "string", "format": "date-time"}
    for field, form in FORMATS.items():
        if field in data["properties"]:
            data["properties"][field]["format"] = form
    event["title"] = name
    short = name.removeprefix("twoway.").removesuffix(".v1")
    return {"$schema": DIALECT, "$id": f"twoway:partners:{short}:v1"} | event | {
        "$defs": definitions,
        "$comment": "Sent as application/cloudevents+json to POST /v1/events, signed by Standard Webhooks. The intake is "
                    f"stricter still: each key once, no control characters{STRICTER[name]}."}


def told(report: type[BaseModel]) -> dict[str, Any]:
    """The schema of what `twoway report --json` writes."""
    body = report.model_json_schema(mode="serialization", schema_generator=Untitled)
    body["title"] = "twoway report --json"
    return {"$schema": DIALECT, "$id": "twoway:report:v1"} | body


def schema(event: type[Event]) -> dict[str, Any]:
    """The schema of the field `body` of an entry of this type."""
    body = event.model_json_schema(mode="serialization", schema_generator=Untitled)
    body["title"] = event.type
    body.setdefault("properties", {})
    for name in sealed_fields(event):
        mark(body["properties"][name], SEALED[event.type, name])
    return {"$schema": DIALECT, "$id": f"twoway:{event.type}:v{event.v}"} | body | {
        "x-owner": event.owner, "x-version": event.v}


def sealed_fields(event: type[Event]) -> list[str]:
    """The fields that hold one seal or several."""
    return [name for name, field in event.model_fields.items()
            if field.annotation is Sealed or Sealed in get_args(field.annotation)]


def mark(field: dict[str, Any], inside: type[BaseModel]) -> None:
    """Says of a sealed field, or of each item of one, how a seal looks and what is inside."""
    items = field.get("prefixItems")
    if items is None:
        field["pattern"] = SEALED_PATTERN
    else:
        field["prefixItems"] = [item | {"pattern": SEALED_PATTERN} for item in items]
    # its own id, so that references within it are looked up within it
    field["x-sealed"] = {"$id": f"twoway:sealed:{inside.__name__}"} | inside.model_json_schema(
        mode="serialization", schema_generator=Untitled)
