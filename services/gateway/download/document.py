"""The file: what is held now, the whole story, and everything that happened, as HTML that opens anywhere, JSON inside."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from services.gateway import reading, story
from services.gateway.download import history
from services.gateway.download.history import History, Line
from services.gateway.download.showing import Rows, Showing
from services.gateway.handlers.peers import PREFERENCES
from services.gateway.story import Telling
from services.gateway.story_files import rows as story_rows
from services.gateway.web import Here, Web

MEDIA_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True)
class LineView:
    when: str
    text: str
    rows: Rows


@dataclass(frozen=True)
class SectionView:
    heading: str
    now: tuple[Rows, ...]
    sentences: tuple[str, ...]
    lines: tuple[LineView, ...]


async def everything(web: Web, here: Here) -> bytes:
    """The whole file for this person. Raises RedisError, OSError."""
    telling = await Telling.begin(web, here)
    now_ms = web.host.clock.now_ms()
    past = await history.read(web.host.redis, here.partition, web.settings.data,
                              history.Reading(here, telling, web.host.vault, now_ms))
    moments = await story.everything(telling)
    now = await _now(web, here)
    held = {"made": _iso(now_ms), "now": now, "moments": story_rows(telling, moments), "whole": past.whole,
            "history": [{"at": _iso(line.at_ms), "what": line.what, **line.told} for line in past.lines]}
    sentences = tuple(f"{web.pages.day(each.at_ms)}: {' '.join((each.sentence, *each.notes))}" for each in moments)
    showing = Showing(web.catalogue, web.host.programme, web.pages)
    text = web.pages.file(
        "everything", made=showing.time(now_ms), whole=past.whole, entries_max=history.ENTRIES_MAX,
        sections=tuple(_sections(web.catalogue.kept, showing, now, sentences, past)),
        json=orjson.dumps(held, default=_plain, option=orjson.OPT_INDENT_2).decode())
    return text.encode()


def read_json(file: bytes) -> Any:
    """The JSON that such a file holds."""
    text = file.decode()
    return orjson.loads(html.unescape(text[text.index('<pre id="json">') + len('<pre id="json">'):text.rindex("</pre>")]))


async def _now(web: Web, here: Here) -> dict[str, list[dict[str, Any]]]:
    """Section → what is held now."""
    row, me, asked = here.row, await reading.me(web, here), await reading.details(web, here)
    request = [] if me.request is None or asked is None else [
        {"reference": me.request.reference, "since_ms": me.request.since_ms, "capacity": me.request.capacity,
         **asked.model_dump(mode="json")}]
    return {
        "you": [{"number": here.peer, "community": row.community, **here.profile.model_dump(mode="json")}],
        "messages": [{name: getattr(row, name) for name in PREFERENCES}],
        "agreements": [{**each.model_dump(exclude_none=True), **_wording(web, each.wording, each.version)}
                       for each in row.consents],
        "request": request,
        "buddies": [{"buddy": each.alias, "my_contact": each.my_contact, "their_contact": each.their_contact}
                    for each in me.pairs] + [{"closing": each} for each in me.closing],
        "moments": [{"given": row.given, "received": row.received}],
        "partners": [{"title": each.title, "completed": each.completed.isoformat(), "partner": each.partner}
                     for each in me.trainings],
    }


def _wording(web: Web, wording: str, version: str) -> dict[str, str]:
    """The words that were agreed to, where they are the ones of today; earlier versions are told by their number."""
    consent = web.catalogue.words["consent"]
    if (wording, version) != (consent["wording"], consent["version"]):
        return {}
    return {"text": str(consent["text"]).format(programme=web.host.programme.name)}


def _sections(kept: Mapping[str, Any], showing: Showing, now: Mapping[str, list[dict[str, Any]]], sentences: tuple[str, ...],
              past: History) -> Iterator[SectionView]:
    by_section: dict[str, list[LineView]] = {}
    for line in past.lines:
        section, text = _words(kept, line)
        by_section.setdefault(section, []).append(LineView(showing.time(line.at_ms), text, showing.rows(line.told)))
    for key, heading in kept["sections"].items():
        rows = tuple(found for each in now.get(key, ()) if (found := showing.rows(each)))
        said = sentences if key == "moments" else ()
        if rows or said or key in by_section:
            yield SectionView(heading, rows, said, tuple(by_section.get(key, ())))


def _words(kept: Mapping[str, Any], line: Line) -> tuple[str, str]:
    section, _, text = str(kept["lines"][line.what]).partition(": ")
    return section, text


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")
