"""How requests go out: over connections that clients share; to ARM each is one attempt."""

import zlib
from typing import TYPE_CHECKING, Protocol, Self
from urllib.request import getproxies
from uuid import uuid4

import aiohttp
from azure.core.exceptions import DecodeError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from azure.core.rest import AsyncHttpResponse


async def single_attempt(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself.

    It does so once, for PUT as well, after ClientOSError and ServerDisconnectedError (aiohttp
    3.14, ClientSession._request): a second write that nobody planned and no LIST came before.
    Any other ClientError is left alone, so those two are raised as their parent.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error


def new_session(
    *middlewares: aiohttp.ClientMiddlewareType, connections: int = 100
) -> aiohttp.ClientSession:
    """Make a session like azure-core's own; needs a running loop.

    The environment is looked at only if it names a proxy: otherwise aiohttp opens .netrc and goes
    through every variable for each request (aiohttp 3.14, ClientSession._request), which is a
    third of what a request costs.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        trust_env=bool(getproxies()),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=middlewares,
    )


def transport_over(
    session: aiohttp.ClientSession, connect_seconds: int = 300, read_seconds: int = 300
) -> AioHttpTransport:
    """Make a transport over a session that others use as well, and that stays open after it."""
    return AioHttpTransport(
        session=session,
        session_owner=False,
        connection_timeout=connect_seconds,
        read_timeout=read_seconds,
    )


class SendsRequests(Protocol):
    """A generated client."""

    def send_request(
        self, request: HttpRequest, *, stream: bool = False, **options: str
    ) -> "Awaitable[AsyncHttpResponse]": ...


class OneRequest(HttpRequest):
    """A request that is sent once, and so is its own copy."""

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        return self


async def answer_of(
    client: SendsRequests, request: OneRequest, id_named: str = "request_id"
) -> "AsyncHttpResponse":
    """Send a request and read its answer, of whatever status; raises azure.core's errors.

    As a stream the answer passes by the SDK's decoding. Of itself a pipeline makes the request's id
    from the clock and the network card, and a generated client copies the request before that
    (azure-core 1.41, RequestIdPolicy): a tenth of what a request costs. `id_named` is what its
    policies call the id.
    """
    response = await client.send_request(request, stream=True, **{id_named: str(uuid4())})
    try:
        await response.read()
    except zlib.error as error:
        raise DecodeError("the answer cannot be decompressed") from error
    finally:
        await response.close()
    return response
