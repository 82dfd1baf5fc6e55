"""What partners send: strict where guessing would hurt, and never a word of what came in an answer."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent as SdkEvent
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.gateway import intake
from services.gateway.intake import (
    CHECKIN_RECORDED,
    DEPTH_MAX,
    REFERRAL_MADE,
    TRAINING_COMPLETED,
    CheckIn,
    Data,
    Referral,
    Refused,
    Training,
    event_of,
    parse,
    signed,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
GOOD: dict[str, Any] = {
    "specversion": "1.0", "id": "a-1", "source": "https://clinic.example/referrals", "type": REFERRAL_MADE,
    "time": "2026-11-23T10:00:00Z", "datacontenttype": "application/json",
    "data": {"community": "riverside", "consent": {"reference": "form 17", "wording": "I agree"}, "scope": ["joined"],
             "email": "kim@example.org", "language": "en"}}


TODAY = date(2026, 11, 24)
MET: dict[str, Any] = {**GOOD, "type": CHECKIN_RECORDED, "data": {
    "community": "riverside", "person": "client 42", "buddy": "client 77", "happened": "2026-11-20T14:00:00+01:00",
    "moments": [{"kind": "listened", "direction": "both", "minutes": 40}, {"kind": "other", "direction": "gave"}]}}
TRAINED: dict[str, Any] = {**GOOD, "type": TRAINING_COMPLETED, "data": {
    "community": "riverside", "person": "client 42", "title": "Listening skills", "completed": "2026-11-20"}}


def read(value: Any) -> Data:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return intake.data_of(event_of(parse(body)), ["riverside"], TODAY)


def refused(value: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        read(value)
    assert caught.value.status == 400
    return caught.value


def changed(path: str, value: Any, good: dict[str, Any] = GOOD) -> dict[str, Any]:
    """GOOD with `value` at `path`, or without it when `value` is `...`."""
    event: dict[str, Any] = json.loads(json.dumps(good))
    *parents, last = path.split("/")
    inside: Any = event
    for parent in parents:
        inside = inside[int(parent) if parent.isdigit() else parent]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return event


def test_a_good_event_is_read_whole() -> None:
    referral = read(GOOD)
    assert isinstance(referral, Referral)
    assert (referral.email, referral.consent.reference, referral.scope) == ("kim@example.org", "form 17", ("joined",))


def test_an_event_made_by_the_cloudevents_sdk_is_read() -> None:
    attributes = {key: value for key, value in GOOD.items() if key not in ("data", "time")}
    made = SdkEvent(attributes | {"time": datetime(2026, 11, 23, tzinfo=UTC)}, GOOD["data"])
    assert event_of(parse(to_structured_event(made).body)).id == "a-1"


def test_only_what_is_optional_may_be_left_out() -> None:
    for path in ("time", "datacontenttype", "data/scope", "data/language", "data/consent/wording"):
        read(changed(path, ...))
    for path in ("specversion", "id", "source", "type", "data", "data/community", "data/consent", "data/email",
                 "data/consent/reference"):
        assert refused(changed(path, ...)).pointer == f"/{path}"


@pytest.mark.parametrize(("path", "value"), [
    ("specversion", "0.3"), ("specversion", 1.0), ("id", ""), ("id", 7), ("id", None), ("id", "x" * 201), ("id", "a\x00"),
    ("id", "\ud800"), ("source", "clinic over there"), ("source", "kliník"), ("source", ""),
    ("type", "twoway.referral.made.v2"), ("time", "2026-11-24T11:30:00"),
    ("time", 1795000000), ("time", "1795000000"), ("time", "yesterday"),
    ("time", "2026-02-30T10:00:00Z"), ("datacontenttype", "text/plain"), ("data", []), ("data", "text"), ("data", None),
    ("data/community", "elsewhere"), ("data/community", ["riverside"]), ("data/consent", "yes"), ("data/consent/reference", ""),
    ("data/scope", ["everything"]), ("data/scope", ["joined", "joined"]), ("data/scope", "joined"), ("data/email", "kim"),
    ("data/email", "kim@example.org\r\nBcc: x@example.org"), ("data/language", "en_GB"), ("data/phone", "07700 900123"),
    ("data/a~b", 1)])
def test_a_field_at_fault_is_named_by_its_pointer_and_not_quoted(path: str, value: Any) -> None:
    problem = refused(changed(path, value))
    pointer = problem.pointer or ""
    assert pointer == "/" + path.replace("a~b", "a~0b") or pointer.startswith(f"/{path}/")
    assert not isinstance(value, str) or len(value) < 4 or value not in problem.detail


def test_a_check_in_and_a_training_are_read_whole() -> None:
    met, trained = read(MET), read(TRAINED)
    assert isinstance(met, CheckIn)
    assert (met.person, met.buddy, met.happened_ms) == ("client 42", "client 77", 1795179600000)
    assert [(each.kind, each.direction, each.minutes) for each in met.moments] == [
        ("listened", "both", 40), ("other", "gave", None)]
    assert isinstance(trained, Training)
    assert (trained.title, trained.completed) == ("Listening skills", "2026-11-20")
    read(changed("data/buddy", ..., MET))
    read(changed("data/moments/0/minutes", ..., MET))
    read(changed("data/completed", "2026-11-25", TRAINED))


@pytest.mark.parametrize(("path", "value"), [
    ("data/community", ...), ("data/community", "elsewhere"), ("data/person", ...), ("data/person", ""), ("data/person", 42),
    ("data/person", "x" * 201), ("data/person", "a\x00"), ("data/buddy", ""), ("data/happened", ...),
    ("data/happened", "2026-11-20"), ("data/happened", "2026-11-20T14:00:00"), ("data/happened", 1795000000),
    ("data/moments", ...), ("data/moments", []), ("data/moments", "listened"),
    ("data/moments", [{"kind": "other", "direction": "gave"}] * 2), ("data/moments/0/kind", "gesture"),
    ("data/moments/0/kind", "chatting"), ("data/moments/0/direction", "neither"), ("data/moments/1/minutes", 0),
    ("data/moments/1/minutes", 1441), ("data/moments/1/minutes", "ten"), ("data/moments/1/note", "it went well"),
    ("data/name", "Kim")])
def test_a_field_at_fault_of_a_check_in_is_named_by_its_pointer(path: str, value: Any) -> None:
    assert refused(changed(path, value, MET)).pointer == "/" + path


@pytest.mark.parametrize(("path", "value"), [
    ("data/person", ...), ("data/title", ...), ("data/title", ""), ("data/title", "x" * 101), ("data/title", "a\nb"),
    ("data/completed", ...), ("data/completed", "20261120"), ("data/completed", "2026-02-30"),
    ("data/completed", "2026-11-20T10:00:00Z"), ("data/completed", "2026-11-26"), ("data/mark", "92 of 100")])
def test_a_field_at_fault_of_a_training_is_named_by_its_pointer(path: str, value: Any) -> None:
    assert refused(changed(path, value, TRAINED)).pointer == "/" + path


@pytest.mark.parametrize("scope", ["checkins", "training"])
def test_a_scope_that_names_a_person_later_needs_the_reference_to_name_them_by(scope: str) -> None:
    assert refused(changed("data/scope", ["joined", scope])).pointer == "/data/person"
    read(changed("data/person", "client 42", changed("data/scope", ["joined", scope])))


@pytest.mark.parametrize(("name", "value"), [("Capital", "x"), ("with_line", "x"), ("x" * 21, "x"), ("trace", {"a": 1}),
                                            ("trace", 1.5), ("data_base64", "aGk="), ("trace", None)])
def test_extensions_are_short_plain_names_with_plain_values(name: str, value: Any) -> None:
    refused({**GOOD, name: value})
    assert event_of({**GOOD, "traceparent": "00-1-2-03", "sequence": 4, "flag": True}).id == "a-1"


@pytest.mark.parametrize("body", [
    b"", b"x", b"[]", b"null", b'"text"', b"7", b"\xff\xfe{}", b"{}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}',
    b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 2}}', b"[" * 100_000, b'{"a":' * 60_000, b'{"a": ' + b"9" * 5_000 + b"}",
    b"{" + b'"a":{' * DEPTH_MAX + b"}" * (DEPTH_MAX + 1), b"[" * 50 + b"]" * 50])
def test_what_is_no_plain_json_object_is_refused_without_a_crash(body: bytes) -> None:
    refused(body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)))
def test_whatever_json_comes_is_refused_with_a_reason(value: Any) -> None:
    refused(json.dumps(value).encode())


@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), st.none() | st.text() | st.integers() | st.lists(st.text()), min_size=1))
def test_a_good_event_with_anything_changed_is_read_or_refused(changes: dict[str, Any]) -> None:
    body = json.dumps({**GOOD, **changes}).encode()
    try:
        read(body)
    except Refused:
        refused(body)


def _headers(secret: str, body: str, at: datetime | None = None, id: str = "msg_1") -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, at, body)}


def test_the_published_example_of_standard_webhooks_is_what_our_library_signs() -> None:
    made = Webhook(SECRET).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), '{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signature_by_any_of_the_valid_secrets_counts() -> None:
    headers = _headers(SECRET, "{}")
    assert signed(b"{}", headers, [SECRET])
    assert signed(b"{}", headers, [OTHER, SECRET])
    assert not signed(b"{}", headers, [OTHER])
    assert not signed(b"{}", headers, [])
    both = {**headers, "webhook-signature": f"{headers['webhook-signature']} {_headers(OTHER, '{}')['webhook-signature']}"}
    assert signed(b"{}", both, [OTHER])


def test_a_signature_of_another_body_id_or_time_does_not_count() -> None:
    headers = _headers(SECRET, "{}")
    assert not signed(b"{ }", headers, [SECRET])
    assert not signed(b"{}", {**headers, "webhook-id": "msg_2"}, [SECRET])
    assert not signed(b"{}", {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, [SECRET])
    for minutes in (-6, 6):
        assert not signed(b"{}", _headers(SECRET, "{}", datetime.now(UTC) + timedelta(minutes=minutes)), [SECRET])


@pytest.mark.parametrize("changes", [
    {"webhook-signature": value} for value in ("", "v1", "v1,", "v1,***", "v1,a,b", "v2,abc", "v1,é", "v1,YQ==", "x" * 5_000,
                                               "v1,YQ== " * 200)] + [
    {"webhook-timestamp": value} for value in ("", "nan", "inf", "-1", "1e400", "soon")] + [{"webhook-id": ""}])
def test_a_hostile_header_means_no_and_never_a_crash(changes: dict[str, str]) -> None:
    assert not signed(b"{}", {**_headers(SECRET, "{}"), **changes}, [SECRET])
    assert not signed(b"\xff", _headers(SECRET, "{}"), [SECRET])


def test_an_endless_list_of_signatures_is_not_worked_through() -> None:
    headers = _headers(SECRET, "{}")
    many = " ".join([headers["webhook-signature"]] * (intake.SIGNATURES_MAX + 1))
    assert not signed(b"{}", {**headers, "webhook-signature": many}, [SECRET])
