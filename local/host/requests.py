"""Requests as the host reads them before a function sees them."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

MAX_BODY_BYTES: Final = 104_857_600
"""Azure Functions' limit for a request, 100 MB (learn.microsoft.com, "HTTP trigger", Limits)."""

_CHUNK: Final = 65_536


class BodyTooLarge(Exception):
    """The body is larger than the host takes."""


class UnreadableHeader(Exception):
    """The value of a header is not text in UTF-8."""


async def read_body(request: web.BaseRequest, limit: int = MAX_BODY_BYTES) -> bytes:
    """Read a body piece by piece; BodyTooLarge as soon as it is known to pass the limit."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge
    body = bytearray()
    async for piece in request.content.iter_chunked(_CHUNK):
        body += piece
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


def header_values(request: web.BaseRequest) -> Mapping[str, str]:
    """Give the headers with names in lower case, repeated ones joined by a comma.

    Raises UnreadableHeader, for which Kestrel, the real host's server, answers 400: it decodes
    headers as UTF-8, and strictly (dotnet/aspnetcore, KestrelServerOptions).
    """
    values = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
    try:
        "".join(values.values()).encode()
    except UnicodeEncodeError as error:
        raise UnreadableHeader from error
    return values


def query_values(request: web.BaseRequest) -> Mapping[str, str]:
    """Give the query with repeated values joined by a comma, and without the empty ones.

    Names are the same whatever their case, and keep their first spelling.
    """
    query: CIMultiDict[str] = CIMultiDict(request.query.items())
    joined: dict[str, str] = {}
    for name in query:
        if name.lower() not in {seen.lower() for seen in joined}:
            joined[name] = ",".join(query.getall(name))
    return {name: value for name, value in joined.items() if value}


def given_key(request: web.BaseRequest) -> str | None:
    """Give the key of a request: the header goes before the query, even where it is wrong."""
    key = request.headers.get("x-functions-key")
    return query_value(request, "code") if key is None else key


def query_value(request: web.BaseRequest, name: str) -> str | None:
    """Give one value of the query, whatever the case of its name; None if absent or empty."""
    values = (value for key, value in query_values(request).items() if key.lower() == name.lower())
    return next(values, None)
