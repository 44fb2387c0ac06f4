"""Return values as HTTP responses."""

import pytest

from local.host.protos import RpcHttp, TypedData
from local.host.responses import HttpResponse, NotAResponse, read_response

TEXT = {"content-type": "text/plain; charset=utf-8"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, HttpResponse()),
        (TypedData(), HttpResponse()),
        (TypedData(string="é"), HttpResponse(headers=TEXT, body="é".encode())),
        (TypedData(json="{}"), HttpResponse(headers=TEXT, body=b"{}")),
        (TypedData(bytes=b"\0"), HttpResponse(headers=TEXT, body=b"\0")),
        (TypedData(int=3), HttpResponse(headers=TEXT, body=b"3")),
        (TypedData(http=RpcHttp(status_code="204")), HttpResponse(204)),
        (
            TypedData(http=RpcHttp(status_code="200", body=TypedData(string="é"))),
            HttpResponse(body="é".encode()),
        ),
    ],
)
def test_a_return_value_is_a_response(value: TypedData | None, expected: HttpResponse) -> None:
    """Nothing is an empty 200; a text is its body; a response is what it says."""
    assert read_response(value) == expected


@pytest.mark.parametrize("status", ["", "two hundred", "-1", "2e2"])
def test_a_status_that_is_no_number_is_refused(status: str) -> None:
    """A response needs a status."""
    with pytest.raises(NotAResponse):
        read_response(TypedData(http=RpcHttp(status_code=status)))
