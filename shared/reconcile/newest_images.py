"""The newest node images of locations, as the forecasts need them: read once a minute at most."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.seen_image import SeenImage, newest_of_each_os
from shared.reconcile.image_memory import ImageMemory
from shared.reconcile.ports import Clock

KEPT = timedelta(minutes=1)
"""New images come weekly and are watched for every quarter of an hour; pages are asked for often,
and one may have clusters of every location."""

type Images = tuple[SeenImage, ...]


@dataclass(frozen=True, slots=True)
class NewestImages:
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
