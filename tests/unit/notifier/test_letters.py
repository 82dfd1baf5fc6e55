"""A message as it goes on the wire, and addresses that would smuggle something in."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from services.notifier.channels import WIRE, WIRE_UTF8, BadAddress, Letter, compose

SENDER = "Twoway <hello@example.org>"
STOP = "https://peers.a-long-name.example.org/stop/" + "a" * 32 + "." + "b" * 32


def letter(to: str = "ann@example.org", text: str = "Something is on your page.\n") -> Letter:
    return Letter(message_id="<0123@example.org>", to=to, subject="There is news on your page", text=text,
                  stop=STOP, sent_ms=1_772_445_600_000)


def test_the_headers_say_who_when_what_and_how_to_stop():
    message = message_from_bytes(compose(letter(), SENDER).as_bytes(policy=WIRE), policy=default)
    assert dict(message.items()) == {
        "To": "ann@example.org", "From": SENDER, "Subject": "There is news on your page",
        "Date": "Mon, 02 Mar 2026 10:00:00 +0000", "Message-ID": "<0123@example.org>",
        "Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{STOP}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Content-Language": "en",
        "Content-Type": 'text/plain; charset="utf-8"', "Content-Transfer-Encoding": "7bit", "MIME-Version": "1.0"}


@pytest.mark.parametrize("policy", [WIRE, WIRE_UTF8])
def test_the_link_that_stops_stands_in_one_piece_on_the_wire_and_a_subject_in_any_script_is_folded_as_ever(policy):
    message = compose(replace(letter(), subject="Ā" * 100), SENDER).as_bytes(policy=policy)
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in message
    assert message_from_bytes(message, policy=default)["Subject"] == "Ā" * 100


def test_what_cannot_be_stopped_offers_no_way_to():
    message = compose(replace(letter(), stop=None), SENDER)
    assert not [name for name in message if name.startswith("List-")]


def test_a_message_with_html_is_sent_as_both_and_says_its_language():
    arabic = replace(letter(text="مرحبا\n"), html='<p lang="ar" dir="rtl">مرحبا</p>\n', language="ar")
    message = message_from_bytes(compose(arabic, SENDER).as_bytes(policy=WIRE), policy=default)
    assert message["Content-Language"] == "ar"
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().strip() == "مرحبا"
    assert html.get_content().strip() == '<p lang="ar" dir="rtl">مرحبا</p>'


def test_text_with_accents_dots_and_long_links_arrives_as_it_was():
    text = "Croeso, sut wyt ti’n teimlo?\n.\n..two dots\nhttps://example.org/" + "x" * 200 + "\n"
    message = message_from_bytes(compose(letter(text=text), SENDER).as_bytes(policy=WIRE), policy=default)
    assert message.get_content().replace("\r\n", "\n") == text


@pytest.mark.parametrize("address", ["ann@bücher.example", "ann@xn--bcher-kva.example"])
def test_a_domain_in_any_script_goes_out_in_ascii(address):
    assert compose(letter(address), SENDER)["To"].addresses[0].domain == "xn--bcher-kva.example"


@pytest.mark.parametrize("address", [
    "", "ann", "@example.org", "ann@", "ann@example.org\r\nBcc: eve@example.org", "ann@example.org\nBcc: eve@example.org",
    "ann@example.org, eve@example.org", "ann@example.org;eve@example.org", "<ann@example.org>", "ann @example.org",
    "ann@example.org>\r\nDATA", '"ann eve"@example.org', "ann@eve@example.org", "ann@[127.0.0.1]", "ann@example.org\0",
    "a" * 65 + "@example.org", "ann@" + "x" * 254, "ann@" + "é" * 70 + ".org", "ann@..",
])
def test_an_address_that_is_no_plain_address_is_refused_before_anything_is_said(address):
    with pytest.raises(BadAddress):
        compose(letter(address), SENDER)
