"""How requests go out: over connections that clients share; to ARM each is one attempt."""

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
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
    """Make a transport over a session that others use as well, and that stays open after it.

    It waits so long for a connection, and for each piece of an answer; what a client is told of
    that reaches only a transport that the client makes itself (azure-core 1.41).
    """
    return AioHttpTransport(
        session=session,
        session_owner=False,
        connection_timeout=connect_seconds,
        read_timeout=read_seconds,
    )


class SendsRequests(Protocol):
    """What a generated client sends its requests through: the policies, and the transport."""

    def send_request(
        self, request: HttpRequest, *, stream: bool = False, **options: object
    ) -> "Awaitable[AsyncHttpResponse]": ...


class GeneratedClient(Protocol):
    """A client that the SDK has generated, with the pipeline that it has made of its credential."""

    @property
    def _client(self) -> SendsRequests: ...


async def answer_of(
    client: GeneratedClient, request: HttpRequest, id_named: str = "request_id", **options: object
) -> "AsyncHttpResponse":
    """Send a request and read its answer, of whatever status; raises azure.core's errors.

    As a stream the answer passes by the SDK's decoding. Of itself a pipeline makes the request's id
    from the clock and the network card (azure-core 1.41, RequestIdPolicy). `id_named` is what its
    policies call the id, and `options` are theirs as well.

    A generated client's own `send_request` copies the request, and fills in its URL as a template:
    that costs a tenth of the request, and is wrong for a link that has braces in it.
    """
    pipeline = client._client  # noqa: SLF001 - there is no public way to it
    options[id_named] = str(uuid4())
    response = await pipeline.send_request(request, stream=True, **options)
    try:
        await response.read()
    except zlib.error as error:
        raise DecodeError("the answer cannot be decompressed") from error
    finally:
        await response.close()
    return response


@lru_cache(64)
def http_date(text: str) -> datetime:
    """Read a header's instant, in whole seconds of UTC; raises ValueError.

    All answers of a second say the same, and reading it costs a fiftieth of what a request does.
    """
    try:
        date = parsedate_to_datetime(text)
    except OverflowError as error:
        raise ValueError(f"no instant: {text!r}") from error
    # "-0000" is UTC as well, and read as an instant without a zone (email.utils).
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
