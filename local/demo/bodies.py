"""ARM bodies of clusters and maintenance configurations, as people would write them."""

from typing import Final

type Json = dict[str, object]

NODE_OS: Final = "aksManagedNodeOSUpgradeSchedule"
AUTO_UPGRADE: Final = "aksManagedAutoUpgradeSchedule"
DEFAULT: Final = "default"
NAP_ON: Final = {"mode": "Auto"}
NAP_OFF: Final = {"mode": "Manual"}


def cluster_id(subscription: str, group: str, name: str) -> str:
    """Write the id of a managed cluster."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.ContainerService/managedClusters/{name}"
    )


def cluster_body(
    identifier: str, location: str, tags: dict[str, str] | None = None, **properties: object
) -> Json:
    """Write a cluster with NAP, or as the properties say; one of None is left out."""
    given: Json = {
        "provisioningState": "Succeeded",
        "kubernetesVersion": "1.34",
        "nodeProvisioningProfile": NAP_ON,
        "autoUpgradeProfile": {"upgradeChannel": "none", "nodeOSUpgradeChannel": "NodeImage"},
        **properties,
    }
    return {
        "id": identifier,
        "name": identifier.rpartition("/")[2],
        "location": location,
        "tags": tags or {},
        "properties": {key: value for key, value in given.items() if value is not None},
    }


def configuration(name: str, properties: Json) -> Json:
    """Write a maintenance configuration as a part of its cluster in a fleet file."""
    return {"name": name, "properties": properties}


def weekly(day: str, interval: int = 1) -> Json:
    """Write a weekly recurrence."""
    return {"weekly": {"intervalWeeks": interval, "dayOfWeek": day}}


def window(schedule: Json, **fields: object) -> Json:
    """Write the properties of a configuration: a window of four hours from 01:00 UTC, or as said.

    The keys are in ARM's order; the start date is left out unless it is given.
    """
    given: Json = {"durationHours": 4, "utcOffset": "+00:00", "startTime": "01:00", **fields}
    order = ("durationHours", "utcOffset", "startDate", "startTime", "notAllowedDates")
    ordered = {key: given[key] for key in order if key in given}
    return {"maintenanceWindow": {"schedule": schedule, **ordered}}
