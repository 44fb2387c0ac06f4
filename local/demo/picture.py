"""A picture of the fleet page as the story leaves it, where this machine has a browser."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from playwright.async_api import Error

from local.demo.telling import Teller
from local.page.browser import BrowserMissing, Look, opened, started
from local.storage_emulator import REPOSITORY

PICTURE: Final = REPOSITORY / "dist/page/story.png"
AT_MOST_SECONDS: Final = 15.0
_ZONE: Final = "UTC"


async def page_is_pictured(teller: Teller) -> Path | None:
    """Take it; None, and nothing is said, where there is no browser or it takes too long."""
    with suppress(BrowserMissing, Error, TimeoutError):
        with teller.show.waiting("the fleet page ..."):
            async with asyncio.timeout(AT_MOST_SECONDS):
                await _take(teller)
        return PICTURE.relative_to(REPOSITORY)
    return None


async def _take(teller: Teller) -> None:
    api = teller.stage.api
    async with started() as browser:
        look = Look(width=1280, height=900, key=api.key, zone=_ZONE)
        page, _ = await opened(browser, f"{api.url}/api/fleet", look)
        await page.locator("#week").wait_for()
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=PICTURE)
