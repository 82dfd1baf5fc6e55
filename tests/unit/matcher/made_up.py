"""Made-up people for property tests: few topics and ways, so that they often fit and often only just don't."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from services.matcher.domain.people import Person
from services.matcher.domain.standing import Standing
from shared.clock import DAY_MS
from shared.events import Details, Way

TOPICS = ("grief", "sleep", "forms", "caring", "money", "stress")
TIMES = tuple(f"{day}-{part}" for day in ("mon", "tue", "sat") for part in ("morning", "evening"))


def some(of: tuple[str, ...], least: int = 0, most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), min_size=least, max_size=most, unique=True).map(tuple)


DETAILS = st.builds(
    Details, seeks=some(TOPICS), offers=some(TOPICS), avoids=some(TOPICS, most=1), languages=some(("en", "cy", "ur"), 1, 3),
    ways=st.lists(st.sampled_from(list(Way)), min_size=1, unique=True).map(tuple), times=some(TIMES),
    area=st.sampled_from((None, "Leeds", "leeds ", "York")), showable=some(TOPICS, most=2))


def people(name: str) -> st.SearchStrategy[Person]:
    """Somebody called `name` who may keep apart from a, b or c."""
    return st.builds(
        lambda details, since_ms, apart, community: Person.of(
            name, f"r-{name}", community, since_ms, details).standing(
            Standing(request=f"r-{name}", capacity=1, apart=dict.fromkeys(apart))),
        DETAILS, st.integers(0, 200 * DAY_MS), st.sets(st.sampled_from("abc"), max_size=1),
        st.sampled_from(("riverside", "riverside", "hillview")))


FACTS = {"gender": ("woman", "man", "non-binary"), "carer": ("yes", "no")}
AGES = ("18-25", "26-40", "41-65")

_MEETS = st.frozensets(st.sampled_from(AGES), max_size=2)
_FACTS = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in FACTS.items()})
_VALUES = st.fixed_dictionaries({}, optional={
    key: st.frozensets(st.sampled_from(values), max_size=2) for key, values in FACTS.items()})


def choosy(name: str) -> st.SearchStrategy[Person]:
    """Somebody who may also have said their age and facts, whom they meet and would rather meet, and who gave and received."""
    return st.builds(
        lambda person, age, meets, facts, limits, prefers, new, welcomes, given, received: replace(
            person, age_band=age, meets_ages=meets, facts=facts, chosen_limits=limits, prefers=prefers, newcomer=new,
            welcomes_newcomers=welcomes, given=given, received=received),
        people(name), st.sampled_from(("", *AGES)), _MEETS, _FACTS, _VALUES, _VALUES, st.booleans(), st.booleans(),
        st.integers(0, 30), st.integers(0, 30))
