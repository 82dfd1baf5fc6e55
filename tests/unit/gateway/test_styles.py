"""The style sheets: nothing that belongs to GOV.UK alone, nothing from elsewhere, small."""

from __future__ import annotations

import gzip
import re

import pytest

from deploy.build_css import build, rules
from services.gateway.rendering import STATIC

SHEETS = ("govuk.css", "twoway.css")
FORBIDDEN = re.compile(r"url\(|@font-face|@import|gds|transport|crest|crown|https?:|//|govuk-header|govuk-footer|logo", re.I)


@pytest.mark.parametrize("name", SHEETS)
def test_no_gds_font_crown_crest_or_remote_address_is_left_in_a_style_sheet(name: str) -> None:
    assert FORBIDDEN.search((STATIC / name).read_text("utf-8")) is None


def test_the_licence_of_govuk_frontend_lies_beside_its_style_sheet() -> None:
    assert "MIT License" in (STATIC / "govuk-frontend-licence.txt").read_text("utf-8")
    assert "govuk-frontend-licence.txt" in (STATIC / "govuk.css").read_text("utf-8")[:200]


def test_the_only_files_a_browser_can_fetch_are_styles_an_icon_and_a_licence() -> None:
    assert {path.suffix for path in STATIC.iterdir()} == {".css", ".svg", ".txt"}


def test_all_styles_together_stay_under_ten_kilobytes_over_the_wire() -> None:
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in SHEETS) < 10_000


def test_the_builder_drops_fonts_the_crest_print_rules_and_what_needs_a_script() -> None:
    css = ('@charset "UTF-8";:root{--a:1}@font-face{font-family:GDS Transport;src:url(/x.woff2)}'
           ".govuk-body,.govuk-tabs{font-family:GDS Transport,arial,sans-serif}"
           ".govuk-footer__crest{background:url(/crest.svg)}@media print{.govuk-body{color:red}}"
           ".govuk-frontend-supported .govuk-body{color:red}"
           '@media (min-width:40em){.govuk-link:after{content:"}"}.govuk-tabs{color:red}}')
    made = build(css).partition("\n")[2].strip()
    assert made.startswith(":root{--a:1}.govuk-body{font-family:system-ui")
    assert made.endswith('@media (min-width:40em){.govuk-link:after{content:"}"}}')
    assert "red" not in made


def test_the_builder_refuses_to_leave_a_remote_address_behind() -> None:
    with pytest.raises(ValueError, match="url"):
        build(".govuk-body{background:url(https://example.org/x.png)}")


def test_the_builder_refuses_a_sheet_that_was_cut_off() -> None:
    with pytest.raises(ValueError, match="never closed"):
        list(rules(".govuk-body{color:red"))


def test_the_link_past_the_top_is_out_of_sight_until_it_has_the_focus() -> None:
    assert ".govuk-skip-link:not(:active):not(:focus)" in (STATIC / "govuk.css").read_text("utf-8")
