"""Moving all clocks at once: the simulated Azure's, that of storage's answers, and the worker's."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from local.azure.clock import machine_now
from tests.scenarios.farm import Document, Farm, farm
from tests.scenarios.tripwire import Tripwire, When

AHEAD_FILE = "CLOCK_AHEAD_FILE"
_MINDED = "Executed 'mind_runs' (Succeeded"

SETTINGS: Mapping[str, str] = {
    "NAPTIME_MIND_SCHEDULE": "* * * * * *",
    # Timers go by the machine's clock: what is not of the story would come in at any time of it.
    "AzureWebJobs.sweep_fleet.Disabled": "true",
    "AzureWebJobs.watch_node_images.Disabled": "true",
}


def read_ahead(file: Path) -> timedelta:
    """Read by how much a clock is ahead of the machine's."""
    return timedelta(seconds=float(file.read_text(encoding="ascii")))


@dataclass(slots=True)
class StorageClock(Tripwire):
    """Has what storage answers dated by a clock that is ahead of the machine's."""

    ahead: timedelta = field(default_factory=timedelta)

    def dated(self, headers: dict[str, str]) -> dict[str, str]:
        """Move the date of an answer, which is what leases and the pace go by."""
        date = headers.get("Date")
        if date is None:
            return headers
        moved = format_datetime(parsedate_to_datetime(date) + self.ahead, usegmt=True)
        return {**headers, "Date": moved}


@dataclass(frozen=True, slots=True)
class Elsewhen:
    """A farm at another time, which can be moved on while its host idles or is down."""

    running: Farm
    storage: StorageClock
    file: Path

    async def move_to(self, instant: datetime) -> None:
        """Set all clocks to an aware instant; from there they go on as clocks do."""
        assert instant >= await self.running.now()
        await self.running.controls.clock(now=instant.isoformat())
        write_ahead(self.file, self.storage, instant)

    async def minded(self) -> None:
        """Wait until the minder has begun and ended a round at the time that it is now."""
        before = self._rounds()

        async def two_more() -> bool | None:
            # One may have begun before the clocks were moved.
            return self._rounds() >= before + 2 or None

        await self.running.until(two_more, holds="two rounds of the minder")

    def _rounds(self) -> int:
        return self.running.host.stderr_text().count(_MINDED)

    async def down_until(self, instant: datetime) -> None:
        """Stop the host, move the clocks, and start it again."""
        await self.running.stop_host()
        await self.move_to(instant)
        await self.running.start_host()


def write_ahead(file: Path, storage: StorageClock, instant: datetime) -> None:
    """Note by how much the clocks are ahead where it is that instant now."""
    storage.ahead = instant - machine_now()
    written = file.with_suffix(".new")
    written.write_text(str(storage.ahead.total_seconds()), encoding="ascii")
    written.replace(file)


@asynccontextmanager
async def farm_at(
    instant: datetime,
    folder: Path,
    fleet: Document,
    *options: str,
    lease_seconds: int = 600,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Elsewhen]:
    """Start a farm whose clocks begin at an aware instant; only the minder comes by itself."""
    storage = StorageClock(lambda _: False, When.BEFORE)
    file = folder / "ahead"
    write_ahead(file, storage, instant)
    async with farm(
        folder,
        fleet,
        *options,
        f"--now={instant.isoformat()}",
        lease_seconds=lease_seconds,
        host_module="tests.scenarios.clocks",
        settings={**SETTINGS, AHEAD_FILE: str(file), **(settings or {})},
        tripwire=storage,
    ) as running:
        yield Elsewhen(running, storage, file)
