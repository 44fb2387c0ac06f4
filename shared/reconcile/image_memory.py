"""The newest node images by location, as naptime saw them: the table `naptimeimages`.

Partition key: the location's short name (`westeurope`). Row key: `{os}|{sku}` in lower case.
Values: `os`, `sku`, `version`, `previousVersion`, `seenSince`, `releaseSeen`; what they mean is
said at `KnownImage`.

Only the watcher of node images writes, after it has published. The forecast of the HTTP API reads.

The partition `source` holds a row for each location that says where its images came from at the
last look, so that a change of it is said once, whichever worker notices. The partition `look` holds
when each location was looked at last, and what was shown: a release came after that. The
partition `asked` holds for which versions a run was asked for (`run_for_release`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from shared.domain.image_source import SourceState
from shared.domain.known_image import KnownImage, known_images
from shared.domain.last_look import LastLook
from shared.reconcile.at_once import at_once
from shared.reconcile.ports import Table

IMAGES_TABLE = "naptimeimages"
SOURCES_PARTITION = "source"
LOOKS_PARTITION = "look"


@dataclass(frozen=True, slots=True)
class ImageMemory:
    """Remembers the newest node images of locations, and tells them again."""

    table: Table

    async def remember(self, location: str, images: Iterable[KnownImage]) -> None:
        """Write down images of a location, in the place of what was known of their kinds."""
        rows = {known.key: known.to_values() for known in images}
        if rows:
            await self.table.merge(location, rows)

    async def sources(self) -> dict[str, SourceState]:
        """Tell where the images of each location came from at the last look."""
        return {row.key: SourceState.of(row) async for row in self.table.rows(SOURCES_PARTITION)}

    async def remember_source(self, location: str, state: SourceState) -> None:
        """Write down where the images of a location come from."""
        await self.table.merge(SOURCES_PARTITION, {location: state.to_values()})

    async def last_looks(self) -> dict[str, LastLook]:
        """Tell of the last look at each location."""
        rows = [(row.key, LastLook.of(row)) async for row in self.table.rows(LOOKS_PARTITION)]
        return {location: look for location, look in rows if look}

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
