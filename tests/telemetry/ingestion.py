"""Application Insights' ingestion end point, as much of it as the exporter needs: it keeps all."""

import gzip
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

type Json = dict[str, object]


@dataclass(slots=True)
class Ingestion:
    """What was sent, as envelopes: `name`, `tags`, and `data` with `baseType` and `baseData`."""

    url: str = ""
    envelopes: list[Json] = field(default_factory=list)

    def of(self, base_type: str) -> list[Json]:
        """Give the data of one kind: MetricData, EventData, MessageData."""
        data = [cast("Json", envelope["data"]) for envelope in self.envelopes]
        return [cast("Json", each["baseData"]) for each in data if each["baseType"] == base_type]

    def metrics(self) -> Iterator[tuple[str, float, Json]]:
        """Give each point of naptime's metrics: name, value, dimensions."""
        for data in self.of("MetricData"):
            for point in cast("list[Json]", data["metrics"]):
                name = str(point["name"])
                if name.startswith("naptime."):
                    yield name, cast("float", point["value"]), _properties(data)

    def events(self) -> Iterator[tuple[str, Json]]:
        """Give each custom event: name, properties."""
        for data in self.of("EventData"):
            yield str(data["name"]), _properties(data)

    def lines(self) -> Iterator[tuple[str, Json]]:
        """Give each log line: message, properties."""
        for data in self.of("MessageData"):
            yield str(data["message"]), _properties(data)

    def exceptions(self) -> Iterator[tuple[str, Json]]:
        """Give each log line with an exception: message, properties."""
        for data in self.of("ExceptionData"):
            for each in cast("list[Json]", data["exceptions"]):
                yield str(each["message"]), _properties(data)

    async def _track(self, request: web.Request) -> web.Response:
        body = await request.read()
        plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        text = plain.decode()
        sent = json.loads(text) if text.startswith("[") else [*map(json.loads, text.splitlines())]
        self.envelopes += sent
        count = len(sent)
        return web.json_response({"itemsReceived": count, "itemsAccepted": count, "errors": []})


async def _live(_: web.Request) -> web.Response:
    return web.json_response({}, headers={"x-ms-qps-subscribed": "false"})


def _properties(data: Json) -> Json:
    return cast("Json", data.get("properties") or {})


@asynccontextmanager
async def listening() -> "AsyncIterator[Ingestion]":
    """Listen on loopback, for live metrics as well, which nobody looks at."""
    ingestion = Ingestion()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v2.1/track", ingestion._track)
    app.router.add_post("/QuickPulseService.svc/{verb}", _live)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ingestion.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield ingestion
    finally:
        await runner.cleanup()
