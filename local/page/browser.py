"""The system's Chromium, driven: what a page said, what it asked for, and when it was painted.

Playwright would bring a browser of its own; a machine that has one needs no second.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KEY_NAME: Final = "naptime-key"

_PAINTED: Final = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".tiles, .bare")) return;
  observer.disconnect();
  const names = [".tile strong", ".week .who a", ".bare"];
  const seen = names.map((name) => document.querySelector(name)).filter(Boolean);
  seen.forEach((each, index) => each.setAttribute("elementtiming", `seen-${index}`));
  const times = [];
  new PerformanceObserver((list) => {
    times.push(...list.getEntries().map((entry) => entry.renderTime));
    if (times.length === seen.length) window.painted = Math.max(...times);
  }).observe({ type: "element", buffered: true });
}).observe(document, { childList: true, subtree: true });
"""
"""When the browser itself says that the figures and the first row were on the screen."""


_WHEN_PAINTED: Final = """new Promise((tell) => {
  const look = () => (window.painted ? tell(window.painted) : requestAnimationFrame(look));
  look();
})"""


class BrowserMissing(Exception):
    """There is no Chromium on PATH."""


def chromium() -> str:
    """Find the browser: `CHROMIUM`, or the first on PATH; raises BrowserMissing."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise BrowserMissing("no Chromium on PATH: on Debian it is the package chromium")
    return found


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """Start the browser without a window; raises BrowserMissing."""
    path = chromium()
    # Chromium's sandbox refuses to run as root, which is who continuous integration often is.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=options)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Seen:
    """What a page did that nobody should see: messages to the console, requests to elsewhere."""

    origin: str
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Write down what the page does from now on."""
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"error: {error}"))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        self.asked.append(url)
        parts = urlsplit(url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.foreign.append(url)


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at: by what screen (pixels), light or dark, where, with which key."""

    width: int = 1440
    height: int = 900
    dark: bool = False
    zone: str = "Europe/Berlin"
    key: str = ""
    scale: float = 1


async def context_of(browser: Browser, look: Look) -> BrowserContext:
    """Open a context that looks so; with a key in it, as if that had been typed."""
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.dark else "light",
        timezone_id=look.zone,
        device_scale_factor=look.scale,
    )
    if look.key:
        await context.add_init_script(
            f"if (location.host) sessionStorage.setItem({KEY_NAME!r}, {look.key!r})"
        )
    await context.add_init_script(_PAINTED)
    return context


async def opened(browser: Browser, url: str, look: Look) -> tuple[Page, Seen]:
    """Open a page, and give it with what it did and does."""
    parts = urlsplit(url)
    seen = Seen(f"{parts.scheme}://{parts.netloc}")
    page = await (await context_of(browser, look)).new_page()
    seen.watch(page)
    await page.goto(url)
    return page, seen


async def painted_after(page: Page) -> float:
    """Give after how many milliseconds from the navigation on the fleet was painted."""
    return float(await page.evaluate(_WHEN_PAINTED))
