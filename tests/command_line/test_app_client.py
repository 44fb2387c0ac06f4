"""Calls to a deployed naptime: which address, which key, and what odd answers mean."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from naptime.deployed.client import Access, AppClient, read_address
from naptime.deployed.errors import AppRefused, NotNaptime
from shared.clients.retry import QuickRetry
from shared.domain.errors import AzureUnavailable, ConnectionFailed
from shared.domain.vocabulary.invalid import InvalidInput
from tests.fakes.clock import FakeClock

KEY = "a-function-key"
BROKEN_RULES = (
    b'{"reason": "InvalidRequest", "detail": "d", "advice": "a",'
    b' "problems": [{"field": "f", "value": "v\\u001b[2J", "rule": "must be r"}, 1]}'
)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://naptime-ab12.azurewebsites.net", "https://naptime-ab12.azurewebsites.net"),
        ("https://naptime-ab12.azurewebsites.net/api/", "https://naptime-ab12.azurewebsites.net"),
        (" https://x.example:8443/ ", "https://x.example:8443"),
        ("http://127.0.0.1:7071", "http://127.0.0.1:7071"),
        ("http://localhost:7071/api", "http://localhost:7071"),
        ("http://[::1]:7071", "http://[::1]:7071"),
    ],
)
def test_an_address(text: str, address: str) -> None:
    """An https address, with or without /api; plain http only on this machine."""
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "naptime-ab12",
        "http://x.example",
        "https://user:secret@x.example",
        "https://x.example/?code=key",
        "https://x.example/#x",
        "https://x.example/other",
        "https://",
        "https://x.example:port",
        "https://[",
        "https://x.exam\nple",
        "https://x.example\t.evil.example",
        "ftp://x.example",
    ],
)
def test_an_unsafe_address_is_refused(text: str) -> None:
    """A key in the address, or an address that a key must not be sent to, is refused."""
    with pytest.raises(InvalidInput, match="--app"):
        read_address(text)


def test_the_key_is_never_shown() -> None:
    """The key comes from the environment, and no text of it is made by accident."""
    access = Access.read({"NAPTIME_KEY": f" {KEY} "})
    assert (access.key, access.scope) == (KEY, None)
    assert KEY not in repr(access)
    with pytest.raises(InvalidInput) as refused:
        Access.read({"NAPTIME_KEY": "two\nlines"})
    assert "two" not in str(refused.value)
    with pytest.raises(InvalidInput, match="NAPTIME_KEY '': is not set"):
        Access.read({"NAPTIME_KEY": "  "})


@asynccontextmanager
async def client_of(handler: Handler) -> AsyncIterator[AppClient]:
    """Serve one handler for every path, and give a client of it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (host, port) = runner.addresses[0][:2]
    client = AppClient(f"http://{host}:{port}", Access(KEY), QuickRetry(FakeClock(), lambda: 0.5))
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


async def test_the_key_goes_in_a_header() -> None:
    """The key is sent as a header, never in the address, which logs keep."""
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({"value": []})

    async with client_of(handler) as client:
        await client.get("runs", state="Active")
    assert seen[0].headers["x-functions-key"] == KEY
    assert seen[0].path_qs == "/api/runs?state=Active"


async def test_pages_are_followed() -> None:
    """A long answer is read to its end, by the tokens that it gives."""

    async def handler(request: web.Request) -> web.Response:
        at = int(request.query.get("continuationToken", "0"))
        token = str(at + 1) if at < 3 else None
        return web.json_response({"value": [{"n": at}], "continuationToken": token})

    async with client_of(handler) as client:
        assert [item["n"] async for item in client.pages("clusters")] == [0, 1, 2, 3]


async def test_a_busy_app_is_asked_again() -> None:
    """503 and 429 are tried again at once, a few times; then the last is told, in its words."""
    answers = [503, 429, 200]

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"value": []}, status=answers.pop(0))

    async with client_of(handler) as client:
        assert await client.get("runs") == {"value": []}

    async def never(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>")

    async with client_of(never) as client:
        with pytest.raises(AzureUnavailable, match="502"):
            await client.get("runs")

    async def refusing(_: web.Request) -> web.Response:
        problem = {"reason": "InvalidSetting", "detail": "NAPTIME_X 'y': must be z", "advice": "a."}
        return web.json_response(problem, status=503)

    async with client_of(refusing) as client:
        with pytest.raises(AzureUnavailable, match=r"503: InvalidSetting: NAPTIME_X 'y': must be"):
            await client.get("runs")


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (200, b"<html>", NotNaptime, "no JSON object"),
        (200, b"[1]", NotNaptime, "no JSON object"),
        (200, b"[" * 100_000, NotNaptime, "no JSON object"),
        (404, b'{"a":' * 100_000, NotNaptime, "answers 404"),
        (200, b'{"value": [1]}', NotNaptime, "no page"),
        (404, b"", NotNaptime, "answers 404, but not as naptime does"),
        (302, b"", NotNaptime, "answers 302"),
        (401, b"", AppRefused, "NAPTIME_KEY"),
        (
            400,
            BROKEN_RULES,
            AppRefused,
            r"InvalidRequest \(400\): f 'v\?\[2J': must be r a",
        ),
        (403, b'{"reason": "R", "detail": "d", "problems": 1}', AppRefused, r"R \(403\): d"),
    ],
)
async def test_an_answer_that_is_not_naptimes_is_said_to_be_none(
    status: int, body: bytes, error: type[Exception], said: str
) -> None:
    """What is not naptime is said to be none; what naptime refuses is in its words, made plain."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "https://evil.example"})

    async with client_of(handler) as client:
        with pytest.raises(error, match=said):
            [item async for item in client.pages("runs")]


async def test_an_address_without_an_answer_is_named() -> None:
    """An address where nobody is says so, with the address and without the key."""
    client = AppClient("http://127.0.0.1:9", Access(KEY), QuickRetry(FakeClock(), lambda: 0.5))
    with pytest.raises(ConnectionFailed, match=r"http://127.0.0.1:9 does not answer") as failed:
        await client.get("runs")
    await client.close()
    assert KEY not in str(failed.value)
