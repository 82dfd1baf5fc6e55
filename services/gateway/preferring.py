"""What somebody chose about messages: between their row, the form that shows it, and an event that says everything anew."""

from __future__ import annotations

from services.gateway.fields import Choices
from services.gateway.forms import ChooseMessages
from services.gateway.handlers.peers import PREFERENCES
from services.gateway.posted import Posted
from services.gateway.store import KINDS, PeerRow
from services.gateway.web import Web
from shared.events import Frequency, PreferencesChanged, QuietHours
from shared.programme import Programme

USUAL = QuietHours()
SEEN = ","


def chosen(peer: str, row: PeerRow) -> PreferencesChanged:
    """What holds now, for whoever changes one thing of it."""
    return PreferencesChanged(peer=peer, **{each: getattr(row, each) for each in PREFERENCES})


def changed(peer: str, row: PeerRow, form: ChooseMessages, programme: Programme) -> PreferencesChanged:
    """What holds from now on. What was not asked stays as it was; so does all else for whoever wants no messages."""
    zone = None if form.zone == programme.time_zone else form.zone
    quiet = None if form.hours == "any" else QuietHours(
        start=form.quiet_from or USUAL.start, end=form.quiet_until or USUAL.end, zone=zone)
    return PreferencesChanged(
        peer=peer, quiet=quiet, stopped=form.write == "no", frequency=Frequency(form.frequency),
        without=tuple(each for each in KINDS if each not in form.kinds), language=form.language or row.language,
        leave_messages=bool(form.leave), by_text=form.by_text, zone=zone if quiet is None else None)


def since_opened(said: PreferencesChanged, row: PeerRow, seen: str) -> PreferencesChanged:
    """With what was stopped by a link since the form was opened: only what somebody changed in the form counts against it.
    `seen` is what `seen_of` was then; a form without it says everything."""
    if not seen:
        return said
    before, after, now = set(seen.split(SEEN)) & {*KINDS}, set(said.without), set(row.without)
    without = now - (before - after) | (after - before)
    return said.model_copy(update={"without": tuple(each for each in KINDS if each in without)})


def seen_of(row: PeerRow) -> str:
    """Which kinds of message the form shows as stopped, for it to bear along."""
    return SEEN + SEEN.join(row.without)


def shown(row: PeerRow, programme: Programme) -> Posted:
    """The form as it stands for them."""
    own = own_hours(row)
    return Posted({
        "write": ("no" if row.stopped else "yes",), "kinds": tuple(each for each in KINDS if each not in row.without),
        "frequency": (row.frequency,), "hours": ("any" if row.quiet is None else "usual" if own is None else "own",),
        "quiet_from": own[:1] if own else (), "quiet_until": own[1:] if own else (),
        "zone": (zone(row, programme),), "language": (row.language or next(iter(programme.message_languages), ""),),
        "leave": ("yes",) if row.leave_messages else (), "by_text": row.by_text})


def offered(web: Web, row: PeerRow) -> Choices:
    """What can be chosen, and what they have though it is not offered."""
    programme = web.host.programme
    zones = {programme.time_zone, zone(row, programme), *web.catalogue.zone_names}
    return web.choices.with_preferences(zones, own_hours(row))


def own_hours(row: PeerRow) -> tuple[str, str] | None:
    """Quiet hours other than the usual ones."""
    if row.quiet is None or (row.quiet.start, row.quiet.end) == (USUAL.start, USUAL.end):
        return None
    return row.quiet.start, row.quiet.end


def zone(row: PeerRow, programme: Programme) -> str:
    return (row.zone if row.quiet is None else row.quiet.zone) or programme.time_zone
