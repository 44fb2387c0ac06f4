"""ARM bodies of clusters and schedules, as small as a test needs them."""

from datetime import timedelta

from shared.domain.vocabulary.ids import ClusterId

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
FOREIGN_SUBSCRIPTION = "99999999-9999-9999-9999-999999999999"
OWN_CLIENT_ID = "aaaaaaaa-0000-0000-0000-00000000000a"

type Json = dict[str, object]


def cluster_id(name: str = "aks-1", group: str = "rg-1") -> ClusterId:
    """Give an id in the subscription that naptime may act on."""
    return ClusterId.of(SUBSCRIPTION, group, name)


def cluster(  # noqa: PLR0913 - the parts of a body, each with its default
    name: str = "aks-1",
    *,
    mode: str | None = "Auto",
    state: str = "Succeeded",
    tags: dict[str, str] | None = None,
    channel: str | None = "NodeImage",
    location: str = "westeurope",
    subscription: str = SUBSCRIPTION,
    group: str = "rg-1",
) -> Json:
    """Give a managed cluster's body; `mode` None leaves the profile out, as older versions do."""
    properties: Json = {"provisioningState": state}
    if mode:
        properties["nodeProvisioningProfile"] = {"mode": mode, "defaultNodePools": "Auto"}
    if channel:
        properties["autoUpgradeProfile"] = {"nodeOSUpgradeChannel": channel}
    properties["nodeResourceGroup"] = f"MC_{group}_{name}_{location}"
    return {
        "id": str(ClusterId.of(subscription, group, name)),
        "name": name,
        "location": location,
        "tags": tags or {},
        "properties": properties,
    }


def schedule(
    day: str = "Wednesday", start: str = "22:00", hours: int = 6, **window: object
) -> Json:
    """Give the properties of somebody's own weekly node OS schedule."""
    return {
        "maintenanceWindow": {
            "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": day}},
            "durationHours": hours,
            "utcOffset": "+01:00",
            "startDate": "2026-01-01",
            "startTime": start,
            **window,
        }
    }


MINUTE = timedelta(minutes=1)
