"""Reading bodies under a limit."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from local.host.requests import MAX_BODY_BYTES, BodyTooLarge, read_body

LIMIT = 10_000


@pytest.fixture
async def limited_url() -> AsyncIterator[str]:
    """Run a server that tells the length of a body, or that it is too large."""

    async def answer(request: web.BaseRequest) -> web.Response:
        try:
            return web.Response(text=str(len(await read_body(request, LIMIT))))
        except BodyTooLarge:
            return web.Response(text=f"too large after {request.content.total_bytes}")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1000):
        yield b"x" * 1000


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_up_to_the_limit_is_read(limited_url: str, *, chunked: bool) -> None:
    """A body of exactly the limit is read, with its length declared or not."""
    data = _pieces(LIMIT) if chunked else b"x" * LIMIT
    async with aiohttp.request("POST", limited_url, data=data) as answer:
        assert await answer.text() == str(LIMIT)


async def test_a_declared_length_over_the_limit_is_refused_unread(limited_url: str) -> None:
    """A body that says it is too large is not read at all."""
    async with aiohttp.request(
        "POST", limited_url, data=b"", headers={"Content-Length": str(LIMIT + 1)}
    ) as answer:
        assert await answer.text() == "too large after 0"


async def test_an_endless_body_is_refused_at_the_limit(limited_url: str) -> None:
    """A body of unknown length is given up on as soon as it passes the limit."""
    async with aiohttp.request("POST", limited_url, data=_pieces(50 * LIMIT)) as answer:
        text = await answer.text()
    assert text.startswith("too large")
    assert int(text.split()[-1]) < 50 * LIMIT


def test_the_limit_is_azure_functions_own() -> None:
    """The host takes 100 MB."""
    assert MAX_BODY_BYTES == 100 * 1024 * 1024
