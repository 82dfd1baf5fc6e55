"""What partners send: a CloudEvents 1.0 event in structured JSON, signed by Standard Webhooks. Pure: bytes in, value out.

Strict on purpose. An event without an id would defeat our telling a repetition from a new one, a time without a zone
would be somebody's guess, and a field that we do not know could hold what nobody agreed to share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from standardwebhooks import Webhook

from services.gateway.fields import email

MEDIA_TYPE = "application/cloudevents+json"
REFERRAL_MADE = "twoway.referral.made.v1"
CHECKIN_RECORDED = "twoway.checkin.recorded.v1"
TRAINING_COMPLETED = "twoway.training.completed.v1"
DEPTH_MAX = 8
"""Levels of nesting: ours has three. Deeper is an attack on somebody's parser."""

SIGNATURES_MAX = 10
"""Signatures in one header: one for each secret during a rotation is two."""

_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


M = TypeVar("M", bound=BaseModel)


class Refused(Exception):
    """An answer that is not 202, as RFC 9457 describes it. `pointer` is RFC 6901's, into the body that came."""

    def __init__(self, status: int, kind: str, detail: str, pointer: str | None = None) -> None:
        super().__init__(kind)
        self.status, self.kind, self.detail, self.pointer = status, kind, detail, pointer

    def problem(self) -> dict[str, Any]:
        """The body of the answer. Names what is wrong and where, and never quotes what came."""
        body = {"type": f"urn:twoway:problem:{self.kind}", "title": self.kind.replace("_", " "),
                "status": self.status, "detail": self.detail}
        return body if self.pointer is None else body | {"pointer": self.pointer}


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("hidden", "holds control characters")
    return text


def _an_email(text: str) -> str:
    try:
        return email(text)
    except PydanticCustomError as error:
        raise PydanticCustomError("email", "is no e-mail address that we can write to") from error


def _a_uri_reference(text: str) -> str:
    if not text.isascii() or any(character.isspace() or character in '<>"{}|\\^`' for character in text):
        raise PydanticCustomError("uri", "is no URI-reference (RFC 3986)")
    return text


def _a_time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise PydanticCustomError("time", "is no time with its zone (RFC 3339), such as 2026-11-23T10:00:00Z")
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("time", "is no time that the calendar knows") from error
    return text


Text = Annotated[str, AfterValidator(_clean)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Consent(_Strict):
    """The person's agreement to be introduced, as the partner recorded it."""

    reference: Annotated[Text, Field(min_length=1, max_length=200)]
    wording: Annotated[Text, Field(max_length=2_000)] | None = None


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise PydanticCustomError("twice", "names something twice")
    return values


Community = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Reference = Annotated[Text, Field(min_length=1, max_length=200)]
"""A partner's own name for a person: a number, a code. It is kept as a keyed hash alone."""

Scope = Literal["joined", "checkins", "training", "introductions"]


class Referral(_Strict):
    community: Community
    consent: Consent
    scope: Annotated[tuple[Scope, ...], Field(strict=False, max_length=4), AfterValidator(_once)] = ()
    person: Reference | None = None
    email: Annotated[Text, AfterValidator(_an_email)]
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)] = "en"


def _each_kind_once(moments: tuple[Support, ...]) -> tuple[Support, ...]:
    _once(tuple(each.kind for each in moments))
    return moments


def _a_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("day", "is no day that the calendar knows, such as 2026-11-23") from error
    if day.isoformat() != text:
        raise PydanticCustomError("day", "is no day written like 2026-11-23")
    return text


class Support(_Strict):
    """One kind of support that flowed, seen from `person`. A gesture is a tap of a peer's own and no part of a check-in."""

    kind: Literal["listened", "shared_experience", "shared_coping", "practical_help", "sat_together", "welcomed_newcomer",
                  "other"]
    direction: Literal["gave", "received", "both"]
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None


class CheckIn(_Strict):
    """That two who are a pair met, as whoever was there tells it."""

    community: Community
    person: Reference
    buddy: Reference | None = None
    happened: Annotated[str, AfterValidator(_a_time)]
    moments: Annotated[tuple[Support, ...], Field(strict=False, min_length=1, max_length=7), AfterValidator(_each_kind_once)]

    @property
    def happened_ms(self) -> int:
        return round(datetime.fromisoformat(self.happened).timestamp() * 1000)


class Training(_Strict):
    """A training that somebody did."""

    community: Community
    person: Reference
    title: Annotated[Text, Field(min_length=1, max_length=100)]
    completed: Annotated[str, AfterValidator(_a_day)]


Data = Referral | CheckIn | Training
TAKEN: Mapping[str, type[Referral] | type[CheckIn] | type[Training]] = {
    REFERRAL_MADE: Referral, CHECKIN_RECORDED: CheckIn, TRAINING_COMPLETED: Training}
"""Which events are taken, and what the `data` of each is."""


class CloudEvent(_Strict):
    """The envelope. Unknown attributes are extensions: allowed by name and kind, and not looked at."""

    model_config = ConfigDict(extra="allow")
    specversion: Literal["1.0"]
    id: Annotated[Text, Field(min_length=1, max_length=200)]
    source: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_a_uri_reference)]
    type: Annotated[Text, Field(min_length=1, max_length=200)]
    time: Annotated[str, AfterValidator(_a_time)] | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    subject: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    dataschema: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_a_uri_reference)] | None = None
    data: dict[str, Any]

    @model_validator(mode="after")
    def _extensions_are_plain(self) -> CloudEvent:
        for name, value in (self.model_extra or {}).items():
            if not _ATTRIBUTE.fullmatch(name):
                raise PydanticCustomError("extension", "has an attribute whose name is not 1 to 20 of a-z and 0-9")
            if not isinstance(value, str | int | bool):
                raise PydanticCustomError("extension", "has an extension that is no string, integer or boolean")
        return self


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises Refused: NaN, a repeated key and deep nesting are no JSON to us."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant,
                           parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not_json", "The body is not JSON in UTF-8 with each key once and finite numbers.") from error
    if not isinstance(value, dict) or _depth(value) > DEPTH_MAX:
        raise Refused(400, "not_an_event", f"Send one JSON object, nested {DEPTH_MAX} levels at most.")
    return value


def event_of(value: Mapping[str, Any]) -> CloudEvent:
    """Raises Refused 400, naming the attribute."""
    return _checked(CloudEvent, value, "")


def data_of(event: CloudEvent, communities: Sequence[str], today: date) -> Data:
    """Raises Refused 400: another type, a field at fault, a community that this installation does not have. `today` is
    UTC's, and somewhere it is a day later."""
    if (model := TAKEN.get(event.type)) is None:
        raise Refused(400, "unknown_type", f"This intake takes {', '.join(TAKEN)}.", "/type")
    data = _checked(model, event.data, "/data")
    if data.community not in communities:
        raise Refused(400, "unknown_community", "This installation has no such community.", "/data/community")
    if isinstance(data, Referral) and data.person is None and {"checkins", "training"} & set(data.scope):
        raise Refused(400, "field", "/data/person: say under which reference you will name this person.", "/data/person")
    if isinstance(data, Training) and date.fromisoformat(data.completed) > today + timedelta(days=1):
        raise Refused(400, "field", "/data/completed: this day is still to come.", "/data/completed")
    return data


def signed(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` signed this, within five minutes of now. Whatever a hostile header raises means no."""
    if headers.get("webhook-signature", "").count(" ") >= SIGNATURES_MAX:
        return False
    return any(_signed_with(secret, body, headers) for secret in secrets)


def _signed_with(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:
        # Not only WebhookVerificationError: binascii.Error, ValueError and UnicodeDecodeError were seen as well.
        return False
    return True


def _checked(model: type[M], value: Mapping[str, Any], base: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        pointer = base + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in first["loc"])
        raise Refused(400, "field", f"{pointer or 'The event'}: {first['msg']}.", pointer) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key came twice")
    return value


def _no_constant(_name: str) -> None:
    raise ValueError("no finite number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("no finite number")
    return number


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [child for each in level if isinstance(each, dict | list)
                 for child in (each.values() if isinstance(each, dict) else each)]
    return deepest
