"""What is handed to a container engine keeps the promises that the documents make about it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.built import settings_of
from shared import SERVICES
from tests.journeys.system import clean_environment

ROOT = Path(__file__).parents[2]
PROMISED = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}


IN_THE_IMAGE = {"TWOWAY_KEY", "TWOWAY_DATA", "TWOWAY_HOST", "TWOWAY_PORT"}
"""What compose decides for every container alike: where the key and the data lie, and what is listened on."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return understood()


def understood(**environment: str) -> dict[str, Any]:
    """The compose file as compose itself understands it, every profile included."""
    if shutil.which("docker") is None:
        pytest.skip("there is no `docker` command")
    command = ["docker", "compose", "--env-file", os.devnull, "--profile", "*", "config", "--format", "json"]
    answer = subprocess.run(command, cwd=ROOT, env=clean_environment(**environment), capture_output=True, text=True,
                            timeout=60, check=False)
    if "is not a docker command" in answer.stderr:
        pytest.skip("there is no `docker compose`")
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def test_no_container_may_do_more_than_it_needs(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name


def test_every_service_waits_for_redis_and_the_key_and_is_given_time_to_end(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        service = compose["services"][name]
        assert service["depends_on"]["redis"]["condition"] == "service_healthy"
        assert service["depends_on"]["key"]["condition"] == "service_completed_successfully"
        assert service["stop_grace_period"] == "15s"


def test_redis_is_reached_by_the_services_alone_and_the_pages_from_this_machine_alone(compose: dict[str, Any]) -> None:
    assert compose["networks"]["back"]["internal"] is True
    assert set(compose["services"]["redis"]["networks"]) == {"back"}
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published.keys() == {"gateway"}
    assert [port["host_ip"] for port in published["gateway"]] == ["127.0.0.1"]


def test_only_the_services_that_use_it_see_the_folder_beside_redis(compose: dict[str, Any]) -> None:
    seeing = {name for name, service in compose["services"].items()
              if "/var/lib/twoway" in [volume["target"] for volume in service.get("volumes", ())]}
    assert seeing == {"gateway", "ledger", "console"}


def test_the_key_is_a_file_and_only_the_one_that_makes_it_may_write_it(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        service = compose["services"][name]
        (volume,) = [volume for volume in service["volumes"] if volume["target"] == "/var/lib/twoway-key"]
        assert volume["read_only"] is True
        assert service["environment"]["TWOWAY_KEY_FILE"] == "/var/lib/twoway-key/key"
        assert "TWOWAY_KEY" not in service["environment"]


def test_every_setting_of_a_service_reaches_it_when_it_is_set(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        wanted = {f"TWOWAY_{field.upper()}" for field in settings_of(name).model_fields.keys() - {"redis_url"}}
        assert wanted - IN_THE_IMAGE <= compose["services"][name]["environment"].keys(), name


def test_everybody_reads_the_same_programme_the_shipped_one_unless_another_is_named(compose: dict[str, Any]) -> None:
    for named, source in ((compose, "shared/programme.toml"), (understood(TWOWAY_PROGRAMME="./ours.toml"), "ours.toml")):
        for name in (*SERVICES, "console"):
            service = named["services"][name]
            [mount] = [each for each in service["volumes"] if each["target"] == service["environment"]["TWOWAY_PROGRAMME"]]
            assert (mount["source"], mount["read_only"]) == (str(ROOT / source), True)


def test_the_mail_servers_password_may_stand_in_a_file_and_in_no_environment(compose: dict[str, Any]) -> None:
    assert not compose["services"]["notifier"]["environment"]["TWOWAY_SMTP_URL_FILE"]
    named = understood(TWOWAY_SMTP_URL_FILE="/srv/smtp-url")
    assert named["secrets"]["smtp_url"]["file"] == "/srv/smtp-url"
    notifier = named["services"]["notifier"]
    assert notifier["environment"]["TWOWAY_SMTP_URL_FILE"] == notifier["secrets"][0]["target"]
    assert [name for name, service in named["services"].items() if service.get("secrets")] == ["notifier"]


def test_the_recipe_ends_as_nobody_in_particular_and_needs_no_unpinned_package() -> None:
    recipe = (ROOT / "deploy/Dockerfile").read_text()
    final = recipe.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "pip install" not in final
    assert "--frozen" in recipe


def test_one_version_of_uv_builds_everywhere() -> None:
    makefile = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    recipe = re.search(r"uv==(\S+)", (ROOT / "deploy/Dockerfile").read_text())
    assert makefile is not None
    assert recipe is not None
    assert makefile[1] == recipe[1]


def test_every_line_of_the_redis_configuration_stands_below_its_reason() -> None:
    paragraphs = (ROOT / "deploy/redis.conf").read_text().split("\n\n")
    assert all(paragraph.startswith("# ") for paragraph in paragraphs)


@pytest.mark.engine
def test_redis_8_takes_the_configuration_and_keeps_its_promises(engine: None) -> None:
    script = (
        "redis-server /etc/redis.conf --daemonize yes >/dev/null;"
        "timeout 20 sh -c 'until redis-cli -e ping; do sleep 0.1; done' >/dev/null 2>&1;"
        f"redis-cli --json config get {' '.join(PROMISED)}"
    )
    command = ["docker", "run", "--rm", "--network", "none", "--read-only", "--entrypoint", "sh",
               "-v", f"{ROOT}/deploy/redis.conf:/etc/redis.conf:ro", "redis:8.0", "-c", script]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout.splitlines()[-1]) == PROMISED
