"""What naptime remembers of a node image in a location: its newest version, and since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from shared.domain.node_image import ImageDefinition, ImageVersion, NodeImage
from shared.domain.rows import Row, Value, without_none


@dataclass(frozen=True, slots=True)
class KnownImage:
    """The newest version of one kind of image that naptime has seen in one location.

    `seen_since` (UTC, by naptime's own clock) is when it first saw that version there. Where it
    saw it being released (`release_seen`), the release came between the look before, `seen_after`,
    and that instant; at the first sight of an image it is only the latest that the release can have
    been. `seen_after` is None where no look before has shown the kind.
    """

    image: NodeImage
    seen_since: datetime
    release_seen: bool
    previous_version: ImageVersion | None = None
    seen_after: datetime | None = None

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
        return cls(image, seen_since, row.flag("releaseSeen"), previous, seen_after)


def image_key(definition: ImageDefinition) -> str:
    """Give the key of the row of a kind of image."""
    return f"{definition.os}|{definition.sku}".lower()


def known_images(rows: Iterable[Row]) -> list[KnownImage]:
    """Read rows; those that naptime did not write are left out."""
    found = (KnownImage.of(row) for row in rows)
    return [known for known in found if known is not None]
