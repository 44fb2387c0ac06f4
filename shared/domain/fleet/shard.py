"""The shard: one subscription in one location, which is what AKS's limits are counted by.

The row of a shard, across all runs: its tokens, and who works on it.
"""

from datetime import datetime, timedelta
from math import isfinite
from typing import Self

from msgspec import Struct

from shared.domain.deciding.observed import ObservedCluster
from shared.domain.fleet.pace import Bucket, Draw, Pace
from shared.domain.vocabulary.ids import UNKNOWN_LOCATION
from shared.domain.vocabulary.rows import Reading, Value, without_none


class Shard(Struct, frozen=True, order=True):
    """A subscription id in lower case, and a location's short name."""

    subscription_id: str
    location: str

    @classmethod
    def of(cls, cluster: ObservedCluster) -> Self:
        """Give the shard that a cluster is in."""
        return cls(cluster.id.subscription_id, cluster.location or UNKNOWN_LOCATION)

    @property
    def key(self) -> str:
        """The shard as one word, fit for the key of a table row."""
        return f"{self.subscription_id}|{self.location}"


class Lease(Struct, frozen=True):
    """The right to work on a shard for one run's baton of one generation."""

    run_id: str
    generation: int
    until: datetime


class Grip(Struct, frozen=True):
    """A lease with the tokens that came with it, and the bucket that they were taken from."""

    lease: Lease
    draw: Draw
    bucket: Bucket


class HeldBy(Struct, frozen=True):
    """Somebody else works on the shard."""

    lease: Lease
    wait: timedelta


class ShardRow(Struct, frozen=True):
    """What is remembered of a shard."""

    bucket: Bucket
    lease: Lease | None = None

    def holder(self, now: datetime) -> Lease | None:
        """Give the lease that stands now, if one does."""
        return self.lease if self.lease and now < self.lease.until else None

    def to_values(self) -> dict[str, Value]:
        """Give the values of the row."""
        lease = self.lease
        return without_none(
            {
                "tokens": self.bucket.tokens,
                "refilledAt": self.bucket.refilled_at,
                "pausedUntil": self.bucket.paused_until,
                "leaseRun": lease.run_id if lease else None,
                "leaseGeneration": lease.generation if lease else None,
                "leaseUntil": lease.until if lease else None,
            }
        )

    @classmethod
    def of(cls, pace: Pace, reading: Reading) -> Self:
        """Read a row; a shard that has none has a full bucket and no holder."""
        row = reading.row
        refilled_at = row.instant("refilledAt") if row else None
        if row is None or refilled_at is None:
            return cls(Bucket.full(pace, reading.at))
        tokens = _number(row.values.get("tokens"))
        bucket = Bucket(pace, tokens, refilled_at, row.instant("pausedUntil"))
        until = row.instant("leaseUntil")
        if until is None:
            return cls(bucket)
        generation = int(_number(row.values.get("leaseGeneration")))
        return cls(bucket, Lease(row.text("leaseRun"), generation, until))


def _number(value: Value | None) -> float:
    """Read a number; 0 for what is none, since tokens come back, and a lease of nobody's lapses.

    A row that cannot be read would keep the calls of its shard from being made for ever.
    """
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0
