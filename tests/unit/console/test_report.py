"""What a report says of figures: on the page, in its pictures, as JSON and CSV. Words, manual and ledger name the same ones."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.env_example import variable
from console.report import tables
from console.report.tables import COLUMNS, Told
from services.ledger.domain.signals import DEFINITIONS
from services.ledger.settings import LedgerSettings
from shared import programme
from shared.events import Kind, Signal
from shared.report import facts, page, picture, words
from shared.report.facts import Report
from shared.report.picture import Point
from shared.report.weeks import Reckoned, last_day
from shared.report.words import number
from tests.unit.console.reckoned import LATEST, WINDOWS, few, parts, reckoned, signal, town

WORDS, PROGRAMME = words.read(), programme.load()
MANUAL = Path("docs/operators/signals.md").read_text("utf-8")
FORBIDDEN = re.compile(r"\b(owe|owes|debt|balance|must|overdue|streak|failed|you haven't|crazy|suffer\w*)\b", re.I)
READ_WORDS_MAX = 1_300
"""Five minutes, and a little for whoever reads slowly: people read some 240 words a minute."""


def told(of: Reckoned) -> Report:
    return facts.report(of, PROGRAMME, WORDS)


def html(of: Reckoned, programme: programme.Programme = PROGRAMME) -> str:
    return page.html(facts.report(of, programme, WORDS), WORDS, date(2026, 11, 27), len(of.weeks))


def latest(*signals: Signal, weeks: int = 1) -> Reckoned:
    """A town whose latest week has these alone."""
    return reckoned(weeks, {0: signals})


def shown(of: Reckoned, key: str) -> facts.Shown:
    return next(each for section in told(of).sections for each in section.shown if each.key == key)


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        self.ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))


def read_on(html: str) -> str:
    """What is read from the first line to the last: no pictures and no tables, at which one only looks."""
    left_out = r"<head>.*?</head>|<svg.*?</svg>|<details>.*?</details>|<table.*?</table>"
    return re.sub(r"<[^>]+>", " ", re.sub(left_out, " ", html, flags=re.S))


# ── words, manual and ledger ─────────────────────────────────────────────────────────────────────────────────────────


def test_all_eight_reflective_questions_have_a_section_and_each_signal_stands_under_one() -> None:
    assert len(WORDS.questions) == 8
    assert sorted(name for each in WORDS.sections for name in each.signals) == sorted(WORDS.signals)
    assert all(each.signals or each.text for each in WORDS.sections)


def test_the_ledger_defines_the_signals_that_the_report_has_words_for() -> None:
    assert {each.name: each.weeks for each in DEFINITIONS} == WINDOWS
    assert {each.name: each.looks for each in DEFINITIONS} == {name: own.look for name, own in WORDS.signals.items()}


def test_each_setting_that_the_report_names_is_one_of_the_ledgers() -> None:
    known = {variable(name) for name in LedgerSettings.model_fields if name.startswith("look_")}
    assert {own.setting for own in WORDS.signals.values() if own.setting} == known


def test_the_manual_has_each_question_and_each_signal_beside_its_window_setting_and_what_it_is_not_for() -> None:
    sections = dict(pairwise(re.split(r"^###? (?:\d\. )?(.+)$", MANUAL, flags=re.M)[1:]))
    for question in WORDS.sections:
        rows = {row.split("`")[1]: [cell.strip() for cell in row.split("|")[1:-1]]
                for row in sections[question.heading].splitlines() if row.startswith("| **")}
        assert rows.keys() == set(question.signals), question.heading
        for name, (titled, _, weeks, look, setting, not_for) in rows.items():
            own = WORDS.signals[name]
            assert titled == f"**{own.name}**<br>`{name}`"
            assert weeks == str(WINDOWS[name])
            assert (own.look or "only told") in look or own.threshold
            assert setting == (f"`{own.setting}`" if own.setting else "")
            assert not_for == own.not_for


def test_words_are_kind_and_what_a_signal_is_not_for_is_one_sentence() -> None:
    text = re.sub(r"^\s*#.*$", "", words.FILE.read_text("utf-8"), flags=re.M)
    assert not FORBIDDEN.findall(text)
    assert "!" not in text
    assert not [own.name for own in WORDS.signals.values() if re.search(r"[.?]", own.not_for)]
    assert all(own.suggestion for own in WORDS.signals.values() if own.look), "what deserves a look has a suggestion"


def test_a_part_has_a_word_for_every_kind_of_moment() -> None:
    assert set(WORDS.signals["kinds"].parts) == {kind.value for kind in Kind}


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_at_a_glance_says_what_deserves_a_look_what_is_fine_and_what_is_too_few_to_say() -> None:
    seen = told(reckoned(26, {0: (*(each for each in town(0) if each.name != "training"), few("training"))}))
    states = {state: {each.key for each in them} for state, them in seen.by_state.items()}
    assert next(iter(states)) == "look"
    assert states["look"] == {"giving_by_top_tenth", "practical_help"}
    assert states["too_few"] == {"training"}
    assert states["told"] == {"breaks_and_not_now", "returns", "giving_by_way", "returned_through_network", "chains"}
    assert states["missing"] == set()
    assert sum(map(len, states.values())) == len(WORDS.signals)
    assert seen.headline == ("Support goes both ways here: of 89 people who were active in these 12 weeks, 67 both gave and "
                             "received.")
    assert seen.covers == "26 weeks, up to Sunday 22 November 2026."


@pytest.mark.parametrize(("of", "value", "line"), [
    (signal("gave_and_received", 61, 84, attention=0.5), "73\u00a0%",
     "61 of 84 active people · 12 weeks · look below 50\u00a0%."),
    (signal("practical_help", 9, 41, value=24.0, attention=21.0, state="look"), "24 days",
     "9 of 41 people who wait · 4 weeks · look above 21 days."),
    (signal("kinds", 7, 8, value=7.0, attention=3.0), "7 of 8", "12 weeks · look below 3 of 8."),
    (signal("returns", 11, value=11.0), "11 people", "12 weeks."),
    (signal("blocks_and_concerns", 5, 1400, value=0.357, attention=5.0), "0.4 for each 100 pairs",
     "5 blocks and concerns, 1,400 pairs · 12 weeks · look above 5 for each 100 pairs."),
    (signal("concern_look_hours", 6, value=1.0, attention=24.0), "1 hour", "6 concerns · 12 weeks · look above 24 hours."),
    (signal("training", 19, 84, attention=0.2), "23\u00a0%",
     "19 of 84 active people · 26 weeks · look below 20\u00a0%, as it was in the weeks before."),
    (signal("training", 19, 84), "23\u00a0%", "19 of 84 active people · 26 weeks."),
    (few("waiting_by_group", 2.0), "", "4 weeks."),
    (signal("concern_look_hours", 0, attention=24.0), "", "0 concerns · 12 weeks · look above 24 hours."),
    (few("felt_listened_to", 0.7), "", "12 weeks · look below 70\u00a0%."),
    (Signal(name="pulse_answers", window_weeks=12, numerator=None, denominator=132, value=None, attention=0.15, state="fine"),
     "Nearly all", "Nearly all of 132 times that it was asked · 12 weeks · look below 15\u00a0%."),
], ids=lambda value: value.name if isinstance(value, Signal) else "")
def test_a_figure_has_its_unit_and_says_what_was_counted_how_long_and_where_it_deserves_a_look(
        of: Signal, value: str, line: str) -> None:
    seen = shown(latest(of), of.name)
    assert (seen.value, seen.line) == (value, line)


def test_a_figure_that_would_look_like_its_threshold_has_one_more_digit() -> None:
    share = WORDS.units["share"]
    assert number(0.496, share, 0.5) == "49.6\u00a0%"
    assert number(0.5, share, 0.5) == "50\u00a0%"
    assert number(0.52, share, 0.5) == "52\u00a0%"


def test_the_headline_says_when_it_often_goes_one_way_and_when_it_is_too_few_to_say() -> None:
    one_way = told(latest(signal("gave_and_received", 30, 84, attention=0.5, state="look"))).headline
    assert "one way only" in one_way
    assert "of 84 people" in one_way
    assert "Too few people" in told(latest(few("gave_and_received"))).headline
    nearly = Signal(name="gave_and_received", window_weeks=12, numerator=None, denominator=84, value=None, attention=0.5,
                    state="fine")
    assert "of 84 people who were active in these 12 weeks, nearly all" in told(latest(nearly)).headline
    assert "was not reckoned" in told(latest()).headline


def test_a_part_that_is_kept_back_says_so_and_names_no_number() -> None:
    seen = shown(latest(signal("kinds", 7, 8, value=7.0, attention=3.0, parts=parts(
        gesture=(96, 301), other=(None, 301)))), "kinds")
    assert [(part.label, part.figure, part.counted) for part in seen.parts] == [
        ("A small gesture", "32\u00a0%", "96 of 301"), ("Something else", "Too few to say", "")]


def test_groups_have_the_programmes_own_words_and_their_days() -> None:
    of = shown(latest(signal("waiting_by_group", 41, value=6.0, attention=12.0, parts=parts(
        language__cy=(6, 9), age_band__25_34=(14, 1), gender__gone=(5, 4)))), "waiting_by_group")
    assert [(part.label, part.figure, part.counted) for part in of.parts] == [
        ("Cymraeg (Welsh)", "9 days", "6 people"), (PROGRAMME.age_bands["25_34"], "1 day", "14 people"),
        ("gone", "4 days", "5 people")]


def test_the_question_of_tea_is_answered_by_gestures_among_all_moments() -> None:
    assert shown(reckoned(), "gesture").value == "32\u00a0%"
    kept_back = shown(latest(signal("kinds", 7, 8, value=7.0, parts=parts(gesture=(None, None)))), "gesture")
    assert (kept_back.state, kept_back.value, kept_back.picture) == ("too_few", "", None)


def test_a_week_that_was_not_reckoned_is_a_gap_and_one_of_too_few_says_so() -> None:
    of = reckoned(4, {1: (), 2: (few("gave_and_received"),)})
    rows = shown(of, "gave_and_received").rows
    assert [(row.until, row.state) for row in rows] == [
        ("22 Nov", "Fine"), ("15 Nov", "Not reckoned"), ("8 Nov", "Too few to say"),
        ("1 Nov", "Fine")]
    assert [row.figure for row in rows[1:3]] == ["", ""]
    drawn = shown(of, "gave_and_received").picture
    assert drawn is not None
    assert drawn.count("cross") == 1
    assert "1 of these 4 weeks are too few to say" in drawn


def test_a_long_time_is_thinned_to_half_a_year_of_dots_and_the_page_says_so() -> None:
    rows = shown(reckoned(52), "gave_and_received").rows
    assert len(rows) == facts.POINTS_MAX
    assert [row.until for row in rows[:2]] == ["22 Nov", "8 Nov"]
    assert "Every 2 weeks is shown" in html(reckoned(52))
    assert "weeks is shown" not in html(reckoned(26))


def test_the_last_day_of_a_week_is_its_sunday() -> None:
    assert (last_day(LATEST), last_day(LATEST).strftime("%A")) == (date(2026, 11, 22), "Sunday")


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_asks_for_nothing_from_elsewhere_and_runs_nothing() -> None:
    outline = Outline(html(reckoned()))
    assert not {tag for tag, _ in outline.tags} & {"script", "img", "link", "iframe", "object", "form", "base"}
    assert not [value for _, attributes in outline.tags for name, value in attributes.items()
                if name in ("src", "style") or name.startswith("on") or (name == "href" and not value.startswith("#"))]
    policy = next(attributes["content"] for tag, attributes in outline.tags if tag == "meta" and "http-equiv" in attributes)
    assert "default-src 'none'" in policy
    assert not re.search(r"url\(|@import|https?:", html(reckoned()))


def test_headings_are_in_order_ids_are_unique_and_every_link_leads_somewhere() -> None:
    outline = Outline(html(reckoned()))
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(outline.ids) == len(set(outline.ids))
    links = {attributes["href"][1:] for tag, attributes in outline.tags if tag == "a"}
    assert links == set(WORDS.signals)
    assert links <= set(outline.ids)
    assert outline.tags[0] == ("html", {"lang": "en", "dir": "ltr"})


def test_every_picture_has_a_title_a_description_and_a_table_beside_it() -> None:
    text = html(reckoned())
    pictures = re.findall(r'<svg class="line".*?</svg>\s*<details>\s*<summary>.*?</summary>\s*<table>', text, re.S)
    assert len(pictures) == text.count('class="line"') == len(WORDS.signals) + 1
    for each in pictures:
        title, desc = re.findall(r'aria-labelledby="(\S+) (\S+)"', each)[0]
        assert f'<title id="{title}">' in each
        assert re.search(rf'<desc id="{desc}">\S', each)


def test_a_suggestion_stands_where_something_deserves_a_look_and_nowhere_else() -> None:
    text = html(reckoned())
    said = {name for name, own in WORDS.signals.items() if own.suggestion and str(page.coded(own.suggestion)) in text}
    assert said == {"giving_by_top_tenth", "practical_help"}
    assert text.count("Not to be used") == len(WORDS.signals) + 1


def test_words_of_the_programme_are_text_and_never_markup() -> None:
    named = PROGRAMME.model_copy(update={"communities": (PROGRAMME.communities[0].model_copy(update={
        "name": "<script>alert(1)</script>"}),), "languages": {"cy": "<b>Cymraeg"}})
    text = html(reckoned(), named)
    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text


def test_the_page_is_read_in_five_minutes() -> None:
    read = [word for word in read_on(html(reckoned())).split() if re.search("[A-Za-z]", word)]
    assert 500 < len(read) < READ_WORDS_MAX


def test_what_was_not_reckoned_lately_is_said_at_the_top() -> None:
    of = reckoned()
    assert "Nothing was reckoned after that week" not in html(of)
    assert "Nothing was reckoned after that week" in html(Reckoned(of.community, of.weeks, stale=True))


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(*values: float | None, held: float | None = None, whole: float | None = None) -> str:
    return picture.line("key", "title", "described", [
        Point(last_day(LATEST + place), value, value is None) for place, value in enumerate(values)],
        shown=lambda value: f"{value:.1f}", day=WORDS.day_short, held=held, held_words="look above 2", gap="gap", whole=whole)


def test_a_line_breaks_where_a_week_has_no_figure() -> None:
    text = drawn(1.0, 2.0, None, 3.0, 4.0, None, 5.0)
    assert text.count("<polyline") == 2
    assert text.count("<circle") == 5 + 1
    assert text.count("cross") == 2


def test_what_a_line_is_held_against_is_in_words_too() -> None:
    assert "look above 2" in drawn(1.0, held=2.0)
    assert "look above" not in drawn(1.0)


TOLD = st.just(0.0) | st.floats(1e-6, 1e6)
"""A share of a million people is the least there is above nothing."""


@given(st.lists(st.none() | TOLD, min_size=1, max_size=26).filter(
    lambda values: any(value is not None for value in values)), st.none() | TOLD)
def test_every_dot_is_inside_the_picture(values: list[float | None], held: float | None) -> None:
    text = drawn(*values, held=held)
    for across, up in re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', text):
        assert picture.LEFT <= float(across) <= picture.RIGHT
        assert picture.TOP <= float(up) <= picture.FOOT


def test_all_of_a_share_is_the_top_of_its_axis_and_nothing_is_above_it() -> None:
    assert (picture.axis(1.0, 1.0), picture.axis(0.97, 1.0), picture.axis(8, 8)) == (1.0, 1.0, 8)
    assert picture.axis(5, None) == 10, "no line runs along the top where there could be more"


@given(st.floats(1e-6, 1e9))
def test_an_axis_is_high_enough_and_not_much_higher(most: float) -> None:
    assert most <= picture.axis(most, None) * (1 + 1e-9)
    assert picture.axis(most, None) <= most * 2.7
    assert picture.axis(most, most * 1.1) <= most * 1.1


# ── JSON and CSV ─────────────────────────────────────────────────────────────────────────────────────────────────────


def lines(of: Reckoned) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables.as_csv(of, WORDS))))


def test_csv_has_every_week_with_every_signal_and_part() -> None:
    found = lines(reckoned(52))
    assert tuple(found[0]) == COLUMNS
    assert len({line["week_ends"] for line in found}) == 52
    last = [line for line in found if line["week_ends"] == "2026-11-22"]
    assert [line["signal"] for line in last if not line["part"]] == [each.name for each in town(0)]
    assert last[0] == {
        "community": "riverside", "week_ends": "2026-11-22", "signal": "gave_and_received", "part": "", "window_weeks": "12",
        "numerator": "67", "denominator": "89", "value": str(67 / 89), "unit": "share", "attention": "0.5", "state": "fine"}
    other = next(line for line in last if line["part"] == "other")
    assert (other["numerator"], other["denominator"], other["value"], other["state"]) == ("", "", "", "too_few")


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_no_cell_begins_with_what_a_spreadsheet_runs(cell: str) -> None:
    key = f"{cell}:{cell}"
    [whole, part] = lines(latest(signal("waiting_by_group", 41, value=6.0, parts=parts(**{key: (6, 9)}))))
    assert part["part"] == f"'{key}"
    assert whole["part"] == ""
    assert tables.plain(-1.5) == "'-1.5", "no figure of ours is below nought, and a cell that is one does not run either"


def test_the_manual_explains_every_column_in_its_order() -> None:
    explained = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", MANUAL.split("CSV column")[1], re.M)))
    assert tuple(explained) == COLUMNS


def test_json_is_what_its_schema_says_and_carries_what_a_signal_is_not_for() -> None:
    of = Told.model_validate_json(tables.as_json(reckoned(3, {1: ()}), WORDS))
    assert [week.week_ends for week in of.weeks] == [date(2026, 11, 8), date(2026, 11, 15), date(2026, 11, 22)]
    assert [len(week.signals) for week in of.weeks] == [20, 0, 20]
    assert {each.signal: each.not_to_be_used_for for each in of.about} == {
        name: own.not_for for name, own in WORDS.signals.items()}
    assert of.weeks[-1].signals[0].numerator == 67


def test_a_slip_in_the_words_is_told(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text(words.FILE.read_text("utf-8").replace('"gave_and_received", ', "", 1), "utf-8")
    with pytest.raises(ValueError, match="each signal stands under one question, once"):
        words.read(path)
