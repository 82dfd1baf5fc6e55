"""Made-up people for a demonstration: who they are and how they choose. The same seed gives the same people and choices.

A person's every choice comes from a random sequence of its own, named by what is chosen, so that it does not depend on what
others do meanwhile or on how fast a machine is. Nobody here is modelled on anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from console.browser import Form

T = TypeVar("T")

YES = 0.85
"""How often somebody says yes; the rest is spread evenly over the other three answers."""

OFFERS_CONTACT, WRITES_MOMENTS, GESTURES_MAX, MOMENTS_MAX = 0.7, 0.8, 2, 3
TAKES_BACK, DIFFICULT_DAY, ENDS, WORRIES = 0.05, 0.06, 0.04, 0.02
TWO_AT_A_TIME, BY_CODE = 0.15, 0.5
NEW, WELCOMES, SAYS, KEEPS_TO, WISHES = 0.2, 0.2, 0.6, 0.1, 0.3
"""How often somebody is new, welcomes who is, answers a question about themselves, meets only some ages or answers of others,
and would rather meet some."""

OTHER_ANSWERS = ("not_now", "not_this_person", "someone_different")
GESTURES = ("cup_of_tea", "thinking_of_you", "i_hear_you", "thank_you")
KINDS = ("listened", "shared_experience", "shared_coping", "practical_help", "sat_together", "welcomed_newcomer", "other")


@dataclass(frozen=True)
class Moment:
    direction: str
    kind: str
    minutes: str


@dataclass(frozen=True)
class Person:
    """One made-up person. `tag` tells this run's people from those of an earlier run on the same system."""

    number: int
    seed: int
    tag: str

    @property
    def email(self) -> str:
        return f"person-{self.number}-{self.tag}@people.example"

    @property
    def contact(self) -> str:
        """From the range of numbers that is set aside for made-up people (Ofcom, 07700 900000 to 900999)."""
        return f"07700 900{self.number % 1000:03d}, in the evening"

    @property
    def by_code(self) -> bool:
        """Types the code instead of opening the link."""
        return self._chance("code") < BY_CODE

    def answers(self, form: Form) -> dict[str, str | Sequence[str]]:
        """To one page of those that lead to a request, of what it offers; the same each time."""
        asked = {*form.choices, *(name for name, _ in form.sent)}
        all_of_them = self._usual(form.choices) | self._about_people(form.choices)
        return {name: answer for name, answer in all_of_them.items() if name in asked}

    def _usual(self, offered: dict[str, list[str]]) -> dict[str, str | Sequence[str]]:
        def one_of(name: str) -> str:
            return self._random(name).choice(offered.get(name, [""]))
        topics = list(offered.get("seeks", offered.get("offers", [])))
        self._random("topics").shuffle(topics)  # the same on both pages, which offer the same
        community = offered.get("community", [""])[0] if self._chance("first community") < 0.7 else one_of("community")
        return {
            "adult": "yes", "consent": "yes", "email": self.email, "quiet": "any", "community": community,
            "seeks": topics[:self._random("seeks").randint(1, 3)],
            "offers": topics[3:3 + self._random("offers").randint(1, 4)],
            "showable": offered.get("showable", [])[:1] if self._chance("showable") < 0.4 else [],
            "ways": ["message", *(["call"] if self._chance("calls") < 0.5 else [])],
            "languages": list(dict.fromkeys(["en", one_of("languages")])),
            "times": offered.get("times", []) if self._chance("times") < 0.5 else [],
            "capacity": "2" if self._chance("capacity") < TWO_AT_A_TIME else "1",
            "alias": one_of("alias"),
        }

    def _about_people(self, form: dict[str, list[str]]) -> dict[str, str | Sequence[str]]:
        """What may be passed over: of what the form asks, some answer a little of it."""
        pick = self._random("about people")
        often = {"newcomers": 1.0, "age_band": SAYS, "facts": SAYS, "meets_ages": KEEPS_TO, "chosen_limits": KEEPS_TO,
                 "prefers": WISHES}
        answers: dict[str, str | Sequence[str]] = {}
        for name, offered in form.items():
            field = name.partition("-")[0]
            if field not in often or pick.random() >= often[field]:
                continue
            if field == "newcomers":
                answers[name] = [each for each, share in zip(offered, (NEW, WELCOMES), strict=True) if pick.random() < share]
            elif field in ("age_band", "facts"):
                answers[name] = pick.choice(offered)
            else:
                answers[name] = pick.sample(offered, len(offered) // 2)
        return answers

    def answer(self, place: int) -> str:
        """To the proposal that is the `place`th this person answers."""
        pick = self._random(f"answer {place}")
        return "yes" if pick.random() < YES else pick.choice(OTHER_ANSWERS)

    def offers_contact(self, place: int) -> bool:
        return self._chance(f"contact {place}") < OFFERS_CONTACT

    def moments(self, place: int) -> list[Moment]:
        """What this person writes down about their `place`th buddy."""
        pick = self._random(f"moments {place}")
        count = pick.randint(1, MOMENTS_MAX) if pick.random() < WRITES_MOMENTS else 0
        return [Moment(pick.choice(("gave", "received")), pick.choice(KINDS), pick.choice(("", "10", "45")))
                for _ in range(count)]

    def gestures(self, place: int) -> list[str]:
        pick = self._random(f"gestures {place}")
        return pick.sample(GESTURES, pick.randint(0, GESTURES_MAX))

    def takes_back(self, place: int) -> bool:
        """Whether what this person wrote down as the `place`th was not so after all."""
        return self._chance(f"take back {place}") < TAKES_BACK

    @property
    def has_a_difficult_day(self) -> bool:
        return self._chance("difficult day") < DIFFICULT_DAY

    @property
    def worries(self) -> bool:
        return self._chance("worry") < WORRIES

    def ends(self, place: int) -> str | None:
        """The ending of this person's `place`th pair, if they end it."""
        pick = self._random(f"end {place}")
        return pick.choice(("agreed", "one_side", "moved_on")) if pick.random() < ENDS else None

    def _random(self, what: str) -> Random:
        return Random(f"{self.seed}/{self.number}/{what}")

    def _chance(self, what: str) -> float:
        return self._random(what).random()


def people(count: int, seed: int, tag: str) -> list[Person]:
    return [Person(number, seed, tag) for number in range(count)]


def who_leaves(people: Sequence[T], seed: int) -> T:
    """The one who leaves at the end."""
    return Random(f"{seed}/leaves").choice(people)
