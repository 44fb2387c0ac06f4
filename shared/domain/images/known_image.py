"""What naptime remembers of a node image in a location: its newest version, and since when.

Where the node images of a location are read from, and why not from where they should be.

The last look at a location's node images: when it was, and which kinds it showed.

Which node images a forecast for a location is about: the newest one of each OS.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Self

from msgspec import Struct

from shared.domain.images.node_image import ImageDefinition, ImageVersion, NodeImage
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Row, Value, without_none


class KnownImage(Struct, frozen=True):
    """The newest version of one kind of image that naptime has seen in one location.

    `seen_since` (UTC, by naptime's own clock) is when it first saw that version there. Where it
    saw it being released (`release_seen`), the release came between the look before, `seen_after`,
    and that instant; at the first sight of an image it is only the latest that the release can have
    been. `seen_after` is None where no look before has shown the kind. `instead` is what is on
    offer where that version was withdrawn (Azure/AKS#2947).
    """

    image: NodeImage
    seen_since: datetime
    release_seen: bool
    previous_version: ImageVersion | None = None
    seen_after: datetime | None = None
    instead: "Instead | None" = None

    @property
    def offered(self) -> "KnownImage | None":
        """What is on offer of the kind, as far as is known; None if nothing is."""
        if self.instead is None:
            return self
        version, since = self.instead.version, self.instead.since
        # It was there before, nobody knows since when.
        image = NodeImage(self.image.definition, version) if version else None
        return KnownImage(image, since, release_seen=False) if image else None

    @property
    def key(self) -> str:
        """The image as one word, `{os}|{sku}` in lower case, fit for the key of a table row."""
        return image_key(self.image.definition)

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row; a version that had none before has no `previousVersion`."""
        definition = self.image.definition
        previous = self.previous_version
        return without_none(
            {
                "os": definition.os,
                "sku": definition.sku,
                "version": str(self.image.version),
                "previousVersion": str(previous) if previous else None,
                "seenSince": self.seen_since,
                "releaseSeen": self.release_seen,
                "seenAfter": self.seen_after,
                # Rows are merged: what is not withdrawn any more has to say so.
                "withdrawn": self.instead is not None,
                "offered": str(self.instead.version or "") if self.instead else "",
                "offeredSince": self.instead.since if self.instead else None,
            }
        )

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Read a row; None if it says something that naptime did not write."""
        image = NodeImage.of(row.text("os"), row.text("sku"), row.text("version"))
        seen_since = row.instant("seenSince")
        if image is None or seen_since is None:
            return None
        previous = ImageVersion.parse(row.text("previousVersion"))
        # Rows are merged: one that is of an earlier version is a bound all the same.
        seen_after = row.instant("seenAfter")
        return cls(
            image, seen_since, row.flag("releaseSeen"), previous, seen_after, Instead.of(row)
        )


class Instead(Struct, frozen=True):
    """An older version that is on offer (None: nothing is), since when naptime knows it (UTC)."""

    version: ImageVersion | None
    since: datetime

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Read it from the row of the kind; None where the newest version is on offer."""
        since = row.instant("offeredSince")
        if not row.flag("withdrawn") or since is None:
            return None
        return cls(ImageVersion.parse(row.text("offered")), since)


def image_key(definition: ImageDefinition) -> str:
    """Give the key of the row of a kind of image."""
    return f"{definition.os}|{definition.sku}".lower()


def known_images(rows: Iterable[Row]) -> list[KnownImage]:
    """Read rows; those that naptime did not write are left out."""
    found = (KnownImage.of(row) for row in rows)
    return [known for known in found if known is not None]


class ImageSource(StrEnum):
    """What tells of new images."""

    LOCATION = "Location"
    AGENT_POOLS = "AgentPools"
    NOTHING = "Nothing"


class PoolOfFamily(Struct, frozen=True):
    """The agent pool that is asked for the newest image of its family in a location."""

    cluster_id: ClusterId
    pool: str
    family: str


class SourceState(Struct, frozen=True):
    """Where the images of a location came from at the last look; `why` not from the location."""

    source: ImageSource = ImageSource.LOCATION
    why: str = ""
    pools: tuple[PoolOfFamily, ...] = ()

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        pools = [[str(pool.cluster_id), pool.pool, pool.family] for pool in self.pools]
        return {"source": self.source.value, "why": self.why, "pools": json.dumps(pools)}

    @classmethod
    def of(cls, row: Row) -> Self:
        pools = [
            PoolOfFamily(ClusterId.parse(cluster), pool, family)
            for cluster, pool, family in json.loads(row.text("pools"))
        ]
        return cls(ImageSource(row.text("source")), row.text("why"), tuple(pools))


class LastLook(Struct, frozen=True):
    """What is new since then was not there at `at` (UTC, before the images were asked for).

    That holds for `kinds` only: another source of images may not have shown the others.
    """

    at: datetime
    kinds: frozenset[str]

    def before(self, definition: ImageDefinition) -> datetime | None:
        """Say when that kind was looked at; None if it was not."""
        return self.at if definition.key in self.kinds else None

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        return {"lookedAt": self.at, "kinds": json.dumps(sorted(self.kinds))}

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Read a row; None if it does not say when."""
        at = row.instant("lookedAt")
        return cls(at, frozenset(json.loads(row.text("kinds") or "[]"))) if at else None


class SeenImage(Struct, frozen=True):
    """The newest version of an OS in a location, and the kinds of image that have it.

    `since` (UTC) is when naptime first saw it there, `after` when it looked and it was not there
    yet: the release came in between. None is the first sight: the image may be older by any time.
    """

    os: str
    version: ImageVersion
    skus: tuple[str, ...]
    since: datetime
    after: datetime | None


def newest_of_each_os(images: Iterable[KnownImage]) -> tuple[SeenImage, ...]:
    """Give the newest version on offer of each OS that node auto-provisioning takes images of.

    Ubuntu and Azure Linux are released apart, and a cluster's pools may use either. Kinds of one
    OS that have the version since different instants are told apart.
    """
    by_os: defaultdict[str, list[KnownImage]] = defaultdict(list)
    for known in images:
        offered = known.offered
        if offered and offered.image.definition.is_used_by_nap:
            by_os[offered.image.definition.os].append(offered)
    return tuple(seen for os in sorted(by_os) for seen in _newest(os, by_os[os]))


def _newest(os: str, images: list[KnownImage]) -> Iterable[SeenImage]:
    version = max(known.image.version for known in images)
    skus: defaultdict[tuple[datetime, datetime | None], list[str]] = defaultdict(list)
    for known in images:
        if known.image.version == version:
            after = known.seen_after if known.release_seen else None
            skus[known.seen_since, after].append(known.image.definition.sku)
    for (since, after), some in sorted(skus.items(), key=lambda item: sorted(item[1])):
        yield SeenImage(os, version, tuple(sorted(some)), since, after)
