"""Starts that too many clusters of one shard share: an observation of the fleet, not of a cluster.

It is counted from what is remembered of the clusters, as of one instant.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self, TypedDict

from msgspec import Struct, field

from shared.domain.fleet.last_known import Remembered
from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Row, Value, without_none
from shared.domain.window.window import MaintenanceWindow

CROWD_SIZE = 20
"""More clusters than this with one start are a crowd. AKS advises against the same window on many
clusters of a subscription, as its throttling makes upgrades fail (planned-maintenance.md)."""

MOST_NAMED = 100
"""So many crowds of a subscription are named, the largest: they have to fit into one row."""

TOLD_FOR = timedelta(days=8)
"""How long after its start a crowd still counts as told: a weekly start comes back before that."""


LONGEST_TOLD = 30_000
"""Characters of what was told of: daily windows make a place for each day of the week."""


class CrowdJson(TypedDict):
    """A start that many clusters of one subscription and location share; the start is in UTC."""

    subscriptionId: str
    location: str
    start: str
    clusters: int
    reason: Reason
    message: str
    advice: str


class Crowd(Struct, frozen=True):
    """So many clusters of a shard that start at one instant."""

    shard: Shard
    start: datetime
    clusters: int

    @property
    def place(self) -> str:
        """Name it by location, and by day and time of the week (UTC), which comes back."""
        return f"{self.shard.location} {instants.in_utc(self.start):%a %H:%M}"

    def to_json(self) -> CrowdJson:
        """Give the finding as the HTTP API shows it."""
        start = instants.to_text(self.start)
        place = f"{self.shard.subscription_id} in {self.shard.location}"
        return {
            "subscriptionId": self.shard.subscription_id,
            "location": self.shard.location,
            "start": start,
            "clusters": self.clusters,
            "reason": Reason.WINDOWS_CROWDED,
            "message": f"{self.clusters} clusters of {place} start at {start}.",
            "advice": REASONS[Reason.WINDOWS_CROWDED].you_can,
        }

    def to_text(self) -> str:
        """Write it for the row of a subscription, which names that."""
        return f"{self.shard.location} {instants.to_text(self.start)} {self.clusters}"

    @classmethod
    def of(cls, subscription_id: str, text: str) -> Self:
        location, start, clusters = text.split(" ")
        return cls(Shard(subscription_id, location), instants.from_text(start), int(clusters))


def crowds_to_text(crowds: Iterable[Crowd]) -> str:
    """Write the crowds of one subscription for a row."""
    return ",".join(crowd.to_text() for crowd in crowds)


def crowds_from_text(subscription_id: str, text: str) -> tuple[Crowd, ...]:
    return tuple(Crowd.of(subscription_id, each) for each in text.split(",") if each)


def start_of(known: Remembered, now: datetime) -> datetime | None:
    """Give the next start of what is remembered of a cluster; None if there is none."""
    return _next_start(known.window, now) if known.window else None


@lru_cache(1024)
def _next_start(window: MaintenanceWindow, now: datetime) -> datetime | None:
    found = window.next_start(now)
    return found.start if found else None


def crowds_of(
    subscription_id: str, starts: Iterable[tuple[str, datetime | None]], size: int
) -> list[Crowd]:
    """Find what more than `size` of a subscription's clusters share: location and next start."""
    counted = Counter((location, start) for location, start in starts if location and start)
    return [
        Crowd(Shard(subscription_id, location), start, clusters)
        for (location, start), clusters in counted.most_common(MOST_NAMED)
        if clusters > size
    ]


class Crowding(Struct, frozen=True):
    """The crowds of one subscription as they were counted last, and those that were told of."""

    counted_at: datetime | None = None
    """As of when; None if nobody has counted."""
    crowds: tuple[Crowd, ...] = ()
    told: Mapping[str, datetime] = field(default_factory=dict)
    """By place, the last start that was counted of what was told."""

    def after(self, crowds: Iterable[Crowd], now: datetime) -> "tuple[Crowding, list[Crowd]]":
        """Give the crowding after another count, and those crowds that were not told of yet."""
        found = tuple(crowds)
        kept = {place: start for place, start in self.told.items() if now - start < TOLD_FOR}
        new = [crowd for crowd in found if crowd.place not in kept]
        told = {**kept, **{crowd.place: crowd.start for crowd in found}}
        return Crowding(now, found, told), new

    def start_shared_by(self, known: Remembered) -> datetime | None:
        """Give the start that a cluster shares with many, if it is one of a crowd."""
        if self.counted_at is None or not self.crowds:
            return None
        start = start_of(known, self.counted_at)
        shared = {(crowd.shard.location, crowd.start) for crowd in self.crowds}
        return start if (known.location, start) in shared else None

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        values: dict[str, Value | None] = {
            "countedAt": self.counted_at,
            "crowds": crowds_to_text(self.crowds),
            "told": _told_to_text(self.told),
        }
        return without_none(values)

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read the row of a subscription."""
        told = json.loads(row.text("told") or "{}")
        return cls(
            row.instant("countedAt"),
            crowds_from_text(row.partition, row.text("crowds")),
            {place: instants.from_text(start) for place, start in told.items()},
        )


def _told_to_text(told: Mapping[str, datetime]) -> str:
    """Write what was told of, the latest starts first; what there is no room for is told again."""
    kept: dict[str, str] = {}
    room = LONGEST_TOLD
    for place, start in sorted(told.items(), key=lambda each: each[1], reverse=True):
        room -= len(json.dumps({place: instants.to_text(start)}))
        if room < 0:
            break
        kept[place] = instants.to_text(start)
    return json.dumps(kept, separators=(",", ":"))
