"""Mails that came back, as mail servers write them, and mails that only look like it or would like to break something."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.notifier.domain.bounces import closest, codes_in
from services.notifier.message_ids import message_id, ours
from services.notifier.returned import BYTES_MAX, read
from shared.sealing import Vault

FOLDER = Path(__file__).parents[2] / "data" / "bounces"
VAULT = Vault(bytes(range(32)))
ID = message_id(VAULT, "example.org", "a" * 32, "b" * 32, 1_795_000_000_999)


def mail(name: str, id: str = ID) -> bytes:
    return (FOLDER / f"{name}.eml").read_text("utf-8").replace("@MESSAGE-ID@", id).encode()


GONE = {"postfix-unknown-user": "5.1.1", "exim-unknown-user": "5.1.1", "exim-without-a-report": "5.1.1",
        "exchange-unknown-user": "5.1.10", "gmail-unknown-user": "5.1.1", "qmail-unknown-user": "5.1.1",
        "postfix-unknown-user-not-in-ascii": "5.1.1"}
FAILED = {"postfix-refused-by-policy": "5.7.1", "postfix-gave-up": "4.4.1", "gmail-full-mailbox": "5.2.2"}
NO_BOUNCE = ("postfix-delayed", "one-of-two-forwards", "out-of-office", "a-reply")


def test_every_mail_of_the_collection_is_in_one_of_these_tables():
    assert {path.stem for path in FOLDER.glob("*.eml")} == {*GONE, *FAILED, *NO_BOUNCE}


@pytest.mark.parametrize("crlf", [False, True])
@pytest.mark.parametrize(("name", "status"), [*GONE.items(), *FAILED.items()])
def test_what_came_back_names_its_message_and_whether_the_address_is_none(name: str, status: str, crlf: bool):
    found = read(mail(name).replace(b"\n", b"\r\n") if crlf else mail(name))
    assert found is not None
    assert (found.status, found.no_such_address) == (status, name in GONE)
    [sent] = ours(VAULT, found.text)
    assert (sent.message, sent.to, sent.intended_ms) == ("a" * 32, "b" * 32, 1_795_000_000_000)


@pytest.mark.parametrize("name", NO_BOUNCE)
def test_what_is_late_or_arrived_in_part_or_was_written_by_a_person_is_no_bounce(name: str):
    assert read(mail(name)) is None


@pytest.mark.parametrize("forged", [
    ID.replace("a" * 32, "c" * 32), ID.replace("b" * 32, "c" * 32), ID[:-20] + "0@example.org>", f"<{'a' * 32}@example.org>",
    message_id(Vault(bytes(32)), "example.org", "a" * 32, "b" * 32, 1_795_000_000_999)])
def test_a_message_id_that_is_made_up_is_none_of_ours(forged: str):
    found = read(mail("postfix-unknown-user", forged))
    assert found is not None
    assert list(ours(VAULT, found.text)) == []


def test_the_same_message_id_twice_is_one_message_and_two_are_two():
    other = message_id(VAULT, "example.org", "c" * 32, "b" * 32, 1_795_000_000_999)
    assert len(list(ours(VAULT, ID + ID))) == 1
    assert len(list(ours(VAULT, ID + other))) == 2


@pytest.mark.parametrize(("status", "diagnostic", "is_closest"), [
    ("5.1.1", "smtp; 550 5.7.1 no", "5.1.1"), ("5.0.0", "smtp; 550 5.1.1 unknown", "5.1.1"),
    ("5.0.0", "smtp; 550 unknown", "5.0.0"), ("", "smtp; 550 5.2.2 full", "5.2.2"), ("", "smtp; 550 no such user", ""),
    ("nonsense", "", ""),
    ("5.1.1 (bad destination mailbox address)", "", "5.1.1")])
def test_the_closer_of_two_statuses_counts(status: str, diagnostic: str, is_closest: str):
    assert closest(status, diagnostic) == is_closest


def test_numbers_of_networks_programs_and_sections_are_no_statuses():
    assert codes_in("at 5.1.1.7 and 10.5.1.1, Exim 4.94.2, 5.1 and 5.1.1234, but 550-5.1.1 (5.7.1).") == ["5.1.1", "5.7.1"]


REPORT = mail("postfix-unknown-user")
DEEP = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5_000))
MESSAGES = b"Content-Type: message/rfc822\n\n" * 5_000
HOSTILE = {
    "nothing": b"", "zeros": bytes(100_000), "deep": DEEP, "deep in a report": REPORT + DEEP, "messages in messages": MESSAGES,
    "lines": b"\n" * BYTES_MAX, "long line": REPORT + b"x" * (50 * 1024 * 1024),
    "one boundary often": REPORT + b"--=_a1b2c3_report\n" * 9_000,
    "unknown charset": REPORT.replace(b"us-ascii", b"no-such-charset"),
    "unknown encoding": REPORT.replace(b"Content-Type: text/rfc822-headers",
                                       b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: x-uuencode\n"),
    "no end": REPORT[:-200], "no boundary": REPORT.replace(b"boundary=", b"bound="),
    "not ASCII": REPORT.replace(b"Action: failed", b"Action: f\xff\xfe"),
    "not MIME": REPORT.replace(b"message/delivery-status", b"\xff\x00/\xff"), "header without end": b"X: " + b"a\n " * 80_000,
    "empty status": REPORT.replace(b"Status: 5.1.1", b"Status:"), "encoded status": REPORT.replace(
        b"Content-Type: message/delivery-status", b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64")}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mail_that_would_break_something_is_read_soon_and_breaks_nothing(name: str):
    began = time.process_time()
    read(HOSTILE[name])
    assert time.process_time() - began < 2


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, len(REPORT)), st.binary(max_size=60), st.integers(0, 200))
def test_a_mail_that_was_damaged_anywhere_is_read_or_let_be(at: int, noise: bytes, lost: int):
    read(REPORT[:at] + noise + REPORT[at + lost:])
