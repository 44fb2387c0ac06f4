"""After how long the page is on the screen: for fleets of three sizes, and a page with one word.

The page and its data are served from memory, as the app gave them: what is measured is the page, in
this browser on this machine. A bare page says what those two cost by themselves.
"""

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import aiohttp
from aiohttp import web
from playwright.async_api import Browser

from local.page.browser import Look, context_of, painted_after

FLEETS: Final = (40, 400, 10_000)
TIMES: Final = 7
QUIET_SECONDS: Final = 1.5
"""A new tab has pages of the browser's own to load first."""

BARE: Final = '<!doctype html><html lang="en"><title>bare</title><p class="bare">bare</p></html>'
_KEPT: Final = ("Content-Type", "Content-Security-Policy")
_NAMES: Final = "bare", *map(str, FLEETS)


@dataclass(frozen=True, slots=True)
class Served:
    """Something as it is sent: compressed, with its headers."""

    body: bytes
    headers: Mapping[str, str]

    def response(self) -> web.Response:
        """Give it as an answer."""
        return web.Response(body=self.body, headers={**self.headers, "Content-Encoding": "gzip"})


async def measure(browser: Browser, url: str, look: Look) -> None:
    """Say after how long each is painted: the median of some times, and the part that is bare."""
    took: dict[str, list[float]] = {name: [] for name in _NAMES}
    async with _from_memory(url, look.key) as base:
        for _ in range(TIMES):
            for name, times in took.items():
                times.append(await _painted(browser, f"{base}/{name}/api/fleet", look))
    bare = median(took["bare"])
    print(f"painted after the address was opened, the median of {TIMES}, of a page with one word:")
    print(f"{bare:6.0f} ms, with a load of {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for count in FLEETS:
        found = median(took[str(count)])
        print(f"{found:6.0f} ms for {count:,} clusters, {found / bare:.1f} times that")


async def _painted(browser: Browser, url: str, look: Look) -> float:
    context = await context_of(browser, replace(look, key="measured"))
    page = await context.new_page()
    await asyncio.sleep(QUIET_SECONDS)
    await page.goto(url)
    took = await painted_after(page)
    await context.close()
    return took


@asynccontextmanager
async def _from_memory(url: str, key: str) -> AsyncIterator[str]:
    """Serve what is measured; gives the address before which the names come."""
    async with aiohttp.ClientSession(headers={"x-functions-key": key}) as session:
        page, data = await _taken(session, url), await _taken(session, f"{url}/data")
    served = {"/bare/api/fleet": _packed(BARE.encode(), {"Content-Type": "text/html"})}
    for count in FLEETS:
        served[f"/{count}/api/fleet"] = page
        many = _repeated(json.loads(gzip.decompress(data.body)), count)
        served[f"/{count}/api/fleet/data"] = _packed(many, data.headers)

    async def answer(request: web.BaseRequest) -> web.Response:
        return (
            served[request.path].response() if request.path in served else web.Response(status=404)
        )

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def _taken(session: aiohttp.ClientSession, url: str) -> Served:
    async with session.get(url) as answer:
        answer.raise_for_status()
        headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        return _packed(await answer.read(), headers)


def _packed(body: bytes, headers: Mapping[str, str]) -> Served:
    return Served(gzip.compress(body), headers)


def _repeated(answer: dict[str, list[list[object]]], count: int) -> bytes:
    rows = answer["clusters"]
    many = [
        [*row[:2], f"{row[2]}-{number}", *row[3:]]
        for number in range(count)
        for row in [rows[number % len(rows)]]
    ]
    return json.dumps({**answer, "clusters": many}).encode()
