"""What follows for whom from each event. `loading` names the rows, `applying` and `outbox` change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.notifier.applying import pairs_of, unsaid, with_offer
from services.notifier.domain.hours import USUAL, hours_of, morning_after
from services.notifier.domain.messages import Template, klass_of, of_gesture
from services.notifier.domain.verdict import SAME_NUDGE_MAX, Hold, Send, Standing, Verdict, Withhold, late, verdict
from services.notifier.outbox import RULED, row_that_is_due
from services.notifier.store import (
    MESSAGES,
    PAIRS,
    PEOPLE,
    REFERRALS,
    MessageRow,
    PersonRow,
    RecipientRow,
    recipient,
    unsent,
)
from shared.clock import derived_id
from shared.events import (
    Event,
    GestureSent,
    MessageAttempted,
    MessageClass,
    MessageDelivered,
    MessageFailed,
    MessageHeld,
    MessageIntended,
    MessageWithheld,
    MomentThanked,
    TimerElapsed,
)
from shared.rows import Rows
from shared.service import Entry, Later

LOOK_AGAIN_MS = 30_000
"""When the log's time and this machine's disagree about quiet hours, a message is looked at this often, never in a loop."""

Said = list[Event | Later]


class Decisions:
    """Decides for one partition. `zone` is the programme's; `mail_domain` ends every Message-ID."""

    def __init__(self, zone: tzinfo, mail_domain: str) -> None:
        self._zone, self._mail_domain = zone, mail_domain

    def standing(self, row: RecipientRow | None, apart_from: str = "") -> Standing:
        """What the rules look at; `apart_from` is the message that is being decided about."""
        if not isinstance(row, PersonRow):
            return Standing(hours_of(USUAL, self._zone))
        kind_open = sum(each.klass is MessageClass.KIND and each.message != apart_from for each in row.unsent)
        return Standing(hours_of(row.quiet, self._zone), row.break_until_ms, row.kind_sent_ms, kind_open, row.stopped)

    def last_look(self, message: str, row: MessageRow, owner: RecipientRow | None, at_ms: int) -> Verdict:
        """Whether it may be sent this very moment."""
        if late(row.klass, row.first_due_ms, at_ms):
            return Withhold("late")
        return verdict(row.klass, self.standing(owner, message), at_ms)

    def received(self, rows: Rows, entry: Entry) -> Said:
        """Said of a request that has its place in the queue; of one that is refused nothing is."""
        return self._told(rows, entry, [], entry.event.peer, Template.RECEIVED, entry.event.request)

    def set_aside(self, rows: Rows, entry: Entry) -> Said:
        return self._told(rows, entry, [], entry.event.peer, Template.SET_ASIDE, entry.event.request)

    def no_longer_set_aside(self, rows: Rows, entry: Entry) -> Said:
        """Whoever was faster than the message need not hear of it."""
        said: Said = []
        _withhold_about(rows, said, entry.event.peer, entry.event.request, entry.event.type.replace(".", "_"),
                        Template.SET_ASIDE)
        return said

    def proposal_made(self, rows: Rows, entry: Entry) -> Said:
        return self._told_both(rows, entry, [], entry.event.peers, Template.PROPOSAL, entry.event.proposal)

    def proposal_closed(self, rows: Rows, entry: Entry) -> Said:
        """Who said yes hears of it next morning, in the one wording (rule 17); who had not yet heard never does."""
        said: Said = []
        for each in entry.event.peers:
            _withhold_about(rows, said, each, entry.event.proposal, "no_longer_open")
        for each in entry.event.said_yes:
            self._told_next_morning(rows, entry, said, each, entry.event.proposal)
        return said

    def pair_formed(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        for each in entry.event.peers:
            _withhold_about(rows, said, each, entry.event.proposal, "no_longer_open")
        return self._told_both(rows, entry, said, entry.event.peers, Template.INTRODUCTION, entry.event.pair)

    def pair_closed(self, rows: Rows, entry: Entry) -> Said:
        """What was still to be said about this pair stays unsaid. The other one hears next morning that it is over, in
        the words that a proposal has too: not how, and not by whom (rule 17)."""
        said: Said = []
        for each in entry.event.peers:
            _withhold_about(rows, said, each, entry.event.pair, "pair_ended")
        for each in entry.event.peers if entry.event.by is not None else ():
            if each != entry.event.by:
                self._told_next_morning(rows, entry, said, each, entry.event.pair)
        return said

    def pair_ended(self, rows: Rows, entry: Entry) -> Said:
        """Nothing more of it reaches either from here on; who hears that it is over is said when the matcher closes it."""
        row = rows.get(PAIRS, entry.event.pair)
        said: Said = []
        for each in row.peers if row is not None and entry.event.peer in row.peers else ():
            _withhold_about(rows, said, each, entry.event.pair, "pair_ended")
        return said

    def blocked(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        for pair in pairs_of(rows, entry.event):
            for each in (entry.event.peer, entry.event.blocked):
                _withhold_about(rows, said, each, pair, "pair_ended")
        return said

    def contact_offered(self, rows: Rows, entry: Entry) -> Said:
        """Nothing until both have offered (rule 13); then both are told, once."""
        row = rows.get(PAIRS, entry.event.pair)
        if row is None or row.told or not with_offer(row, entry.event.peer).told:
            return []
        return self._told_both(rows, entry, [], row.peers, Template.CONTACT, entry.event.pair)

    def contact_taken_back(self, rows: Rows, entry: Entry) -> Said:
        """That both can be seen is not so any more: what is unsaid of it stays so, to either (rule 13)."""
        row = rows.get(PAIRS, entry.event.pair)
        said: Said = []
        for each in row.peers if row is not None and entry.event.peer in row.offered else ():
            _withhold_about(rows, said, each, entry.event.pair, "taken_back", Template.CONTACT)
        return said

    def gesture_sent(self, rows: Rows, entry: Entry) -> Said:
        event: GestureSent = entry.event
        return self._sent_kindly(rows, entry, (event.giver, event.receiver), of_gesture(event.gesture))

    def moment_thanked(self, rows: Rows, entry: Entry) -> Said:
        event: MomentThanked = entry.event
        return self._sent_kindly(rows, entry, (event.peer, event.to), Template.THANKED)

    def giving_unreturned(self, rows: Rows, entry: Entry) -> Said:
        """A rest is offered, or to ask for something small; privately, and not again soon (rule 7)."""
        return self._nudge(rows, entry, Template.REST_OR_ASK)

    def receiving_unrecorded(self, rows: Rows, entry: Entry) -> Said:
        return self._nudge(rows, entry, Template.WOULD_LIKE)

    def sign_in_requested(self, rows: Rows, entry: Entry) -> Said:
        template = Template.KNOWN_ALREADY if entry.event.by_form else Template.SIGN_IN
        return self._told(rows, entry, [], entry.event.peer, template, None)

    def referral_made(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        if rows.get(REFERRALS, entry.event.referral) is None:  # one invitation, whatever comes again
            self._intend(entry, said, entry.event.referral, Template.INVITATION, entry.event.referral,
                         self.standing(None), entry.at_ms)
        return said

    def referral_ended(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        for each in unsent(rows.get(REFERRALS, entry.event.referral)):
            said.append(MessageWithheld(message=each.message, to=entry.event.referral, template=each.template,
                                        reason=entry.event.type.replace(".", "_")))
        return said

    def left(self, rows: Rows, entry: Entry) -> Said:
        return [MessageWithheld(message=each.message, to=entry.event.peer, template=each.template, reason="left")
                for each in unsent(rows.get(PEOPLE, entry.event.peer))]

    def preferences_changed(self, rows: Rows, entry: Entry) -> Said:
        return self._sooner(rows, entry, {"quiet": entry.event.quiet, "stopped": entry.event.stopped})

    def break_started(self, rows: Rows, entry: Entry) -> Said:
        """It may be a shorter one in the place of a longer one."""
        return self._sooner(rows, entry, {"break_until_ms": entry.event.until_ms})

    def break_ended(self, rows: Rows, entry: Entry) -> Said:
        return self._sooner(rows, entry, {"break_until_ms": None})

    def timed(self, rows: Rows, entry: Entry) -> Said:
        """The time of a held message has come; whether it may go is asked anew."""
        row = row_that_is_due(rows, entry.event, entry.at_ms)
        said: Said = []
        if row is not None:
            _settle(said, entry.event.of, row, self._asked(rows, entry.event.of, row, entry.at_ms))
        return said

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
        if event.reason == "break":
            return False  # whether there is one, and until when, the log knows better
        if event.reason == "quiet_hours":
            table, to = recipient(row.template, row.to)
            hours = self.standing(rows.get(table, to)).hours
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
            at_ms = max(entry.at_ms, row.wait_until_ms, self._morning(row, person))
            what = verdict(row.klass, self.standing(person, each.message), at_ms)
            until_ms = what.until_ms if isinstance(what, Hold) else at_ms
            if until_ms < row.due_ms and not isinstance(what, Withhold):  # asked anew at its time: wishes change
                _hold(said, each.message, row, until_ms)
        return said

    def _morning(self, row: MessageRow, person: PersonRow) -> int:
        if row.template != Template.NOT_GOING_AHEAD:
            return 0
        return morning_after(row.intended_ms, hours_of(person.quiet, self._zone), self._zone)

    def _asked(self, rows: Rows, message: str, row: MessageRow, at_ms: int) -> Verdict:
        table, to = recipient(row.template, row.to)
        return verdict(row.klass, self.standing(rows.get(table, to), message), at_ms)

    def _sent_kindly(self, rows: Rows, entry: Entry, of_and_to: tuple[str, str], template: Template) -> Said:
        """From one of a pair to the other."""
        row, (sender, to) = rows.get(PAIRS, entry.event.pair), of_and_to
        if row is None or set(of_and_to) != set(row.peers):
            return []  # not of this pair, or after its end
        if rows.get(PEOPLE, sender) is None:
            return []  # they left before it came
        return self._told(rows, entry, [], to, template, entry.event.pair)

    def _told_both(self, rows: Rows, entry: Entry, said: Said, both: Sequence[str], template: Template,
                   about: str) -> Said:
        """Neither is told of somebody who has left: a matcher that has not read of it yet takes it back in a moment."""
        if all(rows.get(PEOPLE, each) is not None for each in both):
            for each in both:
                self._told(rows, entry, said, each, template, about)
        return said

    def _nudge(self, rows: Rows, entry: Entry, template: Template) -> Said:
        """The same one twice in a row at most: whoever heard it twice and goes on as before has chosen (rule 9). It then
        stands on no page either, so it is not due at any time."""
        peer = entry.event.peer
        person = rows.get(PEOPLE, peer)
        if person is not None and person.nudges_in_a_row(template) >= SAME_NUDGE_MAX:
            return [MessageWithheld(message=_id_at(entry, 0), to=peer, template=template, reason="said_twice")]
        return self._told(rows, entry, [], peer, template, None)

    def _told_next_morning(self, rows: Rows, entry: Entry, said: Said, to: str, about: str) -> None:
        person = rows.get(PEOPLE, to)
        if person is not None:
            at_ms = morning_after(entry.at_ms, hours_of(person.quiet, self._zone), self._zone)
            self._told(rows, entry, said, to, Template.NOT_GOING_AHEAD, about, at_ms)

    def _told(self, rows: Rows, entry: Entry, said: Said, to: str, template: Template, about: str | None,
              at_ms: int | None = None) -> Said:
        """Adds what the decision is to `said`. Whoever left is told nothing."""
        person = rows.get(PEOPLE, to)
        if person is not None:
            self._intend(entry, said, to, template, about, self.standing(person), at_ms or entry.at_ms)
        return said

    def _intend(self, entry: Entry, said: Said, to: str, template: Template, about: str | None, standing: Standing,
                at_ms: int) -> None:
        id = _id_at(entry, len(said))
        what = verdict(klass_of(template), standing, at_ms)
        if isinstance(what, Withhold):
            said.append(MessageWithheld(message=id, to=to, template=template, reason=what.reason, due_ms=at_ms))
            return
        due_ms = what.until_ms if isinstance(what, Hold) else at_ms
        said.append(MessageIntended(message=id, to=to, template=template, klass=klass_of(template), about=about,
                                    message_id=f"<{id}@{self._mail_domain}>", not_before_ms=due_ms,
                                    traceparent=entry.trace or None))
        if due_ms > entry.at_ms:
            said.append(_timer(id, due_ms))


def _id_at(entry: Entry, place: int) -> str:
    """The id that the reader gives the event at this place: so an attempt's cause is its intent."""
    return derived_id(entry.id, f"notifier:{place}")


def _withhold_about(rows: Rows, said: Said, to: str, about: str, reason: str, template: Template | None = None) -> None:
    for each in unsaid(rows, to, about, template):
        said.append(MessageWithheld(message=each.message, to=to, template=each.template, reason=reason))


def _settle(said: Said, message: str, row: MessageRow, what: Verdict) -> None:
    if isinstance(what, Hold):
        _hold(said, message, row, what.until_ms)
    elif isinstance(what, Withhold):
        said.append(MessageWithheld(message=message, to=row.to, template=row.template, reason=what.reason))


def _hold(said: Said, message: str, row: MessageRow, until_ms: int) -> None:
    said.append(MessageHeld(message=message, to=row.to, template=row.template, until_ms=until_ms))
    said.append(_timer(message, until_ms))


def _timer(message: str, due_ms: int) -> Later:
    return Later(TimerElapsed(service="notifier", what="send", of=message, due_ms=due_ms), due_ms)
