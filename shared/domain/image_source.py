"""Where the node images of a location are read from, and why not from where they should be."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from shared.domain.cluster_id import ClusterId
from shared.domain.rows import Row, Value


class ImageSource(StrEnum):
    """What tells of new images."""

    LOCATION = "Location"
    AGENT_POOLS = "AgentPools"
    NOTHING = "Nothing"


@dataclass(frozen=True, slots=True)
class PoolOfFamily:
    """The agent pool that is asked for the newest image of its family in a location."""

    cluster_id: ClusterId
    pool: str
    family: str


@dataclass(frozen=True, slots=True)
class SourceState:
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
        """Read a row."""
        pools = [
            PoolOfFamily(ClusterId.parse(cluster), pool, family)
            for cluster, pool, family in json.loads(row.text("pools"))
        ]
        return cls(ImageSource(row.text("source")), row.text("why"), tuple(pools))
