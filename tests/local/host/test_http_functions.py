"""HTTP triggers through the whole host: routes, keys, requests, responses."""

import asyncio
import json
from typing import TypedDict

import pytest

from tests.local.host.conftest import MASTER, Answer, RunningHost


class Told(TypedDict):
    """What the sample app's functions tell about a request."""

    method: str
    url: str
    headers: dict[str, str]
    params: dict[str, str]
    route: dict[str, str]
    body: str


def told(answer: Answer) -> Told:
    assert answer.status == 200, answer
    content: Told = json.loads(answer.body)
    return content


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/echo/a/7", {"name": "a", "number": "7"}),
        ("/API/Echo/a/7", {"name": "a", "number": "7"}),
        ("/api/echo/a/7/", {"name": "a", "number": "7"}),
        ("/api/echo/a", {"name": "a"}),
        ("/api/echo/%C3%A9%20b", {"name": "é b"}),
        ("/api/echo/a%2Fb", {"name": "a%2Fb"}),
        ("/api/files/a/b/c.txt", {"path": "a/b/c.txt"}),
    ],
)
async def test_a_route_gives_its_parameters(
    host: RunningHost, path: str, route: dict[str, str]
) -> None:
    """Paths match without case; an optional parameter that is absent is left out."""
    assert told(await host.ask("GET", path))["route"] == route


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/echo/a/seven"),
        ("GET", "/api/echo"),
        ("DELETE", "/api/echo/a"),
        ("HEAD", "/api/echo/a"),
        ("GET", "/echo/a"),
        ("GET", "/api/off"),
        ("GET", "/api/work"),
        ("GET", "/runtime/webhooks/other"),
    ],
)
async def test_what_matches_no_route_is_not_found(
    host: RunningHost, method: str, path: str
) -> None:
    """A wrong method, a broken constraint, a disabled function and no HTTP function are all 404."""
    assert (await host.ask(method, path)).status == 404


async def test_the_first_route_that_matches_wins(host: RunningHost) -> None:
    """A function behind another one with a wider route is never reached."""
    assert "by" not in told(await host.ask("GET", "/api/echo/first/9"))


async def test_a_request_reaches_the_function_as_the_host_passes_it_on(host: RunningHost) -> None:
    """Headers come in lower case, repeated query values joined, empty ones dropped."""
    answer = await host.ask(
        "POST", "/api/echo/a?b=1&b=2&empty=&c=x%26y", headers={"X-Mixed": "Case"}, body=b"content"
    )
    given = told(answer)
    assert given["method"] == "POST"
    assert given["params"] == {"b": "1,2", "c": "x&y"}
    assert given["headers"]["x-mixed"] == "Case"
    assert given["body"] == "content"
    assert given["url"].startswith(f"{host.url}/api/echo/a?b=1&b=2")


async def test_a_header_that_is_no_text_is_refused(host: RunningHost) -> None:
    """A header that is not UTF-8 is a 400 of the host's own, before any function sees it."""
    address = host.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address[0], int(address[1]))
    writer.write(
        b"GET /api/echo/a HTTP/1.1\r\nHost: x\r\nX-Odd: \x84\r\n"
        b"x-functions-key: " + MASTER.encode() + b"\r\nConnection: close\r\n\r\n"
    )
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_a_function_without_declared_methods_takes_all(host: RunningHost) -> None:
    """Where the trigger names no methods, none is wrong."""
    assert told(await host.ask("PURGE", "/api/files/a"))["method"] == "PURGE"


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/echo/a", None, 401),
        ("/api/echo/a", "wrong", 401),
        ("/api/echo/a?code=wrong", None, 401),
        (f"/api/echo/a?code={MASTER}", None, 200),
        (f"/api/echo/a?CODE={MASTER}", None, 200),
        (f"/api/echo/a?code={MASTER}", "wrong", 401),
        ("/api/echo/a", MASTER, 200),
        ("/api/files/a", None, 200),
        ("/api/secret", None, 401),
        ("/api/secret", MASTER, 200),
    ],
)
async def test_keys_open_functions_by_their_level(
    host: RunningHost, path: str, key: str | None, status: int
) -> None:
    """A missing or wrong key is 401 without a body, and the header goes before the query."""
    answer = await host.ask("GET", path, key=key)
    assert answer.status == status
    assert status == 200 or answer.body == b""


async def test_host_and_function_keys_open_their_functions_only(host: RunningHost) -> None:
    """The host key opens every function-level function, a function's key its own, neither admin."""
    keys = host.host.keys
    own, other = keys.functions["echo"], keys.functions["secret"]
    statuses = [
        (await host.ask("GET", path, key=key)).status
        for path, key in [
            ("/api/echo/a", keys.default),
            ("/api/echo/a", own),
            ("/api/echo/a", other),
            ("/api/echo/a", keys.eventgrid_extension),
            ("/api/secret", keys.default),
            ("/api/secret", other),
        ]
    ]
    assert statuses == [200, 200, 401, 401, 401, 401]


async def test_an_unhandled_exception_is_a_500_without_detail(host: RunningHost) -> None:
    """The caller learns nothing of an exception."""
    answer = await host.ask("GET", "/api/failing", key=None)
    assert (answer.status, answer.body) == (500, b"")


async def test_a_response_arrives_whole(host: RunningHost) -> None:
    """Status, headers and cookies are those that the function set."""
    answer = await host.ask("GET", "/api/cookies", key=None)
    assert answer.status == 201
    assert answer.headers["x-made"] == "yes"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body == b"made"
    first, second = answer.cookies
    assert set(first.split("; ")) == {
        *("a=1", "Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=60")
    }
    assert "expires=Thu, 01 Jan 2032 00:00:00 GMT" in second


async def test_a_response_that_http_cannot_carry_is_a_500(host: RunningHost) -> None:
    """A status that is no number is the function's failure."""
    answer = await host.ask("GET", "/api/unsendable", key=None)
    assert (answer.status, answer.body) == (500, b"")


async def test_a_text_is_a_response_of_plain_text(host: RunningHost) -> None:
    """A function may answer with a text."""
    answer = await host.ask("GET", "/api/text_only", key=None)
    assert (answer.status, answer.body) == (200, b"a text for GET")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_a_compressed_body_is_passed_on_as_it_came(host: RunningHost) -> None:
    """The host does not decompress; a body that lies about it does no harm."""
    answer = await host.ask(
        "POST", "/api/echo/a", body=b"not gzip", headers={"Content-Encoding": "gzip"}
    )
    assert told(answer)["body"] == "not gzip"


async def test_the_root_says_that_the_host_runs(host: RunningHost) -> None:
    """GET / is a small page without a key."""
    answer = await host.ask("GET", "/", key=None)
    assert answer.status == 200
    assert b"up and running" in answer.body
