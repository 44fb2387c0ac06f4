"""The newest node images by location, as naptime saw them: the table `naptimeimages`.

Partition key: the location's short name (`westeurope`). Row key: `{os}|{sku}` in lower case.
Values: `os`, `sku`, `version`, `previousVersion`, `seenSince`, `releaseSeen`; what they mean is
said at `KnownImage`.

Only the watcher of node images writes, after it has published. The forecast of the HTTP API reads.

The partition `source` holds a row for each location that says where its images came from at the
last look, so that a change of it is said once, whichever worker notices. The partition `look` holds
when each location was looked at last, and what was shown: a release came after that. The
partition `asked` holds for which versions a run was asked for (`run_for_release`).

The newest node images of locations, as the forecasts need them: read once a minute at most.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct, field

from shared.domain.images.known_image import (
    KnownImage,
    LastLook,
    SeenImage,
    SourceState,
    known_images,
    newest_of_each_os,
)
from shared.ports.azure import Clock
from shared.ports.storage import Table
from shared.reconcile.ground.at_once import at_once
from shared.reconcile.ground.later_rows import read

IMAGES_TABLE = "naptimeimages"
SOURCES_PARTITION = "source"
LOOKS_PARTITION = "look"


class ImageMemory(Struct, frozen=True):
    """Remembers the newest node images of locations, and tells them again."""

    table: Table

    async def remember(self, location: str, images: Iterable[KnownImage]) -> None:
        """Write down images of a location, in the place of what was known of their kinds."""
        rows = {known.key: known.to_values() for known in images}
        if rows:
            await self.table.merge(location, rows)

    async def sources(self) -> dict[str, SourceState]:
        """Tell where the images of each location came from at the last look."""
        rows = [row async for row in self.table.rows(SOURCES_PARTITION)]
        return {row.key: state for row in rows if (state := read(row, SourceState.of))}

    async def remember_source(self, location: str, state: SourceState) -> None:
        """Write down where the images of a location come from."""
        await self.table.merge(SOURCES_PARTITION, {location: state.to_values()})

    async def last_looks(self) -> dict[str, LastLook]:
        """Tell of the last look at each location."""
        rows = [row async for row in self.table.rows(LOOKS_PARTITION)]
        return {row.key: look for row in rows if (look := read(row, LastLook.of))}

    async def remember_looks(self, looks: Mapping[str, LastLook]) -> None:
        """Write down the last looks at locations; once what they brought is remembered."""
        if looks:
            rows = {location: look.to_values() for location, look in looks.items()}
            await self.table.merge(LOOKS_PARTITION, rows)

    async def of_location(self, location: str) -> list[KnownImage]:
        """Give every image that is known in a location (short name), in the order of their keys.

        Empty where the location has not been watched yet.
        """
        return known_images([row async for row in self.table.rows(location)])

    async def of_locations(self, locations: Iterable[str]) -> dict[str, list[KnownImage]]:
        """Give the same of many locations, read side by side; each of them is a key."""
        wanted = sorted(set(locations))
        found = await at_once([partial(self.of_location, location) for location in wanted])
        return dict(zip(wanted, found, strict=True))


KEPT = timedelta(minutes=1)
"""New images come weekly and are watched for every quarter of an hour; pages are asked for often,
and one may have clusters of every location."""

type Images = tuple[SeenImage, ...]


class NewestImages(Struct, frozen=True):
    """Tells the newest images of locations; callers at the same time share one reading."""

    memory: ImageMemory
    clock: Clock
    _kept: dict[str, tuple[datetime, Images]] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, locations: Iterable[str]) -> Mapping[str, Images]:
        """Give the images of some locations (short names); an empty name is no location."""
        wanted = {location for location in locations if location}
        if self._missing(wanted):
            async with self._reading:
                await self._read(self._missing(wanted))
        return {location: self._kept[location][1] for location in wanted}

    async def right_now(self, location: str) -> Images:
        """Read the images of a location (short name) again, for a look that is live."""
        if location:
            await self._read({location})
        return self._kept[location][1] if location else ()

    def _missing(self, wanted: set[str]) -> set[str]:
        oldest = self.clock.now() - KEPT
        return {
            location
            for location in wanted
            if location not in self._kept or self._kept[location][0] < oldest
        }

    async def _read(self, locations: set[str]) -> None:
        now = self.clock.now()
        for location, known in (await self.memory.of_locations(locations)).items():
            self._kept[location] = (now, newest_of_each_os(known))
