"""What follows for whom from each event. `loading` names the rows, `applying` and `outbox` change them."""

from __future__ import annotations

from services.notifier import hearing
from services.notifier.applying import chosen, is_contact, pairs_of, resumes, waits_again, with_offer
from services.notifier.domain.following import CHECK_IN_LATER_MS, CHECKED_IN_AFTER, next_note_ms
from services.notifier.domain.messages import Template, of_gesture
from services.notifier.store import CHECK_IN, NOT_THERE, NOTE, PAIRS, PEOPLE, REFERRALS, SEND, SERVICE, unsent
from services.notifier.telling import Said, Telling, timer, withhold_about
from shared.events import Event, GestureSent, MessageWithheld, MomentThanked, SignInRequested
from shared.rows import Rows
from shared.service import Entry, Later


class Decisions(Telling):
    """Decides for one partition."""

    def received(self, rows: Rows, entry: Entry) -> Said:
        """Said of a request that has its place in the queue; of one that is refused nothing is."""
        said = self._told(rows, entry, [], entry.event.peer, Template.RECEIVED, entry.event.request)
        person = rows.get(PEOPLE, entry.event.peer)
        if person is not None and not person.pairs:
            _waits(entry, said, entry.event.peer)
        return said

    def set_aside(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        _waits_no_longer(rows, said, entry.event.peer)
        return self._told(rows, entry, said, entry.event.peer, Template.SET_ASIDE, entry.event.request)

    def resumed(self, rows: Rows, entry: Entry) -> Said:
        """Whoever was faster than the message need not hear of it."""
        said: Said = []
        self._not_set_aside(rows, entry, said)
        if resumes(rows.get(PEOPLE, entry.event.peer), entry.event):
            _waits(entry, said, entry.event.peer)
        return said

    def suspended(self, rows: Rows, entry: Entry) -> Said:
        """Once. What was still to be said of looking for somebody stays unsaid."""
        person, said, peer = rows.get(PEOPLE, entry.event.peer), list[Event | Later](), entry.event.peer
        if person is None or person.suspended:
            return said
        _waits_no_longer(rows, said, peer)
        withhold_about(rows, said, peer, peer, "suspended_anew", Template.RESTORED)
        return self._told(rows, entry, said, peer, Template.SUSPENDED, peer)

    def restored(self, rows: Rows, entry: Entry) -> Said:
        """Whoever had not yet heard that it began hears neither."""
        person, said, peer = rows.get(PEOPLE, entry.event.peer), list[Event | Later](), entry.event.peer
        if person is None or not person.suspended:
            return said
        unheard = any(each.template == Template.SUSPENDED for each in unsent(person))
        withhold_about(rows, said, peer, peer, "restored", Template.SUSPENDED)
        return said if unheard else self._told(rows, entry, said, peer, Template.RESTORED, peer)

    def support_withdrawn(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        self._not_set_aside(rows, entry, said)
        _waits_no_longer(rows, said, entry.event.peer)
        return said

    def _not_set_aside(self, rows: Rows, entry: Entry, said: Said) -> None:
        withhold_about(rows, said, entry.event.peer, entry.event.request, entry.event.type.replace(".", "_"),
                       Template.SET_ASIDE)

    def note_due(self, rows: Rows, entry: Entry) -> Said:
        """How it stands, to whoever waits and has heard of nobody (rule 11). One that is still held says no more than this
        one, so it makes room. Whoever looks at a proposal hears nothing now, and again when that has led nowhere."""
        person, said = rows.get(PEOPLE, entry.event.of), list[Event | Later]()
        if person is None or person.waiting_since_ms is None or person.note_due_ms != entry.event.due_ms:
            return said  # of a wait that is over
        if not person.proposals and not person.suspended:
            _waits_no_longer(rows, said, entry.event.of, "said_anew")
            self._told(rows, entry, said, entry.event.of, Template.WAITING, person.request)
        next_ms = next_note_ms(person.waiting_since_ms, entry.at_ms)
        said.append(timer(NOTE, entry.event.of, next_ms))
        return said

    def proposal_made(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        for each in entry.event.peers:
            _waits_no_longer(rows, said, each)
        return self._told_both(rows, entry, said, entry.event.peers, Template.PROPOSAL, entry.event.proposal)

    def proposal_closed(self, rows: Rows, entry: Entry) -> Said:
        """Who said yes hears of it next morning, in the one wording (rule 17); who had not yet heard never does."""
        said: Said = []
        for each in entry.event.peers:
            withhold_about(rows, said, each, entry.event.proposal, "no_longer_open")
        for each in entry.event.said_yes:
            self._told_next_morning(rows, entry, said, each, entry.event.proposal)
        return said

    def pair_formed(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        for each in entry.event.peers:
            withhold_about(rows, said, each, entry.event.proposal, "no_longer_open")
            _waits_no_longer(rows, said, each)
        self._told_both(rows, entry, said, entry.event.peers, Template.INTRODUCTION, entry.event.pair)
        return [*said, *hearing.introduced(rows, entry)]

    def pair_closed(self, rows: Rows, entry: Entry) -> Said:
        """What was still to be said about this pair stays unsaid. The other one hears next morning that it is over, in
        the words that a proposal has too: not how, and not by whom (rule 17)."""
        said: Said = []
        for each in entry.event.peers:
            withhold_about(rows, said, each, entry.event.pair, "pair_ended")
        for each in entry.event.peers if entry.event.by is not None else ():
            if each != entry.event.by:
                self._told_next_morning(rows, entry, said, each, entry.event.pair)
        for each in entry.event.peers:
            if waits_again(rows.get(PEOPLE, each), entry.event.pair):
                _waits(entry, said, each)
        return [*said, *hearing.no_longer(rows, entry, self._zone)]

    def pair_ended(self, rows: Rows, entry: Entry) -> Said:
        """Nothing more of it reaches either from here on; who hears that it is over is said when the matcher closes it."""
        row = rows.get(PAIRS, entry.event.pair)
        said: Said = []
        for each in row.peers if row is not None and entry.event.peer in row.peers else ():
            withhold_about(rows, said, each, entry.event.pair, "pair_ended")
        return said

    def blocked(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        for pair in pairs_of(rows, entry.event):
            for each in (entry.event.peer, entry.event.blocked):
                withhold_about(rows, said, each, pair, "pair_ended")
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
            withhold_about(rows, said, each, entry.event.pair, "taken_back", Template.CONTACT)
        return said

    def gesture_sent(self, rows: Rows, entry: Entry) -> Said:
        event: GestureSent = entry.event
        return self._sent_kindly(rows, entry, (event.giver, event.receiver), of_gesture(event.gesture))

    def moment_thanked(self, rows: Rows, entry: Entry) -> Said:
        event: MomentThanked = entry.event
        return self._sent_kindly(rows, entry, (event.peer, event.to), Template.THANKED)

    def giving_unreturned(self, rows: Rows, entry: Entry) -> Said:
        """A rest is offered, or to ask for something small; privately, and not again soon (rule 7)."""
        return self._nudge(rows, entry, [], entry.event.peer, Template.REST_OR_ASK)

    def receiving_unrecorded(self, rows: Rows, entry: Entry) -> Said:
        return self._nudge(rows, entry, [], entry.event.peer, Template.WOULD_LIKE)

    def moment_recorded(self, rows: Rows, entry: Entry) -> Said:
        """After the first and the third contact both are asked how it is; from then on rarely."""
        row, said = rows.get(PAIRS, entry.event.pair), list[Event | Later]()
        if row is None or not is_contact(entry.event) or row.contacts + 1 not in CHECKED_IN_AFTER:
            return said
        self._check_in(rows, entry, said, entry.event.pair, row.peers, Template.CHECK_IN)
        if row.contacts + 1 == CHECKED_IN_AFTER[-1]:
            said.append(timer(CHECK_IN, entry.event.pair, entry.at_ms + CHECK_IN_LATER_MS))
        return said

    def check_in_due(self, rows: Rows, entry: Entry) -> Said:
        row, said = rows.get(PAIRS, entry.event.of), list[Event | Later]()
        if row is None or row.check_in_ms != entry.event.due_ms:
            return said  # of a pair that is over
        self._check_in(rows, entry, said, entry.event.of, row.peers, Template.CHECK_IN_LATER)
        said.append(timer(CHECK_IN, entry.event.of, entry.at_ms + CHECK_IN_LATER_MS))
        return said

    def _check_in(self, rows: Rows, entry: Entry, said: Said, pair: str, peers: tuple[str, str],
                  template: Template) -> None:
        """Next morning: who has just written something down is not asked about it at once."""
        for each in peers:
            self._nudge(rows, entry, said, each, template, pair, self.morning(rows, each, entry.at_ms))

    def sign_in_requested(self, rows: Rows, entry: Entry) -> Said:
        event: SignInRequested = entry.event
        template = (Template.ADDRESS_TAKEN if event.by_other else Template.KNOWN_ALREADY if event.by_form else Template.SIGN_IN)
        return self._told(rows, entry, [], event.peer, template, None)

    def address_given(self, rows: Rows, entry: Entry) -> Said:
        template = Template.NEW_NUMBER if entry.event.number else Template.NEW_ADDRESS
        return self._told(rows, entry, [], entry.event.peer, template, None)

    def address_changed(self, rows: Rows, entry: Entry) -> Said:
        """To the address before, unless nobody has that one: then there is nobody there to be told."""
        if rows.get(NOT_THERE, entry.event.peer) is None:
            return self._told(rows, entry, [], entry.event.peer, Template.ADDRESS_CHANGED, None)
        return self._not_told(rows, entry, entry.event.peer, Template.ADDRESS_CHANGED, "no_such_address")

    def referral_made(self, rows: Rows, entry: Entry) -> Said:
        said: Said = []
        if rows.get(REFERRALS, entry.event.referral) is None:  # one invitation, whatever comes again
            self._intend(entry, said, entry.event.referral, Template.INVITATION, entry.event.referral,
                         None, entry.at_ms)
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
        return self._sooner(rows, entry, chosen(entry.event))

    def break_started(self, rows: Rows, entry: Entry) -> Said:
        """It may be a shorter one in the place of a longer one."""
        return self._sooner(rows, entry, {"break_until_ms": entry.event.until_ms})

    def break_ended(self, rows: Rows, entry: Entry) -> Said:
        return self._sooner(rows, entry, {"break_until_ms": None})

    def timed(self, rows: Rows, entry: Entry) -> Said:
        if entry.event.service != SERVICE:
            return []
        due = {SEND: self.send_due, NOTE: self.note_due, CHECK_IN: self.check_in_due}.get(entry.event.what)
        return [] if due is None else due(rows, entry)

    def _sent_kindly(self, rows: Rows, entry: Entry, of_and_to: tuple[str, str], template: Template) -> Said:
        """From one of a pair to the other."""
        row, (sender, to) = rows.get(PAIRS, entry.event.pair), of_and_to
        if row is None or set(of_and_to) != set(row.peers):
            return []  # not of this pair, or after its end
        if rows.get(PEOPLE, sender) is None:
            return []  # they left before it came
        return self._told(rows, entry, [], to, template, entry.event.pair)


def _waits(entry: Entry, said: Said, peer: str) -> None:
    """From now on, until somebody is found."""
    said.append(timer(NOTE, peer, next_note_ms(entry.at_ms, entry.at_ms)))


def _waits_no_longer(rows: Rows, said: Said, peer: str, reason: str = "no_longer_waiting") -> None:
    """What was still to be said of the wait stays unsaid."""
    for each in unsent(rows.get(PEOPLE, peer)):
        if each.template == Template.WAITING:
            said.append(MessageWithheld(message=each.message, to=peer, template=each.template, reason=reason))
