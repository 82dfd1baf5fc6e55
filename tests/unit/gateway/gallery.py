"""Every page there is, filled with plausible content: what the page tests walk through."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.gateway import catalogue, in_words, preferring
from services.gateway.fields import Choices
from services.gateway.forms import Ask, ChooseMessages, Moment
from services.gateway.posted import Posted
from services.gateway.problems import Problems, check
from services.gateway.rendering import Pages
from services.gateway.steps import STEPS, Step
from services.gateway.store import PeerRow
from services.gateway.views import (
    AgreementView,
    Answered,
    BeforeView,
    GestureView,
    ItemView,
    MailView,
    Me,
    MomentView,
    MonthView,
    PairView,
    ProposalView,
    RefusalView,
    RequestView,
    Resting,
    StoryView,
    TrainingView,
)
from shared import programme
from shared.events import Details, Sealed
from shared.links import STOPPABLE
from tests.unit.gateway import desk_gallery

CATALOGUE = catalogue.load()
PROGRAMME = programme.load()
CHOICES = Choices.of(PROGRAMME, CATALOGUE.aliases)
GENDER = PROGRAMME.facts["gender"].model_copy(update={"limit": "Which genders would you be comfortable with?"})
CHOOSY = PROGRAMME.model_copy(update={"facts": {**PROGRAMME.facts, "gender": GENDER}})
"""A programme that asks everything a programme can ask, about people and about whom they would like to meet."""

CHOOSY_CHOICES = Choices.of(CHOOSY, CATALOGUE.aliases)
NAMES = {name: name for name in CATALOGUE.aliases.offer(7)}
COMMUNITIES = {one.key: one.name for one in PROGRAMME.communities}
AT_MS = 1_795_000_000_000
PAIR = PairView("pair1", "Calm Heron", my_contact="07700 900123", their_contact="heron@example.org")
MAIL = MailView("kim@example.org", "News for you", "See http://localhost/me <b>", "now")
ANSWERS = in_words.of_request(
    Details(seeks=("sleep",), offers=("listening",), age_band="25_34", meets_ages=("25_34", "35_44"), facts={"gender": "woman"},
            chosen_limits={"gender": ("woman", "another")}, prefers={"talking": ("quiet",)}, newcomer=True),
    1, CATALOGUE, CHOOSY)
REQUEST = RequestView("BCDF-GHJK", AT_MS, 1, ("Sleep",), ("Someone to listen",), ANSWERS)
GAVE = MomentView("m1", "You listened to Calm Heron", AT_MS, True, "listened", "Calm Heron", "you wrote this down",
                  "in a call", 1, acts=frozenset({"back"}), mine=True)
RECEIVED = MomentView("m2", "Calm Heron kept you company", AT_MS, False, "sat_together", "Calm Heron",
                      "Calm Heron wrote this down", notes=("You said thank you for this.",),
                      acts=frozenset({"thank", "differently"}))
TOLD = MomentView("m3", "You kept Calm Heron company", AT_MS, True, "sat_together", "Calm Heron", "as City clinic told us",
                  notes=("Taken back: it was not so.",), acts=frozenset({"again"}), taken_back=True, mine=True)
ASKED = MomentView("m4", "An earlier buddy listened to you", AT_MS, False, "listened", "an earlier buddy",
                   "you wrote this down", minutes=40, mine=True, acts=frozenset({"back", "keep", "same", "apart"}),
                   reason="agreed", same_as=RECEIVED)
STORY = StoryView((MonthView("November 2026", (GAVE, RECEIVED, TOLD), "July 2026 to October 2026: nothing is recorded."),
                   MonthView("June 2026", (ASKED,))), gap="December 2026: nothing is recorded.", older="2026-05.0",
                  others=(("pair1", "Calm Heron"), ("pair4", "an earlier buddy (June 2026)")))
ME = Me(
    alias="Gentle River", first_name="Zoë", silent=False, given=3, received=5, resting=None,
    request=REQUEST,
    proposals=(ProposalView("p1", ("They could offer support with something you are looking for: Sleep",), False),
               ProposalView("p2", (), True)),
    pairs=(PAIR, PairView("pair2", "Misty Oak"), PairView("pair3", "Quiet Oak", my_contact="07700 900123")),
    inbox=(GestureView("cup_of_tea", "Calm Heron", AT_MS), GestureView(None, "Calm Heron", AT_MS, "m2")),
    before=(BeforeView("pair4", AT_MS),), notices=(AT_MS,), closing=("thank_you",),
    nudges=("rest_or_ask", "would_like"), unreached_ms=AT_MS,
    lately=(GAVE, RECEIVED, TOLD), asks=(ASKED,), pulse=True,
    refusals=(RefusalView("m9", "What you sent on 18 November 2026 (listening) changed nothing.", "Its day is to come."),
              RefusalView("m8", "What you said of a moment of 17 November 2026 (listening) changed nothing.", "It stands.",
                          known=True)),
    trainings=(TrainingView("Listening <b>skills</b>", date(2026, 11, 20), "city-clinic"),),
    agreements=(AgreementView("city-clinic", "checkins", AT_MS), AgreementView("city-clinic", "training", AT_MS, AT_MS)))


def pages(*, try_out: bool = True) -> Pages:
    return Pages(CHOOSY, CATALOGUE, try_out=try_out)


def gallery(pages: Pages) -> dict[str, bytes]:
    """Name → HTML."""
    def question(step: Step, **more: Any) -> tuple[str, dict[str, Any]]:
        return "ask/step", {"step": step, "alone": len(step.fields) == 1, "back": "/ask", "names": NAMES, "names_seed": 7,
                            "communities": COMMUNITIES, "sought": PROGRAMME.topics, **more}

    empty = check(Ask, Posted(), CHOICES, CATALOGUE.errors)
    incomplete = check(Moment, Posted({"minutes": ("x",)}), CHOICES, CATALOGUE.errors)
    full = Posted({"seeks": ("sleep",), "showable": ("sleep",), "times": ("mon_morning",), "area": ("<b>Hill</b>",)})
    wishes = Posted({"newcomers": ("newcomer",), "age_band": ("25_34",), "facts-gender": ("woman",), "meets_ages": ("25_34",),
                     "chosen_limits-gender": ("woman", "another"), "prefers-talking": ("quiet",)})
    astray = check(Ask, Posted({**wishes.fields, "age_band": ("9",), "facts-gender": ("woman", "man"), "meets_ages": ("9",),
                                "chosen_limits-gender": ("9",), "prefers-talking": ("9",)}), CHOOSY_CHOICES, CATALOGUE.errors)
    undated = check(Moment, Posted({"when": ("another",), "happened-day": ("31",), "happened-month": ("x",),
                                    "happened-year": ("26",)}), CHOICES, CATALOGUE.errors)
    moment = {"alias": PAIR.alias, "action": "/x", "moment_kinds": CATALOGUE.words["kinds"],
              "directions": CATALOGUE.words["directions"]}
    messages = {"hours": CHOICES.hours, "zones": CATALOGUE.zones_from("Europe/London", "America/Lima"),
                "languages": {key: PROGRAMME.languages[key] for key in ("en", "cy", "ar")}}
    unsaid = Posted({"kinds": ("x",), "hours": ("own",), "quiet_from": ("22:00",), "quiet_until": ("22:00",),
                     "language": ("x",)})
    shown: dict[str, tuple[str, dict[str, Any]]] = {
        "start": ("start", {}),
        "urgent help": ("urgent_help", {}),
        "ask": ("ask", {"invited": True, "start": "/ask/adult"}),
        "ask, begun": ("ask", {"begun": True, "start": "/ask/ways"}),
        **{f"ask {step.key}": question(step) for step in STEPS},
        **{f"ask {step.key}, filled in": question(step, begun=True, changing=True,
                                                  posted=Posted({**full.fields, **wishes.fields})) for step in STEPS},
        **{f"ask {step.key}, with problems": question(step, posted=Posted({**full.fields, **wishes.fields}),
                                                      problems=step.problems(Problems({**empty.messages, **astray.messages})))
           for step in STEPS if step.problems(Problems({**empty.messages, **astray.messages}))},
        "ask consent, danger": question(STEPS[-1], danger=True),
        "check": ("check", {"answers": [Answered("seeks", "Support you would like", ("Sleep", "<i>")),
                                        Answered("area", "Where you could meet", ())]}),
        "check, choosy": ("check", {"choosy": True, "answers": ANSWERS, "danger": True}),
        "sent": ("sent", {"reference": "BCDF-GHJK"}),
        "sent, signed in": ("sent", {"reference": "BCDF-GHJK", "certain": True, "signed_in": True}),
        "sign in": ("sign_in", {}),
        "code": ("code", {}),
        "telephone, code": ("me/phone_code", {}),
        "telephone, code spent, with problems": ("me/phone_code", {
            "spent": True, "problems": Problems({"code": CATALOGUE.errors["code"]["code"]["spent"]})}),
        "code spent, with problems": ("code", {
            "spent": True, "problems": Problems({"code": CATALOGUE.errors["code"]["code"]["spent"]})}),
        "ask, away": question(STEPS[2], notice=CATALOGUE.words["saved"]["away"]),
        "link": ("link", {"action": "/sign-in/x"}),
        "link spent": ("link_spent", {}),
        **{f"stop {what}": ("stop", {"what": what, "action": "/stop/x"}) for what in STOPPABLE},
        "invitation": ("invitation", {"action": "/invitation/x"}),
        "invitation, with agreements": ("invitation", {
            "action": "/invitation/x", "partner": "city-clinic", "scopes": ("checkins", "training")}),
        "mailbox": ("mailbox", {"to": "", "mails": [MAIL]}),
        "empty mailbox": ("mailbox", {"to": "<x>", "mails": []}),
        "away": ("kept", {"said": pages.said("away_kept"), "action": "/me/concern",
                          "sent": Posted({"text": ("<script>", "two")})}),
        "too many": ("kept", {"said": pages.said("too_many", when="a minute"), "action": "/ask", "sent": Posted()}),
        "me": ("me", {"me": ME, "notice": "Saved.", "signed_in": True, "form_id": "f" * 32}),
        "me, suspended": ("me", {"me": replace(ME, suspended_ms=AT_MS), "signed_in": True}),
        "me, after not now": ("me", {"me": Me("Calm Heron", "", False, 0, 0, request=ME.request, rest_until_ms=AT_MS)}),
        "me, new": ("me", {"me": Me("Calm Heron", "", True, 0, 0, resting=Resting(AT_MS)), "signed_in": True}),
        "me, set aside": ("me", {"me": replace(ME, request=replace(REQUEST, aside=True)), "signed_in": True}),
        "rather not": ("me/proposal", {"proposal": "p2", "answers": CATALOGUE.words["answers"]}),
        "break": ("me/break", {}),
        "inbox": ("me/inbox", {"items": (ItemView("“Thinking of you” from Calm Heron", AT_MS),
                                         ItemView(CATALOGUE.words["inbox"]["told"]["proposal"], AT_MS, failed=True))}),
        "inbox, empty": ("me/inbox", {"items": (), "silent": True}),
        "messages": ("me/messages", {**messages, "posted": preferring.shown(PeerRow(community="riverside", profile=Sealed("")),
                                                                            PROGRAMME)}),
        "messages, with problems": ("me/messages", {**messages, "posted": unsaid, "problems": check(
            ChooseMessages, unsaid, CHOICES, CATALOGUE.errors)}),
        "address": ("me/address", {"email": "a-rather-long-name-of-somebody@a-rather-long-name.example.org"}),
        "address, with problems": ("me/address", {"email": "kim@example.org", "problems": Problems({
            "email": CATALOGUE.errors["new_address"]["email"]["same"]})}),
        "address code": ("me/address_code", {}),
        "address code spent, with problems": ("me/address_code", {
            "spent": True, "problems": Problems({"code": CATALOGUE.errors["code"]["code"]["spent"]})}),
        "address link": ("me/address_link", {"action": "/me/address/x"}),
        "withdraw": ("me/withdraw", {}),
        "change": ("me/change", {"posted": wishes, "again": True, "form_id": "f" * 32}),
        "change, with problems": ("me/change", {"posted": wishes, "again": True, "problems": Problems(
            {field: CATALOGUE.errors["ask"][field]["missing"] for field in ("seeks", "area")})}),
        "name": ("me/name", {"alias": "Calm Heron", "posted": Posted({"first_name": ("Zoë",)})}),
        "name, with problems": ("me/name", {
            "alias": "Calm Heron", "posted": Posted({"first_name": ("0770",)}),
            "problems": Problems({"first_name": CATALOGUE.errors["name"]["first_name"]["unknown"]})}),
        "leave": ("me/leave", {}),
        "download": ("me/download", {}),
        "concern": ("me/concern", {"action": "/me/concern"}),
        "moment, with problems": ("me/moment", {**moment, "problems": incomplete}),
        "moment, with problems of its day": ("me/moment", {**moment, "problems": undated}),
        "moment, late": ("me/moment", {**moment, "alias": "an earlier buddy", "ended_ms": AT_MS}),
        "story": ("me/story", {"story": STORY, "signed_in": True}),
        "story, of a pair": ("me/story", {"story": replace(STORY, pair="pair1", buddy="Calm Heron", newest=False, older=None)}),
        "story, empty": ("me/story", {"story": StoryView(())}),
        "story, past its end": ("me/story", {"story": StoryView((), newest=False)}),
        "one moment": ("me/one_moment", {"moment": ASKED}),
        "one moment of the other's": ("me/one_moment", {"moment": RECEIVED}),
        "one moment, as it is": ("me/one_moment", {"moment": replace(GAVE, acts=frozenset())}),
        "differently": ("me/differently", {"moment": replace(RECEIVED, current=True)}),
        "differently, over": ("me/differently", {"moment": RECEIVED}),
        **{name: (f"me/{name}", {**moment, "pair": PAIR})
           for name in ("moment", "contact", "end", "block", "concern")},
        **{f"{name}, over": (f"me/{name}", {**moment, "pair": PairView("pair4", "an earlier buddy", ended_ms=AT_MS)})
           for name in ("end", "block", "concern")},
    }
    shown |= desk_gallery.pages()
    made = {name: pages.page(template, **context).body for name, (template, context) in shown.items()}
    said = {f"message: {kind}": pages.message(kind, 200, when="15 minutes").body for kind in CATALOGUE.messages}
    return {name: bytes(body) for name, body in (made | said).items()}
