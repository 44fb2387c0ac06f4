"""Answers over HTTP as clients want them: compressed where they take it, addresses absolute."""

import gzip
import json

import azure.functions as func
import pytest

from functions.http.asked import absolute
from functions.http.compressing import LEAST, compressed
from local.host.payloads import HttpCall
from tests.functions.conftest import Loaded

LONG = json.dumps({"value": ["aksManagedNodeOSUpgradeSchedule"] * 500}).encode()

NOT_GZIP = [
    *("", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzip;q=x", "gzip;q=nan", "gzip;q=inf"),
    *("gzip ; q = 0", "gzip;Q=0.000", "gzip;q=-1", "gzip;q=", ",,", ";;;"),
]


def response(body: bytes = LONG, **headers: str) -> func.HttpResponse:
    """Make an answer as a route gives it."""
    return func.HttpResponse(body, status_code=202, mimetype="application/json", headers=headers)


@pytest.mark.parametrize("accepted", ["gzip", "deflate, GZIP;q=0.5", "*", "br;q=1, *;q=0.1"])
def test_a_long_answer_is_compressed(accepted: str) -> None:
    """Whoever takes gzip gets it, with the same status and headers, and says so to caches."""
    answer = compressed(response(Vary="Accept", Location="x"), accepted)
    assert gzip.decompress(answer.get_body()) == LONG
    assert len(answer.get_body()) < len(LONG) / 10
    assert (answer.status_code, answer.mimetype) == (202, "application/json")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert answer.headers["Location"] == "x"


@pytest.mark.parametrize("accepted", NOT_GZIP)
def test_whoever_does_not_take_it_gets_it_plain(accepted: str) -> None:
    """Without gzip among what is taken the body is as it is; caches are told that it depends."""
    answer = compressed(response(), accepted)
    assert answer.get_body() == LONG
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "answer", [response(b"x" * (LEAST - 1)), response(ETag='"1"'), response(b"")]
)
def test_what_is_never_compressed(answer: func.HttpResponse) -> None:
    """A short answer is one packet in any case, and a tag would have to be another one."""
    before = answer.get_body()
    assert compressed(answer, "gzip").get_body() == before
    assert "Content-Encoding" not in answer.headers


def test_a_304_says_what_the_answer_would_depend_on() -> None:
    """A cache keeps the one that it has for whoever takes the same encodings, and no one else."""
    unchanged = func.HttpResponse(status_code=304, headers={"ETag": 'W/"1"'})
    assert compressed(unchanged, "gzip").headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in compressed(unchanged, "gzip").headers


async def test_the_description_is_compressed_through_the_worker(loaded: Loaded) -> None:
    """The longest answer of all comes as gzip through the worker, and is the same."""
    plain = (await loaded.worker.invoke_http("openapi", HttpCall())).response
    call = HttpCall(headers={"accept-encoding": "gzip, deflate"})
    packed = (await loaded.worker.invoke_http("openapi", call)).response
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 5


@pytest.mark.parametrize(
    ("host_name", "url", "address"),
    [
        (
            "naptime-prod.azurewebsites.net",
            "https://naptime-prod.azurewebsites.net/api/reconcile",
            "https://naptime-prod.azurewebsites.net/api/runs/1",
        ),
        (
            "naptime-prod.azurewebsites.net",
            "http://evil.example/api/reconcile",
            "https://naptime-prod.azurewebsites.net/api/runs/1",
        ),
        (None, "http://127.0.0.1:7071/api/reconcile", "http://127.0.0.1:7071/api/runs/1"),
        ("localhost:7071", "http://localhost:7071/api/x", "http://localhost:7071/api/runs/1"),
        (None, "https://evil.example/api/reconcile", "/api/runs/1"),
        (None, "https://127.0.0.1@evil.example/api/reconcile", "/api/runs/1"),
        (None, "https://127.0.0.1.evil.example/api/reconcile", "/api/runs/1"),
    ],
)
def test_an_address_is_absolute_and_the_apps_own(
    host_name: str | None, url: str, address: str
) -> None:
    """`Location` has the platform's name for the app; a `Host` that a caller wrote is not taken."""
    assert absolute("/api/runs/1", host_name, url) == address
