"""A missing or unreadable setting is one clear line and exit code 2, in the real process."""

from __future__ import annotations

import base64
import os
import subprocess
import sys

import pytest

from services.notifier.settings import NotifierSettings

KEY = base64.urlsafe_b64encode(bytes(32)).decode()


def started(**environment: str) -> subprocess.CompletedProcess[str]:
    path = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run([sys.executable, "-m", "services.notifier"], env={**path, "TWOWAY_KEY": KEY, **environment},
                          capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("environment", "names"), [
    ({}, "TWOWAY_SMTP_URL"),
    ({"TWOWAY_TRY_OUT": "0"}, "TWOWAY_SMTP_URL"),
    ({"TWOWAY_SMTP_URL": "http://mail.example.org"}, "TWOWAY_SMTP_URL"),
    ({"TWOWAY_SMTP_URL": "smtp://mail.example.org:http"}, "TWOWAY_SMTP_URL"),
    ({"TWOWAY_SMTP_URL": "smtp://mail.example.org"}, "TWOWAY_MAIL_FROM"),
    ({"TWOWAY_SMTP_URL": "smtp://mail.example.org", "TWOWAY_MAIL_FROM": "nobody"}, "TWOWAY_MAIL_FROM"),
    ({"TWOWAY_TRY_OUT": "1", "TWOWAY_BASE_URL": "example.org"}, "TWOWAY_BASE_URL"),
    ({"TWOWAY_TRY_OUT": "1", "TWOWAY_SEND_LEASE_S": "soon"}, "TWOWAY_SEND_LEASE_S"),
])
def test_a_setting_that_cannot_be_used_is_one_line_and_exit_code_2(environment, names):
    ended = started(**environment)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(f"twoway: {names}: ")


def test_the_line_never_repeats_a_password():
    ended = started(TWOWAY_SMTP_URL="ftp://user:geheim@mail.example.org")
    assert ended.returncode == 2
    assert "geheim" not in ended.stderr


def settings(**values: object) -> NotifierSettings:
    return NotifierSettings(key=KEY, **values)


def test_a_try_out_needs_no_mail_server():
    assert settings(try_out=True).smtp_url is None


def test_a_message_id_ends_in_the_senders_domain():
    chosen = settings(smtp_url="smtp://mail.example.org", mail_from="Twoway <hello@example.org>")
    assert chosen.mail_domain == "example.org"
    assert settings(try_out=True, base_url="http://127.0.0.1:8000").mail_domain == "127.0.0.1"


def test_a_delivery_ends_before_its_lease_does():
    assert settings(try_out=True, send_lease_s=60).send_limit_s == 45
