"""The pages of the coordinators' desk, for the gallery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.gateway.desk.views import (
    ConcernView,
    DifferView,
    DraftSide,
    DraftView,
    Home,
    NoteView,
    PersonLine,
    PersonView,
)
from services.gateway.problems import Problems
from services.gateway.views import Answered, ItemView, PairView, ProposalView, RequestView

AT_MS = 1_795_000_000_000
NOW_MS = AT_MS + 3 * 3_600_000
ANSWERS = (Answered("seeks", "Support you would like", ("Sleep", "<i>")), Answered("ways", "Ways to connect", ("Calls",)))
CONCERN = ConcernView("c1", AT_MS, "concern", True, None, "p1", "Calm Heron", True)
NOTE = ConcernView("c2", AT_MS, "request", False, AT_MS)
DRAFT = DraftView("d1", AT_MS, AT_MS + 7 * 86_400_000, None, (
    DraftSide("p1", "Calm Heron", ANSWERS, ("They offer sleep",)), DraftSide("p2", "Bright Fern", ANSWERS, ())))
DIFFERS = DifferView("m1", "Listened", AT_MS, AT_MS, (PersonLine("p1", "Calm Heron", AT_MS),
                                                     PersonLine("p2", "Bright Fern", AT_MS)))
LINE = (PersonLine("p1", "Calm Heron", AT_MS - 20 * 86_400_000),)
HOME = Home((CONCERN, NOTE), 2, (DRAFT, replace(DRAFT, decided="approved", sides=())), 2, (DIFFERS,), 1, LINE, 1, LINE, 1,
            LINE, 1)
PERSON = PersonView("p1", "Calm Heron", "Riverside", "", True, RequestView("BCDF-GHJK", AT_MS, 1, (), (), ANSWERS),
                    (PairView("pair1", "Bright Fern"),), proposals=2, notes=(NoteView("c2", AT_MS, "request", AT_MS),))


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    shown: dict[str, tuple[str, dict[str, Any]]] = {
        "desk, link": ("desk/link", {"action": "/desk/in/x"}),
        "desk": ("desk/home", {"home": HOME, "notice": "Saved."}),
        "desk, nothing waits": ("desk/home", {"home": Home()}),
        "desk, with problems": ("desk/home", {"home": Home(), "problems": Problems({"reference": "Type it"})}),
        "desk, concern": ("desk/concern", {"concern": CONCERN}),
        "desk, concern, opened": ("desk/concern", {"concern": CONCERN, "text": "They said <b>this</b>."}),
        "desk, concern of somebody who left": ("desk/concern", {"concern": NOTE}),
        "desk, proposal": ("desk/proposal", {"draft": DRAFT}),
        "desk, proposal, with problems": ("desk/proposal", {"draft": DRAFT, "problems": Problems({"decision": "Choose"})}),
        "desk, proposal, decided": ("desk/proposal", {"draft": replace(DRAFT, decided="declined")}),
        "desk, moment": ("desk/moment", {"differ": DIFFERS}),
        "desk, person": ("desk/person", {"person": PERSON}),
        "desk, person, held": ("desk/person", {"person": replace(
            PERSON, request=None, pairs=(), notes=(), suspended_ms=AT_MS, unreached_ms=AT_MS, break_until_ms=AT_MS,
            rest_until_ms=AT_MS)}),
        "desk, ask": ("desk/ask", {"communities": {"riverside": "Riverside"}, "names": {"Calm Heron": "Calm Heron"}}),
        "desk, ask, with problems": ("desk/ask", {"communities": {"riverside": "Riverside"}, "names": {"A": "A"},
                                                  "problems": Problems({"seeks": "Choose", "phone": "Write"})}),
        "desk, leave": ("desk/leave", {"peer": "p1", "alias": "Calm Heron"}),
        "desk, person, by hand": ("desk/person", {"person": replace(
            PERSON, by_hand=True, open=(ProposalView("p9", ("They offer sleep",), False),),
            to_tell=(ItemView("We have your request.", AT_MS),))}),
        "desk, report": ("desk/report", {"communities": {"riverside": "Riverside"}}),
        "desk, end": ("desk/end", {"peer": "p1", "alias": "Calm Heron", "pair": PairView("pair1", "Bright Fern")}),
    }
    return {name: (template, {"now_ms": NOW_MS, **context}) for name, (template, context) in shown.items()}
