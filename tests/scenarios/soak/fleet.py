"""The fleet of a soak: clusters that can be protected, that cannot be written, that are odd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import Json, cluster, schedule

SUBSCRIPTIONS = tuple(f"{digit * 8}-2222-2222-2222-222222222222" for digit in "123")
LOCATIONS = ("westeurope", "eastus2")
CLOSED_GROUPS: Mapping[str, str] = {"rg-locked": "locked", "rg-denied": "denied-by-policy"}
"""Resource groups that nobody can write in, and by which fault."""

EACH, CLOSED_EACH = 16, 4

_SPAN: Json = {"start": "2027-01-02", "end": "2027-01-03"}
ODD_SCHEDULES: Sequence[Json] = (
    {"maintenanceWindow": {"schedule": {"hourly": {"intervalHours": 3}}, "durationHours": 4}},
    schedule(notAllowedDates=[_SPAN] * 200, startTime="25:61"),
    {},
    {"maintenanceWindow": "none" * 20_000},
)
"""What somebody's cluster may have that no reader was made for."""


@dataclass(frozen=True, slots=True)
class SoakFleet:
    """Clusters by what can be done for them."""

    subscriptions: Sequence[str] = SUBSCRIPTIONS

    def document(self) -> Json:
        """Give the fleet file."""
        return {"clusters": [*_plain(), *_closed(), *_odd()], "subscriptions": [*SUBSCRIPTIONS]}


def _plain() -> list[Json]:
    return [
        cluster(f"aks-{location}-{number:02}", location=location, subscription=subscription)
        for subscription in SUBSCRIPTIONS
        for location in LOCATIONS
        for number in range(EACH)
    ]


def closed_scopes() -> dict[str, str]:
    """Give the scopes that nobody can write in, each with its fault."""
    scope = f"/subscriptions/{SUBSCRIPTIONS[0]}/resourceGroups"
    return {f"{scope}/{group}": fault for group, fault in CLOSED_GROUPS.items()}


def _closed() -> list[Json]:
    # Their names come first in every order.
    return [
        cluster(f"aaa-{group}-{number}", group=group, subscription=SUBSCRIPTIONS[0])
        for group in CLOSED_GROUPS
        for number in range(CLOSED_EACH)
    ]


def _odd() -> list[Json]:
    return [
        {
            **cluster(f"aa-odd-{number}", subscription=SUBSCRIPTIONS[1]),
            "maintenanceConfigurations": [{"name": NODE_OS_SCHEDULE, "properties": properties}],
        }
        for number, properties in enumerate(ODD_SCHEDULES)
    ]


def editable() -> list[ClusterId]:
    """Give the clusters that people change during a soak."""
    return [ClusterId.parse(str(body["id"])) for body in _plain()]


def is_protectable(body: Mapping[str, object]) -> bool:
    """Tell by a cluster's body whether naptime can and should protect it."""
    properties, tags = body["properties"], body.get("tags") or {}
    assert isinstance(properties, dict)
    assert isinstance(tags, dict)
    profile = properties.get("nodeProvisioningProfile") or {}
    return profile.get("mode") == "Auto" and tags.get("naptime") != "off" and not is_closed(body)


def is_closed(body: Mapping[str, object]) -> bool:
    """Tell whether a cluster is where nobody can write."""
    return any(f"/{group}/" in str(body["id"]) for group in CLOSED_GROUPS)
