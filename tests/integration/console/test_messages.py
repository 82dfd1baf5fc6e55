"""An operator looks at what people would read, and sends one to see it arrive."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from console.messages import LED_TO
from services.notifier import sentences
from services.notifier.domain.messages import Template
from shared import events, mailbox
from shared.sealing import Vault, parse_key
from tests.integration.console.conftest import Twoway
from tests.integration.notifier_kit import mail_server, plain
from tests.integration.test_notifier_texts import provider

BY_TIME = {"waiting", "digest"}
"""Messages that follow from time, or from several events."""


async def test_a_message_is_shown_by_its_name_and_by_the_event_that_leads_to_it(twoway: Twoway) -> None:
    by_name, by_event = await twoway("messages", "preview", "proposal"), await twoway("messages", "preview", "proposal.made")
    assert by_name.out == by_event.out
    assert "── proposal, en (on)" in by_name.out
    assert "Subject: There is news on your page" in by_name.out
    assert "http://127.0.0.1:8000/stop/an-example" in by_name.out
    assert "characters)" in by_name.out


async def test_an_event_that_may_lead_to_several_shows_them_all(twoway: Twoway) -> None:
    shown = await twoway("messages", "preview", "sign_in.requested")
    assert "── sign_in," in shown.out
    assert "── known_already," in shown.out
    refused = await twoway("messages", "preview", "sign_in.requested", "--html", "x.html", code=2)
    assert "name one for --html: sign_in, known_already" in refused.err


async def test_every_message_can_be_shown_in_every_language_with_its_html(twoway: Twoway, tmp_path: Path) -> None:
    for language in ("en", "cy", "ar"):
        for template in Template:
            file = tmp_path / f"{template}.html"
            shown = await twoway("messages", "preview", template, "--lang", language, "--html", str(file))
            assert f"── {template}, {language} ({'on' if language == 'en' else 'off'}" in shown.out
            assert f'lang="{language}"' in file.read_text("utf-8")


async def test_own_sentences_and_the_address_that_people_open_are_in_it(twoway: Twoway, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "en.po").write_text('msgid "Thank you."\nmsgstr "Thanks a lot."\n', "utf-8")
    mine = replace(twoway, more={"TWOWAY_MESSAGES": str(tmp_path / "own"), "TWOWAY_BASE_URL": "https://people.example"})
    shown = await mine("messages", "preview", "gesture_thank_you")
    assert "\nThanks a lot.\n" in shown.out
    assert "https://people.example/me" in shown.out
    (tmp_path / "own" / "en.po").write_text('msgid "Thank you."\nmsgstr "Thanks!"\n', "utf-8")
    refused = await mine("messages", "preview", "gesture_thank_you", code=2)
    assert "en.po:1: it has an exclamation mark" in refused.err


@pytest.mark.parametrize(("words", "told"), [
    (("nonsense",), "there is no message nonsense; there are sign_in, "),
    (("proposal", "--lang", "xx"), "there is no catalogue for xx; there are ar, cy, en"),
    (("proposal", "--html", "/nowhere/x.html"), "/nowhere/x.html can't be written"),
])
async def test_what_cannot_be_shown_is_told_in_one_line(twoway: Twoway, words: tuple[str, ...], told: str) -> None:
    refused = await twoway("messages", "preview", *words, code=2)
    assert refused.err.startswith("twoway: ")
    assert told in refused.err


def test_every_event_is_one_and_every_message_follows_from_one_or_from_time() -> None:
    assert LED_TO.keys() <= events.REGISTRY.keys()
    assert {name for names in LED_TO.values() for name in names} | BY_TIME == sentences.load().messages.keys()


async def test_one_is_sent_through_the_mail_server_that_is_set_up_and_noted_without_its_address(
        twoway: Twoway, redis: Redis) -> None:
    with mail_server() as server:
        mine = replace(twoway, more={"TWOWAY_SMTP_URL": server.url, "TWOWAY_SMTP_STARTTLS": "never",
                                     "TWOWAY_MAIL_FROM": "Twoway <hello@people.example>"})
        ran = await mine("messages", "test-send", "op@people.example", "proposal", "--lang", "ar")
        assert "proposal to op@people.example: the mail server took it." in ran.out
        [message] = server.to("op@people.example")
        assert message["Content-Language"] == "ar"
        assert message["From"] == "Twoway <hello@people.example>"
        assert "صفحتك" in plain(message)
        server.behaviour["full@people.example"] = ["RCPT 452 full"]
        ran = await mine("messages", "test-send", "full@people.example", "proposal", code=1)
        assert "it was not taken (smtp_452)" in ran.out
        ran = await mine("messages", "test-send", "no address", "proposal", code=1)
        assert "it was not taken (bad_address)" in ran.out
    lines = [json.loads(line) for line in (twoway.data / "operators.jsonl").read_text("utf-8").splitlines()]
    assert [(line["message"], line["template"]) for line in lines] == [("message.tested", "proposal")] * 3
    assert "people.example" not in (twoway.data / "operators.jsonl").read_text("utf-8")


async def test_in_a_try_out_it_goes_to_the_mailbox(twoway: Twoway, redis: Redis) -> None:
    ran = await replace(twoway, more={"TWOWAY_TRY_OUT": "1"})("messages", "test-send", "op@people.example", "received")
    assert "it is in the mailbox" in ran.out
    [mail] = await mailbox.read(redis, Vault(parse_key(twoway.key)), "op@people.example")
    assert mail.subject == "We have what you sent"


async def test_without_a_way_out_it_says_what_to_set(twoway: Twoway, redis: Redis) -> None:
    refused = await twoway("messages", "test-send", "op@people.example", "received", code=2)
    assert "TWOWAY_SMTP_URL" in refused.err


async def test_a_text_is_sent_to_a_number_to_see_it_arrive(twoway: Twoway) -> None:
    with mail_server() as mail, provider(200, 500) as texts:
        mine = replace(twoway, more={"TWOWAY_SMTP_URL": mail.url, "TWOWAY_MAIL_FROM": "Twoway <hello@example.org>",
                                     "TWOWAY_TEXT_URL": texts.url})
        ran = await mine("messages", "test-send", "+447700900123", "proposal")
        assert ran.out.strip() == "proposal to +447700900123: the provider took it."
        await mine("messages", "test-send", "+447700900123", "proposal", code=1)
        assert (await mine("messages", "test-send", "+447700900123", "invitation", code=2)).err.strip().endswith("by e-mail.")
    assert [to for to, _ in texts.texts()] == ["+447700900123"] * 2
    assert "There is news for you" in texts.texts()[0][1]
    assert not mail.taken
    journal = (twoway.data / "operators.jsonl").read_text("utf-8")
    assert "message.tested" in journal
    assert "7700" not in journal


async def test_without_a_provider_no_text_can_be_tried(twoway: Twoway) -> None:
    with mail_server() as mail:
        mine = replace(twoway, more={"TWOWAY_SMTP_URL": mail.url, "TWOWAY_MAIL_FROM": "Twoway <hello@example.org>"})
        refused = await mine("messages", "test-send", "+447700900123", "proposal", code=2)
    assert "TWOWAY_TEXT_URL" in refused.err
