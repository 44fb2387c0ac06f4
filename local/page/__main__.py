"""`python -m local.page`: the fleet page of the stage of `make up`, in the system's browser.

It says what the page did that it should not, when it was painted, and leaves pictures of it.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from local.demo.setting_up import DID_NOT_START
from local.demo.stage import StageFailed
from local.page.browser import BrowserMissing, Look, opened, started
from local.page.fleet import looked_after
from local.page.measuring import measure
from local.storage_emulator import REPOSITORY

PICTURES: Final = REPOSITORY / "docs/pictures"
LOOKED_AT: Final = REPOSITORY / "dist/page"
SIZES: Final = ((1440, 900), (390, 844), (320, 640), (3840, 2160))
VIEWS: Final = ("week", "clusters", "approvals")
ALL: Final = ".columns, #clusters, #approvals, #cluster"


async def main(*, picture: bool) -> int:
    """Look at the page, or take its picture; 0 if nobody saw anything wrong."""
    with tempfile.TemporaryDirectory(prefix="naptime-") as folder:
        async with looked_after(Path(folder)) as stage, started() as browser:
            url, look = f"{stage.api.url}/api/fleet", Look(key=stage.api.key)
            if picture:
                return await _take_pictures(browser, url, look)
            wrong = await _look_at_it(browser, url, look)
            await measure(browser, url, look)
    return 1 if wrong else 0


async def _take_pictures(browser: Browser, url: str, look: Look) -> int:
    """Take the README's pictures: the week at one look, in the light and in the dark."""
    PICTURES.mkdir(exist_ok=True)
    for dark in (False, True):
        shown = replace(look, width=1280, height=760, dark=dark, zone="UTC")
        path = PICTURES / f"fleet-{'dark' if dark else 'light'}.png"
        await _shoot(browser, url, shown, path, whole=False)
        print(path.relative_to(REPOSITORY))
    return 0


async def _look_at_it(browser: Browser, url: str, look: Look) -> list[str]:
    """Take a picture of each view in each size, light and dark; gives what was wrong."""
    LOOKED_AT.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    views = {
        **{view: f"#{view}" for view in VIEWS},
        "cluster": await _a_cluster(browser, url, look),
    }
    for (view, fragment), (width, height), dark in product(views.items(), SIZES, (False, True)):
        shown = replace(look, width=width, height=height, dark=dark)
        path = LOOKED_AT / f"{view}-{width}-{'dark' if dark else 'light'}.png"
        wrong += await _shoot(browser, url + fragment, shown, path, whole=True)
    for each in wrong:
        print(f"wrong: {each}")
    print(f"{len(wrong)} things wrong; pictures are in {LOOKED_AT.relative_to(REPOSITORY)}")
    return wrong


async def _a_cluster(browser: Browser, url: str, look: Look) -> str:
    """Give the fragment of the first cluster's view."""
    page, _ = await opened(browser, f"{url}#clusters", look)
    fragment = await page.locator("tbody th.name a").first.get_attribute("href")
    await page.context.close()
    return fragment or ""


async def _shoot(browser: Browser, url: str, look: Look, path: Path, *, whole: bool) -> list[str]:
    page, seen = await opened(browser, url, look)
    await page.locator(ALL).first.wait_for()
    wide = await page.evaluate("document.documentElement.scrollWidth")
    await page.screenshot(path=path, full_page=whole)
    await page.context.close()
    found = [f"console: {each}" for each in seen.console]
    found += [f"asked elsewhere: {each}" for each in seen.foreign]
    return found + ([f"{url} is {wide} wide"] if wide > look.width else [])


def _run() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.page", description=__doc__)
    parser.add_argument("--picture", action="store_true", help="take the README's pictures")
    try:
        return asyncio.run(main(picture=parser.parse_args().picture))
    except (BrowserMissing, StageFailed, *DID_NOT_START) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(_run())
