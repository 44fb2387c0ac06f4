"""A pass-through to the storage emulator that kills whoever sends a certain request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from copy import replace
from dataclasses import dataclass, field
from enum import Enum, auto

import aiohttp
from aiohttp import web
from yarl import URL

from local.storage_emulator import Ports

HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
LARGEST_BODY = 8 * 1024 * 1024


class When(Enum):
    """Whether a request comes to effect before its sender is killed."""

    BEFORE = auto()
    AFTER = auto()


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent: `path` with its query, still encoded, and the whole body."""

    method: str
    path: str
    body: bytes

    def writes(self, table: str, *words: bytes) -> bool:
        """Say whether it writes to a table whose name begins so, with these words in the body.

        A transaction names the table, and each row's key, in its body.
        """
        name, text = table.encode(), self.path.encode() + self.body
        is_write = self.method != "GET" and name in text
        return is_write and all(word in text for word in words)

    def enqueues(self, queue: str) -> bool:
        """Say whether it puts a message on a queue."""
        path, _, _ = self.path.partition("?")
        return self.method == "POST" and path.endswith(f"/{queue}/messages")


@dataclass(slots=True)
class Tripwire:
    """Kills once, at the first request that matches."""

    matches: Callable[[Request], bool]
    when: When
    kill: Callable[[], None] = lambda: None
    trips: list[Request] = field(default_factory=list)

    def catches(self, request: Request) -> bool:
        """Say whether this request is the one; of two that match at once only the first is."""
        if self.trips or not self.matches(request):
            return False
        self.trips.append(request)
        return True

    def refuses(self, request: Request) -> int:  # noqa: ARG002 - what a kind of it may go by
        """Give the status by which the storage service is to refuse a request, or 0."""
        return 0

    def dated(self, headers: dict[str, str]) -> dict[str, str]:
        """Give the headers of an answer; a kind of it may have another time in them."""
        return headers


@asynccontextmanager
async def through(tripwire: Tripwire, ports: Ports) -> AsyncIterator[Ports]:
    """Pass on what is sent to tables and queues; gives the ports to send it to."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        found = [
            await _listen(stack, _Passer(tripwire, session, port).answer)
            for port in (ports.queue, ports.table)
        ]
        yield replace(ports, queue=found[0], table=found[1])


type _Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class _Passer:
    tripwire: Tripwire
    session: aiohttp.ClientSession
    port: int

    async def answer(self, incoming: web.Request) -> web.StreamResponse:
        request = Request(incoming.method, incoming.raw_path, await incoming.read())
        if status := self.tripwire.refuses(request):
            return web.Response(status=status)
        caught = self.tripwire.catches(request)
        if caught and self.tripwire.when is When.BEFORE:
            self.tripwire.kill()
            raise web.HTTPServiceUnavailable
        try:
            answer = await self._pass_on(incoming, request)
        except aiohttp.ClientError:
            # The emulator closes a connection that idles just when the next request is sent on it.
            raise web.HTTPServiceUnavailable from None
        if caught:
            self.tripwire.kill()
        return answer

    async def _pass_on(self, incoming: web.Request, request: Request) -> web.Response:
        url = URL(f"http://127.0.0.1:{self.port}{request.path}", encoded=True)
        headers = {name: value for name, value in incoming.headers.items() if _is_kept(name)}
        async with self.session.request(
            # Signed headers, of which one too many is one that is wrong.
            *(request.method, url),
            headers=headers,
            data=request.body or None,
            skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding", "User-Agent"),
        ) as response:
            given = {name: value for name, value in response.headers.items() if _is_kept(name)}
            kept = self.tripwire.dated(given)
            return web.Response(status=response.status, headers=kept, body=await response.read())


async def _listen(stack: AsyncExitStack, answer: _Answer) -> int:
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    return port


def _is_kept(name: str) -> bool:
    return name.lower() not in HOP_BY_HOP
