"""Requests to the storage services, sent through the pipelines of the SDK's clients.

The SDK's own operations cost half as much again (docs/decisions/0040): they go through tracing and
serializers, decode each answer twice, and read instants by their patterns. Its credential, its
policies and its retries are what they are for every other request; but all of them are retried.
"""

import json
import re
from collections.abc import Container, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.rest import HttpRequest

from shared.clients.transport import GeneratedClient, answer_of, http_date

if TYPE_CHECKING:
    from azure.core.rest import AsyncHttpResponse
    from azure.data.tables.aio import TableClient

_DONE: Final = {
    "GET": {200},
    "POST": {201, 202, 204},
    "PUT": {204},
    "PATCH": {204},
    "DELETE": {204},
}
_SUCCESS: Final = range(200, 300)
_ASKED_AGAIN: Final = tuple(_DONE)
"""Of itself the SDK sends no POST and no PATCH again whose connection broke, and transactions are
POSTs (azure-core 1.41, `RetryPolicyBase`). Here all may be done twice: a merge says the same again,
and everything else counts on what the row was."""
_CODES: Final = (
    re.compile(rb'"code"\s*:\s*"(\w{1,80})"'),
    re.compile(rb"<(?:m:)?Code>\s*(\w{1,80})", re.IGNORECASE),
)


class ServiceRefused(HttpResponseError):
    """The service has refused a request; `error_code` is its own, empty where there is none."""

    def __init__(self, response: "AsyncHttpResponse") -> None:
        self.error_code = response.headers.get("x-ms-error-code") or code_in(response.content)
        # With the answer the SDK would go through all of it for a message.
        super().__init__(f"Storage has refused: {response.status_code} {self.error_code}".rstrip())
        self.status_code = response.status_code
        self.answer = response


def code_in(body: bytes) -> str:
    """Find the service's code in what it says of an error, in JSON or XML."""
    found = next((found for code in _CODES if (found := code.search(body))), None)
    return found[1].decode() if found else ""


async def ask(
    table: "TableClient",
    method: str,
    path: str,
    content: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> "AsyncHttpResponse":
    """Ask for what is below the service's address; raises ServiceRefused, DecodeError."""
    request = HttpRequest(
        method,
        # A shared access signature is added by its policy.
        f"{table.url.partition('?')[0]}/{path}",
        headers={
            "x-ms-version": table.api_version,
            "DataServiceVersion": "3.0",
            "Accept": "application/json;odata=minimalmetadata",
            **({} if content is None else {"Content-Type": "application/json"}),
            **(headers or {}),
        },
        content=content,
    )
    # There is no public way to the pipeline that the client has made of its credential.
    client = table._client  # noqa: SLF001
    return await answered(client, request, _DONE[method], retry_on_methods=_ASKED_AGAIN)


async def answered(
    client: GeneratedClient,
    request: HttpRequest,
    done: Container[int],
    id_named: str = "request_id",
    **options: object,
) -> "AsyncHttpResponse":
    """Send a request that is done with such a status; raises ServiceRefused, DecodeError."""
    response = await answer_of(client, request, id_named, **options)
    if response.status_code in done:
        return response
    if response.status_code in _SUCCESS:
        # A proxy's page with status 200.
        raise DecodeError(f"storage does not answer {request.method} with {response.status_code}")
    raise ServiceRefused(response)


def date_of(response: "AsyncHttpResponse") -> datetime:
    """Read the service's own time, in whole seconds of UTC; raises DecodeError."""
    try:
        return http_date(response.headers.get("Date", ""))
    except ValueError as error:
        raise DecodeError("the answer has no date") from error


def json_of(response: "AsyncHttpResponse") -> dict[str, object]:
    """Decode an answer; raises DecodeError."""
    try:
        found = json.loads(response.content)
    except ValueError as error:
        raise DecodeError("the answer is no JSON") from error
    if not isinstance(found, dict):
        raise DecodeError("the answer is no JSON object")
    return found
