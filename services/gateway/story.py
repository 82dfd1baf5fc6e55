"""A person's own story, from rows to what a page or a file shows: as far as it is theirs to know, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from services.gateway.catalogue import sentence_of
from services.gateway.look import Look
from services.gateway.rendering import organisation
from services.gateway.store import PAIRS, PEERS, PeerRow
from services.gateway.store.stories import MOMENTS, PLACES, STORIES, MomentRow, StoryRow, pair_of
from services.gateway.views import MomentView, MonthView, RefusalView, StoryView
from services.gateway.web import Here, Web
from shared.events import Correction, Kind
from shared.rows import KEYS, Table

PAGE = 50
"""Moments on a page: as much as somebody reads in one go, and some 30 kB."""

LATELY = 3
"""The newest moments on a person's own page: a look, and the rest is one link away."""

FETCH_MAX = 1_000
"""Rows asked for in one command, so that no story however long keeps the server from others for more than a moment."""


class Start(NamedTuple):
    """Where a page of a story begins: a month, and how many of its moments were shown before."""

    month: str
    skip: int

    @classmethod
    def read(cls, text: str) -> Start | None:
        """None for what is no such place: then the page begins with the newest."""
        month, _, skip = text.partition(".")
        if len(month) != 7 or not (skip.isascii() and skip.isdigit() and len(skip) < 7):
            return None
        return cls(month, int(skip))

    def __str__(self) -> str:
        return f"{self.month}.{self.skip}"


class Telling:
    """One reader's stories, with the names that those in them have for the reader now."""

    def __init__(self, web: Web, here: Here, look: Look) -> None:
        self.here, self.look, self.pages, self.now_ms = here, look, web.pages, web.host.clock.now_ms()
        self.all_words: Mapping[str, Any] = web.catalogue.words
        self.words: Mapping[str, Any] = self.all_words["story"]
        self.earlier: str = self.all_words["names"]["earlier"]
        pairs = {each: pair for each in here.row.pairs if (pair := look.row(PAIRS, each)) is not None}
        self.buddies: dict[str, str] = {}
        """Peer → alias, of the buddies of now; somebody who has left has none, though their pair is not closed yet."""
        self.names: dict[str, str] = {}
        """The same by pair."""
        for each, pair in pairs.items():
            if (alias := look.name(other := pair.other(here.peer))) is not None:
                self.buddies[other] = self.names[each] = alias
        self.near = {*here.row.pairs, *(each.pair for each in here.row.before if self.now_ms < each.until_ms)}
        """Pairs of now and of not long ago. For longer nothing of a pair stands on its people's own pages, nor asks anything
        there, and never on that of whoever blocked; it is in their story, and an operator sees what is not settled."""
        self.stories: dict[str, StoryRow] = {
            each: row for each in here.row.stories if (row := look.row(STORIES, each)) is not None}

    @classmethod
    async def begin(cls, web: Web, here: Here, look: Look | None = None) -> Telling:
        """Raises RedisError."""
        look = look or Look(web, here)
        await look.fetch((PAIRS, here.row.pairs), *pointers(here.row))
        others = {pair.other(here.peer) for each in here.row.pairs if (pair := look.row(PAIRS, each)) is not None}
        await look.fetch((PEERS, others), (KEYS, others))
        return cls(web, here, look)

    async def views(self, places: Iterable[str]) -> list[MomentView]:
        """Those moments at `places` that the reader may see, newest first. Raises RedisError."""
        places = list(places)
        for start in range(0, len(places), FETCH_MAX):
            await self.look.fetch((MOMENTS, places[start:start + FETCH_MAX]))
        found = [(place, row) for place in places if (row := self.look.row(MOMENTS, place)) is not None]
        doubles = [row.same_as for _, row in found if row.same_as is not None and row.asks]
        await self.look.fetch((PLACES, doubles))
        await self.look.fetch((MOMENTS, [at.decode() for each in doubles if (at := self.look.row(PLACES, each)) is not None]))
        seen = [view for place, row in found if (view := self._view(place, row)) is not None]
        return sorted(seen, key=lambda each: each.at_ms)[::-1]

    def name(self, pair: str) -> str:
        """Nobody's, once the two are no buddies any more, for whatever reason (rule 17)."""
        return self.names.get(pair, self.earlier)

    def _view(self, place: str, row: MomentRow, *, alone: bool = False) -> MomentView | None:
        pair = pair_of(place)
        side = story.here(self.here.peer) if (story := self.stories.get(pair)) is not None else None
        if side is None or side not in row.shown:
            return None
        gave, mine, name = row.giver == side, row.by == side, self.name(pair)
        current, near = pair in self.names, pair in self.near
        same_as = None if alone or not mine or not near else self._double(row)
        if mine and not near:
            row = row.changed(differs=None)
        return MomentView(
            id=row.moment, sentence=sentence_of(self.words["gave" if gave else "received"][row.kind], name), at_ms=row.at_ms,
            gave=gave, kind=row.kind, buddy=name, told_by=self._told_by(row, mine, name),
            way=None if row.way is None else self.words["ways"][row.way], minutes=row.minutes if mine else None,
            notes=tuple(self._notes(row, mine, name, same_as is not None)), taken_back=row.taken_back is not None,
            acts=frozenset(_acts(row, mine, current, same_as is not None)), turns=row.turns, pair=pair, current=current,
            reason=Correction.AGREED if row.differs else Correction.MISTAKE, mine=mine, same_as=same_as)

    def _double(self, row: MomentRow) -> MomentView | None:
        """The other's moment of that day that this may be, while it stands."""
        at = None if row.same_as is None or not row.asks else self.look.row(PLACES, row.same_as)
        other = None if at is None else self.look.row(MOMENTS, at.decode())
        return None if at is None or other is None or other.taken_back else self._view(at.decode(), other, alone=True)

    def _told_by(self, row: MomentRow, mine: bool, name: str) -> str:
        if row.partner is not None:
            return str(self.words["by"]["partner"]).format(partner=organisation(row.partner))
        if row.kind is Kind.GESTURE:
            return ""
        return str(self.words["by"]["me" if mine else "other"]).format(buddy=name)

    def _notes(self, row: MomentRow, mine: bool, name: str, double: bool) -> Iterator[str]:
        notes, suffix = self.words["notes"], "_mine" if mine else ""
        if row.taken_back is not None:
            yield self.words["taken_back"][row.taken_back]
        if row.differs is not None:
            yield sentence_of(notes[("upheld" if row.differs == "upheld" else "differs") + suffix], name)
        if double:
            yield sentence_of(notes["same"], name)
        if row.thanked:
            yield sentence_of(notes["thanked_me" if mine else "thanked"], name)


def _acts(row: MomentRow, mine: bool, current: bool, double: bool) -> Iterator[str]:
    """What the reader may do about it. A gesture happened by being sent, so nobody can remember it otherwise; a thank you
    goes to a buddy of now and to nobody else."""
    if not mine and row.taken_back is None and current and not row.thanked:
        yield "thank"
    if row.kind is Kind.GESTURE:
        return
    if row.taken_back is not None:
        if mine and row.taken_back is not Correction.OPERATOR:
            yield "again"
        return
    if not mine:
        if row.differs is None:
            yield "differently"
        return
    yield "back"
    if row.differs == "open":
        yield "keep"
    if double:
        yield from ("same", "apart")


def pointers(row: PeerRow) -> tuple[tuple[Table[Any], tuple[str, ...]], ...]:
    """What a page that shows something of the story needs first, for whoever fetches other things in the same look."""
    return (STORIES, row.stories), (PLACES, (*row.asks, *(each.moment for each in row.refusals)))


async def lately(telling: Telling, besides: Iterable[MomentView] = ()) -> tuple[MomentView, ...]:
    """Of what came last, what does not stand on the page already, as gestures do. Raises RedisError."""
    near = {pair: story for pair, story in telling.stories.items() if pair in telling.near}
    places = [place for pair, story in near.items() for month in sorted(story.months, reverse=True)[:1]
              for place in story.places(pair, [month])[-4 * LATELY:]]
    shown = {each.id for each in besides}
    views = await telling.views(places)
    return tuple([each for each in views if each.id not in shown and each.kind != Kind.GESTURE][:LATELY])


async def asks(telling: Telling) -> tuple[MomentView, ...]:
    """What the reader is asked about moments that they wrote down. Raises RedisError."""
    places = [at.decode() for each in telling.here.row.asks if (at := telling.look.row(PLACES, each)) is not None]
    return tuple(each for each in await telling.views(places) if each.acts & {"keep", "same"})


async def moment(telling: Telling, id: str) -> MomentView | None:
    """None for a moment that is in no story of the reader's, or that they may not see. Raises RedisError."""
    await telling.look.fetch((PLACES, (id,)))
    at = telling.look.row(PLACES, id)
    return next(iter(await telling.views([at.decode()])), None) if at is not None else None


async def everything(telling: Telling) -> list[MomentView]:
    """The whole of it, newest first. Raises RedisError."""
    return await telling.views(place for pair, story in telling.stories.items() for place in story.places(pair, story.months))


def refusals(telling: Telling) -> tuple[RefusalView, ...]:
    """What the ledger did not take, in words."""
    words, pages = telling.all_words, telling.pages
    told = []
    for each in telling.here.row.refusals:
        known = telling.look.row(PLACES, each.moment) is not None
        what = words["refused"]["what"]["unknown" if each.kind is None else "known" if known else "kind"].format(
            day=pages.day(each.at_ms), kind="" if each.kind is None else words["kinds"][each.kind].lower())
        told.append(RefusalView(each.moment, what, words["refused"][each.reason], known))
    return tuple(told)


async def page(telling: Telling, pair: str | None, start: Start | None) -> StoryView:
    """One page of the whole story, or of what is told of one pair. Raises RedisError."""
    stories = {each: row for each, row in telling.stories.items() if pair in (None, each)}
    found = await _from(telling, stories, start, PAGE + 1)
    shown, after = found[:PAGE], found[PAGE:]
    gaps = _Gaps(telling)
    months = [(month, tuple(view for _, view in group)) for month, group in groupby(
        shown, key=lambda each: gaps.month(each[1].at_ms))]
    following = [*(month for month, _ in months[1:]), *(gaps.month(view.at_ms) for _, view in after)]
    views = tuple(MonthView(telling.pages.month(_first_day(month)), moments, gaps.between(month, then))
                  for (month, moments), then in zip(months, [*following, None], strict=False))
    leading = gaps.between(gaps.now + 1, months[0][0]) if months and start is None and pair in {None, *telling.names} else None
    return StoryView(
        months=views, gap=leading, older=str(after[0][0]) if after else None, newest=start is None, pair=pair,
        others=tuple(_others(telling)), buddy="" if pair is None else telling.name(pair))


async def _from(telling: Telling, stories: Mapping[str, StoryRow], start: Start | None,
                most: int) -> list[tuple[Start, MomentView]]:
    """At most so many, newest first, each with its own place; months are fetched whole, as many as are needed."""
    left = sorted({month for row in stories.values() for month in row.months}, reverse=True)
    left = [month for month in left if start is None or month <= start.month]
    found: list[tuple[Start, MomentView]] = []
    while left and len(found) < most:
        months: list[str] = []
        skip = start.skip if start is not None and left[0] == start.month else 0
        wanted = most - len(found) + skip
        while left and wanted > 0:
            months.append(left.pop(0))
            wanted -= sum(row.months.get(months[-1], 0) for row in stories.values())
        await telling.views(place for pair, row in stories.items() for place in row.places(pair, months))  # all at once
        for month in months:
            views = await telling.views(place for pair, row in stories.items() for place in row.places(pair, [month]))
            first = skip if start is not None and month == start.month else 0
            found += [(Start(month, first + number), view) for number, view in enumerate(views[first:])]
    return found[:most]


class _Gaps:
    """Months of which nothing is recorded, in words. Months count from the year 0 here."""

    def __init__(self, telling: Telling) -> None:
        self._pages, self._words = telling.pages, telling.words["gap"]
        self.now = self.month(telling.now_ms)

    def month(self, at_ms: int) -> int:
        day = self._pages.date_of(at_ms)
        return day.year * 12 + day.month - 1

    def between(self, later: int, earlier: int | None) -> str | None:
        if earlier is None or later - earlier < 2:
            return None
        first, last = (self._pages.month(_first_day(month)) for month in (earlier + 1, later - 1))
        return str(self._words["one" if first == last else "more"]).format(first=first, last=last)


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _others(telling: Telling) -> Iterator[tuple[str, str]]:
    """Earlier buddies are told from one another by when it was, for they have no name."""
    for pair, row in telling.stories.items():
        if pair in telling.names:
            yield pair, telling.names[pair]
            continue
        first, last = (telling.pages.month(date.fromisoformat(f"{month}-01")) for month in (min(row.months), max(row.months)))
        yield pair, f"{telling.earlier} ({first if first == last else f'{first} – {last}'})"
