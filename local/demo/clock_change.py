"""The clocks of a zone change, and with them a schedule of naptime's own."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

import aiohttp

from local.azure.json_values import iso
from local.demo.across_clocks import BEFORE, START, WEEK, ZONE
from local.demo.azure_controls import AzureControls
from local.demo.bodies import cluster_body, cluster_id
from local.demo.fleet import LAB
from local.demo.journal import NAPTIME, Call
from local.demo.show import Line
from local.demo.stage import StageFailed
from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.demo.telling import Teller, counted
from local.processes import Child, death_pact
from local.storage_emulator import REPOSITORY

READY_SECONDS: Final = 30.0
PLAYED_SECONDS: Final = 60.0
_CLUSTER: Final = cluster_id(LAB, "rg-de", "berlin")
_HOUR: Final = timedelta(hours=1)


async def clocks_change(teller: Teller) -> Sequence[Line]:
    """Let weeks pass over a window in a zone: written before its clocks change, seen to after."""
    zone, change = ZoneInfo(ZONE), next_change(await teller.stage.azure.now())
    with teller.show.waiting("weeks pass ..."):
        writes = await _played(change)
    starts = [call.next_start.astimezone(zone) for call in writes if call.next_start]
    for call, start in zip(writes, starts, strict=False):
        text = f"berlin: written {call.time:%Y-%m-%d %H:%M}, starts {start:%a %Y-%m-%d %H:%M %z}"
        teller.show.told(text)
    expected = [f"{each.astimezone(zone):%Y-%m-%d} {START}" for each in (change - WEEK, change)]
    found = [f"{start:%Y-%m-%d %H:%M}" for start in starts]
    text = f"{counted(len(writes), 'write')}; starts there: {', '.join(found) or 'none'}"
    teller.tell("o", text, ok=found == expected)
    return [
        Line(f"clocks change in Berlin, {change:%d %b %Y}: it opens at {START} there as before"),
        Line(f"with the offset left as it was: at {_left_alone(starts, zone)}", aside=True),
    ]


def next_change(after: datetime) -> datetime:
    """Find the first whole hour (UTC) from which the zone's clocks are at another offset."""
    zone, hour = ZoneInfo(ZONE), after.replace(minute=0, second=0, microsecond=0) + _HOUR
    while hour.astimezone(zone).utcoffset() == (hour - _HOUR).astimezone(zone).utcoffset():
        hour += _HOUR
    return hour


def _left_alone(starts: Sequence[datetime], zone: ZoneInfo) -> str:
    """Say when the first window would open a week later, in the zone's own time."""
    if not starts:
        return "a time not known"
    return f"{(starts[0].astimezone(ZoneInfo('UTC')) + WEEK).astimezone(zone):%H:%M}"


async def _played(change: datetime) -> Sequence[Call]:
    """Have it played by a program of its own, and give the writes that were accepted."""
    with TemporaryDirectory(prefix="naptime-") as made:
        async with _azure(Path(made), change - BEFORE) as urls:
            settings = app_settings(urls, Path(made) / _AUTHORITIES, (LAB,), NAPTIME)
            environment = clean_environment() | settings | {"IDENTITY_HEADER": "made-up"}
            controls = urls["controlsHttp"]
            await _run([controls, iso(change)], environment)
            async with aiohttp.ClientSession() as session:
                calls = await AzureControls(session, controls).calls()
            return [call for call in calls if call.is_accepted_write]


_AUTHORITIES: Final = "authorities.pem"


@asynccontextmanager
async def _azure(folder: Path, now: datetime) -> AsyncIterator[Mapping[str, str]]:
    """Start a simulated Azure at some time, with one cluster; gives where it is."""
    fleet = folder / "fleet.json"
    fleet.write_text(json.dumps({"value": [cluster_body(_CLUSTER, "germanywestcentral")]}), "utf-8")
    files = ("--fleet", str(fleet), "--ca-out", str(folder / _AUTHORITIES))
    azure = await Child.start(
        [sys.executable, "-m", "local.azure", "--port", "0", "--now", iso(now), *files],
        env=clean_environment(),
        cwd=REPOSITORY,
        stderr=folder / "azure.log",
        ready_within=READY_SECONDS,
    )
    try:
        yield urls_of(azure)
    finally:
        await azure.stop()


async def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run the program to its end; it is killed where nobody waits for it any more."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.demo.across_clocks", *arguments),
        env=environment,
        cwd=REPOSITORY,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        start_new_session=True,  # Ctrl-C is for the story, which ends this in its turn
        preexec_fn=death_pact(),
    )
    try:
        async with asyncio.timeout(PLAYED_SECONDS):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise StageFailed(f"the clocks could not be changed: {said.decode()[-2000:]}")
