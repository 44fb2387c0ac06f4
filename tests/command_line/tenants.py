"""A tenant as platform teams have them: many subscriptions, a few clusters of all kinds in each."""

from collections.abc import Iterator

from local.azure.fleet import Fleet, fleet_of
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import Json, cluster, schedule

KINDS = 8
PLACES = ("westeurope", "northeurope")
WITHOUT_SCHEDULE = 4
"""So many kinds in eight have none."""


def subscription(number: int) -> str:
    """Make up the id of a subscription."""
    return f"c0000000-0000-4000-8000-{number:012}"


def bodies(clusters: int, subscriptions: int) -> Iterator[Json]:
    """Give clusters in turn over the subscriptions, every kind in each location."""
    for number in range(clusters):
        where, nth = subscription(number % subscriptions), number // subscriptions
        kind = number % KINDS
        body = cluster(
            f"aks-{number:04}",
            group=f"rg-{nth % 3}",
            subscription=where,
            location=PLACES[nth % len(PLACES)],
            mode="Manual" if kind == 7 else "Auto",
            tags={"naptime": "off"} if kind == 6 else None,
        )
        own = {4: schedule(), 5: _every_second_week()}.get(kind)
        yield {**body, **({"maintenanceConfigurations": [_configuration(own)]} if own else {})}


def _every_second_week() -> Json:
    return {
        "maintenanceWindow": {
            "schedule": {"weekly": {"intervalWeeks": 2, "dayOfWeek": "Saturday"}},
            "durationHours": 4,
            "utcOffset": "+00:00",
            "startTime": "01:00",
        }
    }


def _configuration(properties: Json) -> Json:
    return {"name": "aksManagedNodeOSUpgradeSchedule", "properties": properties}


def tenant(clusters: int, subscriptions: int) -> Fleet:
    """Give the fleet of a simulator."""
    return fleet_of({"clusters": list(bodies(clusters, subscriptions))})


def a_cluster(number: int, subscriptions: int) -> ClusterId:
    """Name the cluster of a number."""
    nth = number // subscriptions
    return ClusterId.of(subscription(number % subscriptions), f"rg-{nth % 3}", f"aks-{number:04}")
