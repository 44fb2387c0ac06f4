"""A webhook for the events of the simulated Event Grid."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from local.azure.json_values import as_list, as_object


@dataclass(slots=True)
class Receiver:
    """A webhook that remembers what it was sent, and answers as it is told."""

    answers: list[int] = field(default_factory=list)
    received: asyncio.Queue[tuple[dict[str, str], object]] = field(default_factory=asyncio.Queue)
    url: str = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer handshakes rightly, and events with the next status (200 when none is left)."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "OPTIONS":
            origin = headers["webhook-request-origin"]
            return web.Response(headers={"WebHook-Allowed-Origin": origin})
        body: object = await request.json()
        if headers["aeg-event-type"] == "SubscriptionValidation":
            data = as_object(as_object(as_list(body)[0])["data"])
            return web.json_response({"validationResponse": data["validationCode"]})
        await self.received.put((headers, body))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def next(self) -> tuple[dict[str, str], object]:
        """Wait for the next event."""
        async with asyncio.timeout(10):
            return await self.received.get()
