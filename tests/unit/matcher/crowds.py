"""Made-up crowds for tests of the engine: seeded, and as choosy as rule 3 and the weights allow."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from services.matcher.domain.people import Person
from services.matcher.domain.standing import Standing
from services.matcher.pairing.ready import Engine
from shared.clock import DAY_MS
from shared.events import Details, Way

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIMES = tuple(f"{day}-{part}" for day in DAYS for part in ("morning", "afternoon", "evening"))
LANGUAGES = ("en", "cy", "ar", "ur", "pl", "bsl", "so", "ro")
AREAS = (None, "Leeds", "York", "Hull", "Wakefield")
AGES = ("18-25", "26-40", "41-65", "66+")
VALUES = {"gender": ("woman", "man", "non-binary"), "carer": ("yes", "no")}
NOW_MS = 400 * DAY_MS


class Uncompiled(Engine):
    def compile(self) -> None:
        """Stays with the plain way."""


def crowd_people(n: int, seed: int = 1, topics: int = 14, capacity: int = 1) -> list[Person]:
    """People who often fit, and often only just don't."""
    random = Random(seed * 1_000_003 + n)
    return [_one(random, number, n, topics, capacity) for number in range(n)]


def _one(random: Random, number: int, n: int, topics: int, capacity: int) -> Person:
    names = [f"topic-{each}" for each in range(topics)]
    weights = [1 / (1 + each) for each in range(topics)]

    def some(least: int, most: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(random.choices(names, weights, k=random.randint(least, most))))

    details = Details(
        seeks=some(0, 4), offers=some(1, 4), avoids=some(0, 1) if random.random() < 0.3 else (),
        languages=tuple({"en" if random.random() < 0.7 else random.choice(LANGUAGES) for _ in range(random.randint(1, 3))}),
        ways=tuple(random.sample(list(Way), random.randint(1, 4))), times=tuple(random.sample(TIMES, random.randint(0, 9))),
        area=random.choice(AREAS))
    apart = dict.fromkeys(f"p{random.randrange(n)}" for _ in range(random.randint(0, 2)))
    person = Person.of(f"p{number}", f"r{number}", "riverside", NOW_MS - random.randrange(90 * DAY_MS), details).standing(
        Standing(request="r", capacity=random.randint(1, capacity), apart=apart))
    return replace(
        person, age_band=random.choice(("", *AGES)),
        facts={k: random.choice(v) for k, v in VALUES.items() if random.random() < 0.7},
        meets_ages=frozenset(random.sample(AGES, 2)) if random.random() < 0.3 else frozenset(),
        chosen_limits={k: frozenset(random.sample(v, 1)) for k, v in VALUES.items() if random.random() < 0.15},
        prefers={k: frozenset(random.sample(v, random.randint(0, 2))) for k, v in VALUES.items() if random.random() < 0.3},
        newcomer=random.random() < 0.2, welcomes_newcomers=random.random() < 0.4,
        given=random.randrange(25), received=random.randrange(25))
