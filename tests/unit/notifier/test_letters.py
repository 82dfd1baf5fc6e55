"""A message as it goes on the wire, read as a mail program reads it, and addresses that would smuggle something in."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels import Letter
from services.notifier.composing import BadAddress, compose

SENDER = "Twoway <hello@example.org>"
STOP = "https://peers.a-long-name.example.org/stop/" + "a" * 32 + "." + "b" * 32
LINE_MAX = 998
"""Bytes (RFC 5322 §2.1.1)."""

LINES = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=300)
SUBJECTS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=120)


def letter(to: str = "ann@example.org", text: str = "Something is on your page.\n") -> Letter:
    return Letter(message_id="<0123@example.org>", to=to, subject="There is news on your page", text=text,
                  stop=STOP, sent_ms=1_772_445_600_000)


def read(letter: Letter, sender: str = SENDER) -> EmailMessage:
    message = message_from_bytes(compose(letter, sender).content, policy=default)
    assert not [each.defects for each in message.walk() if each.defects]
    return message


def texts(message: EmailMessage) -> list[str]:
    return [part.get_content().replace("\r\n", "\n") for part in message.walk() if not part.is_multipart()]


def test_the_headers_say_who_when_what_and_how_to_stop():
    message = read(letter())
    assert dict(message.items()) == {
        "From": SENDER, "Subject": "There is news on your page", "MIME-Version": "1.0", "To": "ann@example.org",
        "Date": "Mon, 02 Mar 2026 10:00:00 +0000", "Message-ID": "<0123@example.org>",
        "Auto-Submitted": "auto-generated", "Content-Language": "en", "List-Unsubscribe": f"<{STOP}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Type": 'text/plain; charset="utf-8"', "Content-Transfer-Encoding": "quoted-printable"}


def test_the_link_that_stops_stands_in_one_piece_on_the_wire():
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in compose(letter(), SENDER).content


def test_a_sender_with_accents_arrives_as_it_was():
    address, = read(letter(), "Cyfeillion Glan-yr-afôn <helo@example.org>")["From"].addresses
    assert address == Address("Cyfeillion Glan-yr-afôn", addr_spec="helo@example.org")


def test_what_cannot_be_stopped_offers_no_way_to():
    assert not [name for name in read(replace(letter(), stop=None)) if name.startswith("List-")]


def test_a_message_with_html_is_sent_as_both_and_says_its_language():
    message = read(replace(letter(text="مرحبا\n"), html='<p lang="ar" dir="rtl">مرحبا</p>\n', language="ar"))
    assert message["Content-Language"] == "ar"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert texts(message) == ["مرحبا\n", '<p lang="ar" dir="rtl">مرحبا</p>\n']


def test_a_text_is_written_in_the_shorter_of_two_ways_that_any_server_passes_on():
    assert read(letter(text="Croeso, sut wyt ti’n teimlo?\n"))["Content-Transfer-Encoding"] == "quoted-printable"
    assert read(letter(text="مرحبا\n"))["Content-Transfer-Encoding"] == "base64"


@given(subject=SUBJECTS, plain=st.lists(LINES, min_size=1, max_size=5), html=st.lists(LINES, max_size=3))
def test_whatever_it_says_arrives_as_it_was_in_ascii_and_in_lines_of_a_length_that_servers_take(subject, plain, html):
    text, markup = ("\n".join(lines).strip("\n") + "\n" if lines else "" for lines in (plain, html))
    sent = replace(letter(text=text), subject=subject, html=markup)
    content = compose(sent, SENDER).content
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= LINE_MAX
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = read(sent)
    assert texts(message) == [text, *([markup] if markup else [])]
    assert str(message["Subject"]).split() == subject.split()


@pytest.mark.parametrize("text", [
    ".\n..two dots\nFrom here\n", "https://example.org/" + "x" * 200 + "\n", "--=_twoway--\n", "a \n"])
def test_what_means_something_on_the_wire_is_text_all_the_same(text):
    assert texts(read(replace(letter(text=text), html=text))) == [text, text]


@pytest.mark.parametrize("change", [{"message_id": "<1@example.org>\r\nBcc: eve@example.org"}, {"subject": "News\nBcc: x"},
                                    {"language": "en\r\n"}, {"stop": "https://example.org/\r\n\r\nHello"}])
def test_no_header_can_bring_another_one(change):
    with pytest.raises(ValueError, match=r"control character|linefeed"):
        compose(replace(letter(), **change), SENDER)


@pytest.mark.parametrize("address", ["ann@bücher.example", "ann@xn--bcher-kva.example"])
def test_a_domain_in_any_script_goes_out_in_ascii(address):
    parcel = compose(letter(address), SENDER)
    assert (parcel.to, parcel.utf8) == ("ann@xn--bcher-kva.example", False)
    assert read(letter(address))["To"].addresses[0].domain == "xn--bcher-kva.example"


def test_an_address_in_any_script_asks_for_a_server_that_knows_such_and_stands_there_as_it_is():
    parcel = compose(letter("añn@example.org"), SENDER)
    assert (parcel.to, parcel.utf8) == ("añn@example.org", True)
    assert "\r\nTo: añn@example.org\r\n".encode() in parcel.content


@pytest.mark.parametrize("address", [
    "", "ann", "@example.org", "ann@", "ann@example.org\r\nBcc: eve@example.org", "ann@example.org\nBcc: eve@example.org",
    "ann@example.org, eve@example.org", "ann@example.org;eve@example.org", "<ann@example.org>", "ann @example.org",
    "ann@example.org>\r\nDATA", '"ann eve"@example.org', "ann@eve@example.org", "ann@[127.0.0.1]", "ann@example.org\0",
    "a" * 65 + "@example.org", "ann@" + "x" * 254, "ann@" + "é" * 70 + ".org", "ann@..",
    "an\u200bn@example.org", "an\u2028n@example.org", "an\ud800n@example.org",
])
def test_an_address_that_is_no_plain_address_is_refused_before_anything_is_said(address):
    with pytest.raises(BadAddress):
        compose(letter(address), SENDER)
