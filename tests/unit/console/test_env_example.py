from __future__ import annotations

import re

from console import built, env_example
from shared import SERVICES
from shared.settings import Settings


def test_every_setting_of_every_service_is_explained() -> None:
    text = env_example.text()
    for kind in (Settings, *(built.settings_of(name) for name in SERVICES)):
        for field, info in kind.model_fields.items():
            assert re.search(rf"^#?{env_example.variable(field)}=", text, re.MULTILINE), field
            assert info.description, f"{field} has no description"
            assert " ".join(info.description.split()[:4]) in " ".join(text.replace("\n#", " ").split()), field


def test_only_what_is_required_stands_open() -> None:
    stands_open = re.findall(r"^([A-Z_]+)=", env_example.text(), re.MULTILINE)
    assert stands_open == ["TWOWAY_KEY"]


def test_no_default_is_a_secret() -> None:
    assert re.findall(r"^#?TWOWAY_KEY=(\S*)", env_example.text(), re.MULTILINE) == [""]
