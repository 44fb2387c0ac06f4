"""Many who watch the fleet at once: the first page of `GET /api/clusters`, again and again."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp

from local.azure.json_values import as_list, as_object
from local.bench.figures import Row
from local.bench.processes import resident
from local.demo.stage import Stage, StageFailed

PAGES_EACH: Final = 20
PROMISED_MILLISECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """What each page took, in milliseconds, and the host's memory after each half, in megabytes."""

    callers: int
    took: tuple[float, ...]
    memory: tuple[float, float]

    def rows(self) -> tuple[Row, Row]:
        """Give the rows of the table."""
        median = statistics.median(self.took)
        words = f"first page of clusters for {self.callers} callers at once, median"
        after = f"memory after {len(self.took):,} pages (after half of them)"
        return (
            Row(words, PROMISED_MILLISECONDS, median, "ms"),
            Row(after, self.memory[0], self.memory[1], "MB"),
        )


async def watch(stage: Stage, callers: int) -> Watched:
    """Have so many callers read the first page, each one page after the other."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"x-functions-key": stage.api.key}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        halves = [await _half(session, stage, callers) for _ in range(2)]
    took = tuple(each for half, _ in halves for each in half)
    return Watched(callers, took, (halves[0][1], halves[1][1]))


async def _half(
    session: aiohttp.ClientSession, stage: Stage, callers: int
) -> tuple[list[float], float]:
    url = f"{stage.api.url}/api/clusters"
    found = await asyncio.gather(*(_caller(session, url) for _ in range(callers)))
    return [each for some in found for each in some], resident(stage.host_pid)


async def _caller(session: aiohttp.ClientSession, url: str) -> list[float]:
    return [await _page(session, url) for _ in range(PAGES_EACH // 2)]


async def _page(session: aiohttp.ClientSession, url: str) -> float:
    """Read a page; the milliseconds until the last of it was there."""
    before = time.perf_counter()
    async with session.get(url) as response:
        body = await response.read()
        took = (time.perf_counter() - before) * 1000
        clusters = as_list(as_object(await response.json()).get("value"))
    if response.status != HTTPStatus.OK or not clusters:
        raise StageFailed(f"GET /api/clusters: {response.status} {body[:200]!r}")
    return took
