"""Brings what is to be said through the one decision, and a message from its intent to its end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import tzinfo

from services.notifier.applying import unsaid
from services.notifier.domain.hours import USUAL, Hours, hours_of, is_monday, monday_after, morning_after
from services.notifier.domain.messages import ELSEWHERE, GENTLE, NEXT_MORNING, Template, klass_of
from services.notifier.domain.verdict import SAME_NUDGE_MAX, Hold, Send, Standing, Verdict, Withhold, late, verdict
from services.notifier.message_ids import message_id
from services.notifier.outbox import RULED, row_that_is_due
from services.notifier.store import (
    MESSAGES,
    PEOPLE,
    READY,
    SEND,
    SERVICE,
    MessageRow,
    PersonRow,
    RecipientRow,
    Unsent,
    recipient,
    unsent,
)
from shared.clock import derived_id
from shared.events import (
    Event,
    Frequency,
    MessageAttempted,
    MessageClass,
    MessageDelivered,
    MessageFailed,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    TimerElapsed,
)
from shared.rows import Rows
from shared.sealing import Vault
from shared.service import Entry, Later

LOOK_AGAIN_MS = 30_000
"""When the log's time and this machine's disagree about quiet hours, a message is looked at this often, never in a loop."""

Said = list[Event | Later]


class Telling:
    """`zone` is the programme's; `mail_domain` ends every Message-ID. Without a `vault` none can be told from one that somebody
    made up, so no bounce counts: for what never sends."""

    def __init__(self, zone: tzinfo, mail_domain: str, vault: Vault | None = None) -> None:
        self._zone, self._mail_domain, self._vault = zone, mail_domain, vault

    def standing(self, row: RecipientRow | None, klass: MessageClass, now_ms: int, of: str = "",
                 beside: Collection[str] = ()) -> Standing:
        """What the rules look at for a message of this class: `of`, or a new one. `beside` is what it is put together with.

        Of others on their way those come first that may go earlier; a kind word does not mind other kind words that wait,
        for they will be put together.
        """
        if not isinstance(row, PersonRow):
            return Standing(self._hours(row), zone=self._zone)
        own = next((each for each in row.unsent if each.message == of), None)
        due_ms = tuple(each.due_ms for each in row.unsent if each.klass in GENTLE
                       and each is not own and each.message not in beside
                       and (own is None or each.due_ms <= own.due_ms)
                       and not (klass is each.klass is MessageClass.KIND and each.due_ms > now_ms))
        return Standing(self._hours(row), row.break_until_ms, row.kind_sent_ms, due_ms, row.stopped,
                        row.without, row.frequency, self._zone)

    def last_look(self, message: str, row: MessageRow, owner: RecipientRow | None, at_ms: int) -> Verdict:
        """Whether it may be sent this very moment."""
        if late(row.klass, row.first_due_ms, at_ms):
            return Withhold("late")
        return verdict(row.klass, self.standing(owner, row.klass, at_ms, message), at_ms, _since(row))

    def morning(self, rows: Rows, peer: str, at_ms: int) -> int:
        """The next one after `at_ms`, as this person's day begins."""
        return morning_after(at_ms, self._hours(rows.get(PEOPLE, peer)), self._zone)

    def _hours(self, row: RecipientRow | None) -> Hours | None:
        return hours_of(row.quiet if isinstance(row, PersonRow) else USUAL, self._zone)

    def send_due(self, rows: Rows, entry: Entry) -> Said:
        """The time of a held message has come; whether it may go is asked anew, and kind words that wait go with it."""
        row = row_that_is_due(rows, entry.event, entry.at_ms)
        said: Said = []
        if row is None:
            return said
        beside = _waiting_beside(rows, entry.event.of, row)
        what = self._asked(rows, entry.event.of, row, entry.at_ms, [each.message for each in beside])
        if isinstance(what, Send) and beside:
            self._put_together(rows, entry, said, row.to, beside)
        else:
            _settle(said, entry.event.of, row, what)
        return said

    def _put_together(self, rows: Rows, entry: Entry, said: Said, to: str, beside: Sequence[Unsent]) -> None:
        """One message in the place of all: it says of how many people they come, and the page has the words."""
        own = next(each for each in unsent(rows.get(PEOPLE, to)) if each.message == entry.event.of)
        together = (own, *beside)
        for each in together:
            said.append(MessageWithheld(message=each.message, to=to, template=each.template, reason="put_together"))
        pairs = tuple(dict.fromkeys(pair for each in together for pair in each.tells_of))
        self._say(entry, said, to, Template.DIGEST, None, entry.at_ms, pairs)

    def attempted(self, rows: Rows, entry: Entry) -> Said:
        event: MessageAttempted = entry.event
        row = rows.get(MESSAGES, event.message)
        if row is None:
            return []  # it was withheld while the worker was at it
        about = {"message": event.message, "to": row.to, "template": row.template}
        match event.outcome:
            case "delivered":
                return [MessageDelivered(**about)]
            case "failed":
                return [MessageFailed(**about, reason=event.reason or "unknown")]
            case "withhold":
                return [MessageWithheld(**about, reason=event.reason or "unknown")]
            case "hold":
                return self._held_by_worker(rows, entry, row)

    def bounced(self, rows: Rows, entry: Entry) -> Said:
        """One that was still to be tried again, for nobody could tell that it had arrived, has ended: it came back."""
        row = rows.get(MESSAGES, entry.event.message)
        if row is None:
            return []
        return [MessageFailed(message=entry.event.message, to=row.to, template=row.template, reason="bounced")]

    def _held_by_worker(self, rows: Rows, entry: Entry, row: MessageRow) -> Said:
        event: MessageAttempted = entry.event
        at_ms = entry.at_ms + (LOOK_AGAIN_MS if event.reason in RULED else 0)
        if self._still_holds(rows, row, event):
            at_ms = max(at_ms, event.not_before_ms or 0)
        what = self._asked(rows, event.message, row, at_ms)
        said: Said = []
        _settle(said, event.message, row, what if not isinstance(what, Send) else Hold(at_ms, "quiet_hours"))
        return said

    def _still_holds(self, rows: Rows, row: MessageRow, event: MessageAttempted) -> bool:
        """Whether a worker's reason to wait is one by now: since it looked, a break may have ended, or hours been given up."""
        if event.reason in ("break", "frequency"):
            return False  # whether that is so, and until when, the log knows better
        if event.reason == "quiet_hours":
            table, to = recipient(row.template, row.to)
            hours = self._hours(rows.get(table, to))
            return hours is not None and hours.quiet_at((event.not_before_ms or 0) - 1)
        return True

    def _sooner(self, rows: Rows, entry: Entry, changes: dict[str, object]) -> Said:
        """What was held for quiet hours or a break that are no more may go earlier; what waits for a morning still waits."""
        person = rows.get(PEOPLE, entry.event.peer)
        said: Said = []
        if person is None:
            return said
        person = person.model_copy(update=changes)
        for each in person.unsent:
            row = rows.get(MESSAGES, each.message)
            if row is None or row.due_ms <= entry.at_ms:
                continue
            at_ms = max(entry.at_ms, row.wait_until_ms, self._morning(row, person), self._monday(row, person, entry.at_ms))
            what = verdict(row.klass, self.standing(person, row.klass, entry.at_ms, each.message), at_ms, _since(row))
            until_ms = what.until_ms if isinstance(what, Hold) else at_ms
            if until_ms < row.due_ms and not isinstance(what, Withhold):  # asked anew at its time: wishes change
                _hold(said, each.message, row, until_ms)
        return said

    def _morning(self, row: MessageRow, person: PersonRow) -> int:
        if row.template not in NEXT_MORNING:
            return 0
        return morning_after(row.intended_ms, self._hours(person), self._zone)

    def _monday(self, row: MessageRow, person: PersonRow, now_ms: int) -> int:
        """From when whoever hears once a week may hear of what waits; 0 for others."""
        hours = self._hours(person)
        if row.klass not in GENTLE or person.frequency is not Frequency.WEEKLY or is_monday(now_ms, hours, self._zone):
            return 0
        return monday_after(now_ms, hours, self._zone)

    def _asked(self, rows: Rows, message: str, row: MessageRow, at_ms: int, beside: Collection[str] = ()) -> Verdict:
        table, to = recipient(row.template, row.to)
        return verdict(row.klass, self.standing(rows.get(table, to), row.klass, at_ms, message, beside), at_ms, _since(row))

    def _told_both(self, rows: Rows, entry: Entry, said: Said, both: Sequence[str], template: Template,
                   about: str) -> Said:
        """Neither is told of somebody who has left: a matcher that has not read of it yet takes it back in a moment."""
        if all(rows.get(PEOPLE, each) is not None for each in both):
            for each in both:
                self._told(rows, entry, said, each, template, about)
        return said

    def _nudge(self, rows: Rows, entry: Entry, said: Said, peer: str, template: Template, about: str | None = None,
               at_ms: int | None = None) -> Said:
        """The same one twice in a row at most: whoever heard it twice and goes on as before has chosen (rule 9). It then
        stands on no page either, so it is not due at any time."""
        person = rows.get(PEOPLE, peer)
        if person is not None and person.nudges_in_a_row(template, about) >= SAME_NUDGE_MAX:
            said.append(MessageWithheld(message=_id_at(entry, len(said)), to=peer, template=template, reason="said_twice"))
            return said
        return self._told(rows, entry, said, peer, template, about, at_ms)

    def _told_next_morning(self, rows: Rows, entry: Entry, said: Said, to: str, about: str) -> None:
        self._told(rows, entry, said, to, Template.NOT_GOING_AHEAD, about, self.morning(rows, to, entry.at_ms))

    def _told(self, rows: Rows, entry: Entry, said: Said, to: str, template: Template, about: str | None,
              at_ms: int | None = None) -> Said:
        """Adds what the decision is to `said`. Whoever left is told nothing."""
        person = rows.get(PEOPLE, to)
        if person is not None:
            self._intend(entry, said, to, template, about, person, at_ms or entry.at_ms)
        return said

    def _not_told(self, rows: Rows, entry: Entry, to: str, template: Template, reason: str) -> Said:
        """It stands on the page alone."""
        if rows.get(PEOPLE, to) is None:
            return []
        return [MessageWithheld(message=_id_at(entry, 0), to=to, template=template, reason=reason, due_ms=entry.at_ms)]

    def _intend(self, entry: Entry, said: Said, to: str, template: Template, about: str | None, owner: RecipientRow | None,
                at_ms: int) -> None:
        klass = klass_of(template)
        what = verdict(klass, self.standing(owner, klass, entry.at_ms), at_ms, entry.at_ms)
        if isinstance(what, Withhold):
            said.append(MessageWithheld(message=_id_at(entry, len(said)), to=to, template=template, reason=what.reason,
                                        due_ms=at_ms, about=about))
        else:
            self._say(entry, said, to, template, about, what.until_ms if isinstance(what, Hold) else at_ms)

    def _say(self, entry: Entry, said: Said, to: str, template: Template, about: str | None, due_ms: int,
             parts: tuple[str, ...] = ()) -> None:
        id = _id_at(entry, len(said))
        said.append(MessageIntended(message=id, to=to, template=template, klass=klass_of(template), about=about,
                                    message_id=self._message_id(id, to, template, entry.at_ms), not_before_ms=due_ms,
                                    parts=parts, traceparent=entry.trace or None))
        if due_ms > entry.at_ms:
            said.append(timer(SEND, id, due_ms))

    def _message_id(self, message: str, to: str, template: Template, at_ms: int) -> str:
        """What goes elsewhere proves nothing: should it come back, that says nothing of the recipient's own address."""
        if self._vault is None or template in ELSEWHERE:
            return f"<{message}@{self._mail_domain}>"
        return message_id(self._vault, self._mail_domain, message, to, at_ms)


def _id_at(entry: Entry, place: int) -> str:
    """The id that the reader gives the event at this place: so an attempt's cause is its intent."""
    return derived_id(entry.id, f"notifier:{place}")


def _since(row: MessageRow) -> int:
    """When what it tells came up; a digest's words have waited as long as their reader likes."""
    return 0 if row.template == Template.DIGEST else row.intended_ms


def _waiting_beside(rows: Rows, message: str, row: MessageRow) -> list[Unsent]:
    """The other kind words that wait for the same person; what a worker may be at is not waiting."""
    if row.klass is not MessageClass.KIND:
        return []
    return [each for each in unsent(rows.get(PEOPLE, row.to)) if each.klass is MessageClass.KIND
            and each.message != message and rows.get(READY, each.message) is None]


def withhold_about(rows: Rows, said: Said, to: str, about: str, reason: str, template: Template | None = None) -> None:
    for each in unsaid(rows, to, about, template):
        said.append(MessageWithheld(message=each.message, to=to, template=each.template, reason=reason))


def _settle(said: Said, message: str, row: MessageRow, what: Verdict) -> None:
    if isinstance(what, Hold):
        _hold(said, message, row, what.until_ms)
    elif isinstance(what, Withhold):
        said.append(MessageWithheld(message=message, to=row.to, template=row.template, reason=what.reason))


def _hold(said: Said, message: str, row: MessageRow, until_ms: int) -> None:
    said.append(MessageHeld(message=message, to=row.to, template=row.template, until_ms=until_ms))
    said.append(timer(SEND, message, until_ms))


def timer(what: str, of: str, due_ms: int) -> Later:
    return Later(TimerElapsed(service=SERVICE, what=what, of=of, due_ms=due_ms), due_ms)
