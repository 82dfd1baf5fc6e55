"""The questions that lead to a request, one a page, in their order.

Each step is checked by itself when it is answered, and all of them together before anything is sent: so somebody may go back,
leave one open and come to it later, and what the programme has changed meanwhile leads back to its question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.gateway.forms import Ask
from services.gateway.posted import KEY, Posted
from services.gateway.problems import Problems
from shared.programme import Programme


def _always(_programme: Programme) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """One page. `new`: only whoever is new here is asked. `asked`: whether the programme asks it at all."""

    key: str
    fields: tuple[str, ...]
    new: bool = False
    asked: Callable[[Programme], bool] = _always

    def has(self, name: str) -> bool:
        """Whether a posted name, or a problem's, is of this page: `facts-gender` is of the field `facts`."""
        field, _, key = name.partition(KEY)
        return field in self.fields and (not key or field in Ask.by_key)

    def problems(self, problems: Problems) -> Problems:
        return Problems({name: text for name, text in problems.messages.items() if self.has(name)})

    def answered(self, before: Mapping[str, tuple[str, ...]], posted: Posted) -> dict[str, tuple[str, ...]]:
        """All answers, those of this page as they were posted now."""
        others = {name: values for name, values in before.items() if not self.has(name)}
        now = {name: values for name, values in posted.fields.items() if self.has(name)}
        return {**others, **{field: posted.all(field) for field in self.fields}, **now}


def _communities(programme: Programme) -> bool:
    return len(programme.communities) > 1


def _about_people(programme: Programme) -> bool:
    return bool(programme.age_bands or programme.facts)


def _whom(programme: Programme) -> bool:
    return bool(programme.age_bands) or any(fact.limit or fact.wish for fact in programme.facts.values())


STEPS = (
    Step("community", ("community",), new=True, asked=_communities),
    Step("adult", ("adult",), new=True),
    Step("seeks", ("seeks",)),
    Step("showable", ("showable",)),
    Step("offers", ("offers",)),
    Step("avoids", ("avoids",)),
    Step("ways", ("ways", "area")),
    Step("languages", ("languages",)),
    Step("times", ("times",)),
    Step("newcomers", ("newcomers",)),
    Step("you", ("age_band", "facts"), asked=_about_people),
    Step("whom", ("meets_ages", "chosen_limits", "prefers"), asked=_whom),
    Step("capacity", ("capacity",)),
    Step("alias", ("alias",), new=True),
    Step("email", ("email", "quiet"), new=True),
    Step("note", ("note",)),
    Step("consent", ("consent",)),
)


def asked(programme: Programme, *, again: bool) -> tuple[Step, ...]:
    """Those that somebody is asked; `again`: they are here already."""
    return tuple(each for each in STEPS if each.asked(programme) and not (each.new and again))


def of(name: str) -> Step | None:
    """The step of a field, or of a problem."""
    return next((each for each in STEPS if each.has(name)), None)


def after(step: Step, steps: tuple[Step, ...]) -> Step | None:
    """The next page; None behind the last."""
    place = steps.index(step) + 1 if step in steps else len(steps)
    return steps[place] if place < len(steps) else None
