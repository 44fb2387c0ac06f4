"""Requests of our own through the pipeline that an SDK's client has made of its policies.

A generated client copies each request before it sends it, and makes an id for it from the clock
and the network card (azure-core 1.41, RequestIdPolicy): a tenth of what a request costs.
"""

import zlib
from typing import TYPE_CHECKING, Protocol, Self
from uuid import uuid4

from azure.core.exceptions import DecodeError
from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from azure.core.rest import AsyncHttpResponse


class Client(Protocol):
    """A generated client, or the pipeline that one has."""

    def send_request(
        self, request: HttpRequest, *, stream: bool = False, request_id: str
    ) -> "Awaitable[AsyncHttpResponse]": ...


class OneRequest(HttpRequest):
    """A request that is sent once, and so is its own copy."""

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        return self


async def answer_of(client: Client, request: OneRequest) -> "AsyncHttpResponse":
    """Send a request and read its answer, of whatever status; it stays as it came.

    As a stream it passes by the SDK's decoding. Raises azure.core's errors.
    """
    response = await client.send_request(request, stream=True, request_id=str(uuid4()))
    try:
        await response.read()
    except zlib.error as error:
        raise DecodeError("the answer cannot be decompressed") from error
    finally:
        await response.close()
    return response
