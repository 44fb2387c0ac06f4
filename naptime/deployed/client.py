"""Calls to a deployed naptime over its own API, by a function key or the caller's token."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

import aiohttp
from msgspec import Struct

from naptime import __version__
from naptime.deployed.errors import NotNaptime, refusal_of
from shared.clients.retry import QuickRetry
from shared.domain.errors import ConnectionFailed
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.pages import LARGEST_PAGE

if TYPE_CHECKING:
    from shared.clients.identity import Credential


KEY, SCOPE = "NAPTIME_KEY", "NAPTIME_APP_SCOPE"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = "must be an https address such as https://naptime-ab12.azurewebsites.net"
_SECONDS = 130
"""Longer than the longest answer: the app itself gives up on one cluster after about 100 s."""

type Json = dict[str, object]


def read_address(text: str) -> str:
    """Read the app's address, with or without /api behind it; raises InvalidInput.

    Plain http is only for this very machine: a key must not travel in the open.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise InvalidInput.because("--app", text, _ADDRESS) from error
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    odd = parts.username or parts.password or parts.query or parts.fragment or not parts.hostname
    # urlsplit leaves out tabs and line breaks: the key would go to another address than is shown.
    odd = odd or not text.strip().isprintable()
    if odd or not (parts.scheme == "https" or local) or parts.path.rstrip("/") not in {"", "/api"}:
        raise InvalidInput.because("--app", text, _ADDRESS)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


@dataclass(frozen=True, slots=True)
class Access:
    """How the app knows the caller; at least one of the two."""

    key: str | None = field(default=None, repr=False)
    scope: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Access":
        """Read it from the environment, never from arguments, which shells keep."""
        key, scope = (environment.get(name, "").strip() or None for name in (KEY, SCOPE))
        if key is None and scope is None:
            rule = f"is not set: --app needs a function key there, or a token's scope in {SCOPE}"
            raise InvalidInput.because(KEY, "", rule)
        if key and not key.isprintable():
            raise InvalidInput.because(KEY, "(not shown)", "must be one line")
        return cls(key, scope)


NONE: Mapping[str, str] = MappingProxyType({})


class Sent(Struct, frozen=True):
    """A body, what it is, and headers beside it."""

    text: str
    media_type: str
    headers: Mapping[str, str]

    @property
    def all_headers(self) -> dict[str, str]:
        return {"Content-Type": self.media_type, **self.headers}


class AppClient:
    """One app; each call is tried again at once where that may help."""

    def __init__(self, address: str, access: Access, retry: QuickRetry) -> None:
        """Take an address as `read_address` gave it."""
        self._address = address
        self._access = access
        self._retry = retry
        self._session: aiohttp.ClientSession | None = None
        self._credential: Credential | None = None

    async def get(self, path: str, **query: str) -> Json:
        """Read something; raises NaptimeError."""
        return await self._retry(partial(self._call, "GET", path, query, None))

    async def post(
        self, path: str, body: Json, headers: Mapping[str, str] = NONE, **query: str
    ) -> Json:
        """Ask for something; the API's commands are harmless to repeat. Raises NaptimeError."""
        sent = Sent(json.dumps(body), "application/json", headers)
        return await self._retry(partial(self._call, "POST", path, query, sent))

    async def put(
        self, path: str, text: str, headers: Mapping[str, str] = NONE, **query: str
    ) -> Json:
        """Put a text; harmless to repeat, under a condition too. Raises NaptimeError."""
        sent = Sent(text, "application/toml", headers)
        return await self._retry(partial(self._call, "PUT", path, query, sent))

    async def pages(self, path: str, **query: str) -> AsyncIterator[Json]:
        """Yield the items of a long answer."""
        asked = {"pageSize": str(LARGEST_PAGE), **query}
        while True:
            page = await self.get(path, **asked)
            for item in items_of(page):
                yield item
            token = page.get("continuationToken")
            if not isinstance(token, str) or not token:
                return
            asked["continuationToken"] = token

    async def _call(
        self, method: str, path: str, query: Mapping[str, str], sent: "Sent | None"
    ) -> Json:
        try:
            async with self._open().request(
                method,
                f"{self._address}/api/{quote(path)}",
                params=query,
                data=sent.text.encode() if sent else None,
                headers={**await self._headers(), **(sent.all_headers if sent else {})},
                # A redirect would take the key along to wherever it leads.
                allow_redirects=False,
            ) as response:
                return _read(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            said = str(error) or type(error).__name__
            raise ConnectionFailed(f"{self._address} does not answer: {said}") from error

    async def _headers(self) -> dict[str, str]:
        headers = {"x-functions-key": self._access.key} if self._access.key else {}
        if self._access.scope:
            token = await self._signed_in().get_token(self._access.scope)
            headers["Authorization"] = f"Bearer {token.token}"
        return headers

    def _signed_in(self) -> "Credential":
        from shared.clients.own_login import own_credential  # noqa: PLC0415 - the SDK is slow

        if self._credential is None:
            self._credential = own_credential()
        return self._credential

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                trust_env=True,
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                headers={"User-Agent": f"naptime/{__version__}"},
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._credential is not None:
            await self._credential.close()


def items_of(page: Json) -> list[Json]:
    """Give the items of a page."""
    items = page.get("value")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise NotNaptime("the answer is no page of naptime's API")
    return cast("list[Json]", items)


def _read(status: int, body: bytes) -> Json:
    try:
        value = json.loads(body) if body else None
    except (ValueError, RecursionError):
        value = None
    if not 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls a success
        raise refusal_of(status, value)
    if not isinstance(value, dict):
        raise NotNaptime("the answer is no JSON object; is this the address of the function app?")
    return cast("Json", value)
