"""The system that a journey goes through, and the people of one test."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack

import pytest

from tests.journeys.places import Place, composed, in_one_process
from tests.journeys.someone import Someone


@pytest.fixture(scope="session", params=[
    "in_one_process",
    pytest.param("composed", marks=[pytest.mark.engine, pytest.mark.timeout(1_200)]),  # the first build takes minutes
])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running system; each is started once for the whole session."""
    if request.param == "composed":
        request.getfixturevalue("engine")
        with composed(tmp_path_factory.mktemp("composed")) as place:
            yield place
    else:
        with in_one_process(tmp_path_factory.mktemp("together")) as place:
            yield place


class Company:
    """People who can meet one another and nobody else: a community and a language that no other test uses."""

    def __init__(self, place: Place, stack: AsyncExitStack) -> None:
        self.community, self.language = next(place.circles)
        self._url, self._stack, self._tag = place.url, stack, secrets.token_hex(4)

    async def someone(self, name: str, seeks: str, offers: str, **answers: str | Sequence[str]) -> Someone:
        return await self._stack.enter_async_context(Someone(
            self._url, self.email(name), community=self.community, languages=[self.language], seeks=[seeks],
            offers=[offers], **answers))

    def email(self, name: str) -> str:
        return f"{name}-{self._tag}@people.example"


@pytest.fixture
async def company(place: Place) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        yield Company(place, stack)
