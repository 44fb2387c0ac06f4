"""A fleet as large fleets are: a few large subscriptions, many small ones, in twenty locations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from local.azure.arm.locations import LOCATIONS
from tests.clusters import SUBSCRIPTION, cluster, schedule
from tests.fakes.aks import FakeAks

SIZES: Final = (*[500] * 5, *[150] * 20, *[60] * 75)
"""Clusters of each subscription: ten thousand in a hundred."""

PLACES: Final = tuple(LOCATIONS[:20])
AT_HOME: Final = 0.7
"""This part of a subscription is in one location; the rest is spread over three more."""

EVERY_MISSING: Final = 4


@dataclass(frozen=True, slots=True)
class Subscription:
    """One of them: its id, how many clusters it has, and where most of them are."""

    id: str
    clusters: int
    home: int

    def places(self) -> Iterator[str]:
        """Say where each of its clusters is."""
        for number in range(self.clusters):
            away = number >= self.clusters * AT_HOME
            yield PLACES[(self.home + (1 + number % 3) * away) % len(PLACES)]


def subscriptions(sizes: tuple[int, ...] = SIZES) -> list[Subscription]:
    """Make them up."""
    rest = SUBSCRIPTION.partition("-")[2]
    return [Subscription(f"{at:08}-{rest}", size, at) for at, size in enumerate(sizes)]


def fill(aks: FakeAks, fleet: list[Subscription]) -> None:
    """Put the clusters there, every fourth of them without a schedule."""
    bare = [schedule("Monday"), schedule("Thursday", "02:00")]
    for subscription in fleet:
        for number, place in enumerate(subscription.places()):
            name = f"{place}-{number:04}"
            made = aks.add(cluster(name, location=place, subscription=subscription.id))
            if number % EVERY_MISSING:
                aks.set_schedule(made, bare[number % 2])
