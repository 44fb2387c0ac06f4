"""Fleets of any size: clusters with NAP, of which some have no node OS schedule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from local.demo.bodies import NODE_OS, Json, cluster_body, cluster_id, configuration, weekly, window

EVERY_FOURTH: Final = 4
"""One cluster in so many has no schedule, unless a lot says otherwise."""


@dataclass(frozen=True, slots=True)
class Lot:
    """So many clusters in each of some subscriptions, in one location."""

    subscriptions: tuple[str, ...]
    location: str
    clusters: int
    every_missing: int = EVERY_FOURTH

    def bodies(self) -> Iterator[Json]:
        """Write the clusters as a fleet file has them, spread over resource groups."""
        for subscription in self.subscriptions:
            for number in range(self.clusters):
                name = f"{self.location}-{number:05}"
                identifier = cluster_id(subscription, f"bench-{number % 7}", name)
                body = cluster_body(identifier, self.location)
                yield body if number % self.every_missing == 0 else _with_schedule(body)


def subscriptions(number: int) -> tuple[str, ...]:
    """Make up the ids of so many subscriptions."""
    return tuple(f"be000000-0000-4000-8000-{each:012}" for each in range(number))


def fleet_of(lots: Sequence[Lot]) -> Json:
    """Write a fleet file."""
    return {"clusters": [body for lot in lots for body in lot.bodies()]}


def _with_schedule(body: Json) -> Json:
    schedule = configuration(NODE_OS, window(weekly("Saturday"), startTime="03:00"))
    return {**body, "maintenanceConfigurations": [schedule]}
