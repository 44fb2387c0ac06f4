"""The last look at a location's node images: when it was, and which kinds it showed."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from shared.domain.node_image import ImageDefinition
from shared.domain.rows import Row, Value


@dataclass(frozen=True, slots=True)
class LastLook:
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
