"""The log as an AsyncAPI 3.0 document: what stands on it, who says it, who reads it.

Generated from the event registry and from the services' own tables. FastStream can generate one too, but that describes the
handler's argument; this describes the wire, for whoever reads the log with a tool of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from console.schemas import SEALED_PATTERN, Untitled, sealed_fields
from shared.events import ANY, REGISTRY, Event

VERSION = "1.0.0"
"""Of the wire: the first number changes when an entry's flat fields do. Each event has a version of its own."""

_REF = "#/components/schemas/{model}"
_FIELDS: Mapping[str, str] = {
    "id": "This event's id. The bringer made it, or it derives from the cause and the position; nothing happens twice under "
          "one id.",
    "cause": "The id of the event that led to this one; empty when it came from outside.",
    "trace": "W3C traceparent of the page or delivery that began the story; may be empty.",
}


def document(reads: Mapping[str, Iterable[type[Event]]]) -> dict[str, Any]:
    """The whole document. `reads` says which service handles which events."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Twoway's log",
            "version": VERSION,
            "description": "One Redis stream per partition. An entry has the flat fields `type`, `v`, `id`, `cause`, `trace` "
                           "and `body`: here the first five are a message's headers and the JSON in `body` is its payload. "
                           "The time of an entry is the time in its entry id. Unknown fields are ignored; a new optional "
                           "field keeps the version. Read it with XREAD or XRANGE; only Twoway's own services write to it.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"redis": {"host": "127.0.0.1:6379", "protocol": "redis",
                              "description": "Redis 7 or newer, or Valkey; REDIS_URL says which."}},
        "channels": {"log": _channel()},
        "operations": _operations(reads),
        "components": {"messages": {event.type: _message(event) for event in _events()}, "schemas": _schemas()},
    }


def _events() -> list[type[Event]]:
    return list(REGISTRY.values())


def _channel() -> dict[str, Any]:
    return {
        "address": "twoway:{partition}:log",
        "title": "The log of one partition",
        "description": "A community lives on one partition for good.",
        "servers": [{"$ref": "#/servers/redis"}],
        "parameters": {"partition": {
            "description": "The partition's hash tag, braces included: {p0}, {p1} and so on.",
            "default": "{p0}", "examples": ["{p0}", "{p1}"]}},
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in _events()},
    }


def _operations(reads: Mapping[str, Iterable[type[Event]]]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for service, handled in reads.items():
        says = [event.type for event in _events() if event.owner in (service, ANY)]
        operations[f"{service}.says"] = _operation("send", f"What the {service} says.", says)
        operations[f"{service}.reads"] = _operation(
            "receive", f"What the {service} reads.", sorted(event.type for event in handled))
    return operations


def _operation(action: str, summary: str, types: list[str]) -> dict[str, Any]:
    return {"action": action, "summary": summary, "channel": {"$ref": "#/channels/log"},
            "messages": [{"$ref": f"#/channels/log/messages/{type}"} for type in types]}


def _message(event: type[Event]) -> dict[str, Any]:
    message: dict[str, Any] = {"name": event.type, "title": event.type}
    if event.__doc__:
        message["summary"] = " ".join(event.__doc__.split("\n\n")[0].split())
    return message | {
        "tags": [{"name": event.owner}],
        "headers": {
            "type": "object", "required": ["type", "v", "id"],
            "properties": {
                "type": {"type": "string", "const": event.type},
                "v": {"type": "string", "const": str(event.v), "description": "The version of the body."},
                **{name: {"type": "string", "description": text} for name, text in _FIELDS.items()}}},
        "payload": {"$ref": _REF.format(model=event.__name__)},
    }


def _schemas() -> dict[str, Any]:
    _, together = models_json_schema([(event, "serialization") for event in _events()], ref_template=_REF,
                                     schema_generator=Untitled)
    found: dict[str, Any] = together["$defs"]
    for event in _events():
        for name in sealed_fields(event):
            field = found[event.__name__]["properties"][name]
            for part in field.get("prefixItems", [field]):
                part["pattern"] = SEALED_PATTERN
    return {name: _plain(schema) for name, schema in sorted(found.items())}


def _plain(schema: Any) -> Any:
    """In AsyncAPI's own dialect, which is draft 7: there a fixed list of items is `items`, not `prefixItems`."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {"items" if name == "prefixItems" else name: _plain(part) for name, part in schema.items()}
