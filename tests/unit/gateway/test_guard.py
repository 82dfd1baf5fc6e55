"""Who may post, and what a browser may do with what it gets."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.gateway import bodies
from services.gateway.guard import Guard, from_our_pages
from services.gateway.limiting import network

OURS = "https://twoway.example.org"


async def _answer(request: Request) -> Response:
    return PlainTextResponse(str(len(await bodies.read(request))))


def _client(base_url: str = OURS) -> httpx.AsyncClient:
    app = Starlette(routes=[Route(path, _answer, methods=["GET", "POST"]) for path in ("/", "/v1/events", "/stop/{token}")])
    guard = Guard(app, base_url, lambda: PlainTextResponse("no", 403))
    return httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url=base_url)


@pytest.mark.parametrize(("headers", "allowed"), [
    ({}, True),
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": "cross-site", "origin": OURS}, False),
    ({"origin": OURS}, True),
    ({"origin": "https://inside.example.org", "host": "inside.example.org"}, True),
    ({"origin": "https://evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": "https://twoway.example.org.evil.example"}, False),
    ({"origin": ""}, False),
])
def test_a_post_is_taken_only_from_our_own_pages(headers: dict[str, str], allowed: bool) -> None:
    assert from_our_pages("POST", Headers({"host": "twoway.example.org", **headers}), OURS) is allowed
    assert from_our_pages("GET", Headers(headers), OURS)


async def test_a_post_from_elsewhere_reaches_nothing_but_the_partners_intake_and_a_link_that_stops() -> None:
    async with _client() as client:
        headers = {"origin": "https://evil.example"}
        assert (await client.post("/v1/events", headers=headers)).status_code == 200
        assert (await client.post("/stop/token", headers=headers)).status_code == 200
        for path in ("/", "/stop", "/stop/", "/stop/token/more", "/stop/../me", "/v1/events/", "/x/stop/token", "/stop/a%2Fb"):
            assert (await client.post(path, headers=headers)).status_code == 403


async def test_every_answer_forbids_scripts_frames_and_anything_from_elsewhere() -> None:
    async with _client() as client:
        for answer in (await client.get("/"), await client.get("/nowhere"),
                       await client.post("/", headers={"origin": "null"})):
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
            assert "strict-transport-security" in answer.headers


async def test_without_https_no_browser_is_told_to_insist_on_it() -> None:
    async with _client("http://127.0.0.1:8000") as client:
        assert "strict-transport-security" not in (await client.get("/")).headers


async def test_a_body_beyond_64_kib_is_refused_announced_or_not() -> None:
    async def dripping(kilobytes: int):
        for _ in range(kilobytes):
            yield b"x" * 1024

    async with _client() as client:
        assert (await client.post("/", content=b"x" * bodies.BODY_MAX)).text == str(bodies.BODY_MAX)
        assert (await client.post("/", content=b"x" * (bodies.BODY_MAX + 1))).status_code == 413
        assert (await client.post("/", content=dripping(64))).text == str(bodies.BODY_MAX)
        assert (await client.post("/", content=dripping(65))).status_code == 413
        assert (await client.post("/", content=b"", headers={"content-length": "x"})).status_code == 413


@pytest.mark.parametrize(("address", "found"), [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("testclient", "testclient"),
    ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"), ("2001:db8:1:2::9", "2001:0db8:0001:0002")])
def test_people_on_one_line_count_as_one_network(address: str, found: str) -> None:
    assert network(address) == found
