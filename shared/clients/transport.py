"""The HTTP transports: connections that clients share; to ARM one request is one attempt."""

from urllib.request import getproxies

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport


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


def transport_over(session: aiohttp.ClientSession) -> AioHttpTransport:
    """Make a transport over a session that others use as well, and that stays open after it."""
    return AioHttpTransport(session=session, session_owner=False)
