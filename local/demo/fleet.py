"""The fleet that the story is played with: every kind of cluster that a real one may hold."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from typing import Final

from local.demo.bodies import (
    AUTO_UPGRADE,
    DEFAULT,
    NAP_OFF,
    NODE_OS,
    Json,
    cluster_body,
    cluster_id,
    configuration,
    weekly,
    window,
)

SHOP: Final = "11111111-1111-1111-1111-111111111111"
BANK: Final = "22222222-2222-2222-2222-222222222222"
LAB: Final = "33333333-3333-3333-3333-333333333333"
FOREIGN: Final = "99999999-9999-9999-9999-999999999999"
OWN_SUBSCRIPTIONS: Final = (SHOP, BANK, LAB)
DEV: Final = "dev"
PROD: Final = "prod"
_RINGS: Final = 3
NAMES: Final = {SHOP: "shop", BANK: "bank", LAB: "lab", FOREIGN: "foreign"}


class Kind(StrEnum):
    """What there is about a cluster."""

    MISSING = "NAP without a node OS schedule"
    MISSING_AMONG_SIBLINGS = "NAP without a node OS schedule, but with other configurations"
    NO_NAP = "without NAP"
    NO_PROFILE = "without a node provisioning profile"
    OWN = "somebody's own good schedule"
    ODD_CASING = "somebody's own good schedule in odd casing"
    FAR_START = "start date far ahead"
    EVERY_OTHER_WEEK = "every other week"
    MONTHLY = "monthly"
    NO_WINDOW = "a schedule without a maintenance window"
    ALL_BLOCKED = "every date is blocked"
    CHANNEL_NONE = "node OS upgrade channel None"
    TAGGED_OFF = "tag naptime=off"
    EXCLUDED = "named in NAPTIME_EXCLUDE"
    CREATING = "still being created"
    DELETING = "being deleted"
    FOREIGN = "in a subscription that is not naptime's"


@dataclass(frozen=True, slots=True)
class Member:
    """A cluster of the fleet: `body` is its ARM body with its maintenanceConfigurations."""

    kind: Kind
    id: str
    body: Json


_PLACES: Final = (
    (SHOP, "westeurope"),
    (SHOP, "northeurope"),
    (BANK, "westeurope"),
    (BANK, "swedencentral"),
    (LAB, "eastus2"),
)
_OWN_WINDOW: Final = window(weekly("Saturday"), durationHours=6, utcOffset="+02:00")
_SIBLINGS: Final = (
    configuration(AUTO_UPGRADE, window(weekly("Friday"), startTime="20:00")),
    configuration(DEFAULT, window(weekly("Monday"), startTime="02:00")),
)
_LONG_BLOCK: Final = [{"start": "2020-01-01", "end": "2120-12-31"}]


def fleet() -> tuple[Member, ...]:
    """Make the whole fleet; the same each time."""
    places = cycle(_PLACES)
    return tuple(
        _member(kind, name, *(_FIXED_PLACES.get(kind) or next(places)))
        for kind, name in _kinds_and_names()
    )


def fleet_document(members: Iterable[Member]) -> Json:
    """Write the fleet as the simulator's `--fleet` reads it."""
    return {"value": [member.body for member in members]}


def of_kinds(members: Iterable[Member], kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Give the ids of the clusters of some kinds."""
    wanted = frozenset(kinds)
    return tuple(member.id for member in members if member.kind in wanted)


def _kinds_and_names() -> Sequence[tuple[Kind, str]]:
    several = [
        *((Kind.MISSING, f"aks-{number}") for number in range(1, 16)),
        *((Kind.NO_NAP, f"no-nap-{number}") for number in range(1, 4)),
        *((Kind.NO_PROFILE, f"no-profile-{number}") for number in range(1, 3)),
        *((Kind.OWN, f"own-{number}") for number in range(1, 5)),
        *((Kind.MISSING_AMONG_SIBLINGS, f"siblings-{number}") for number in range(1, 4)),
    ]
    return [*several, *_SINGLE.items()]


_SINGLE: Final = {
    Kind.ODD_CASING: "odd-casing",
    Kind.FAR_START: "far-start",
    Kind.EVERY_OTHER_WEEK: "every-other-week",
    Kind.MONTHLY: "monthly",
    Kind.NO_WINDOW: "linked",
    Kind.ALL_BLOCKED: "all-blocked",
    Kind.CHANNEL_NONE: "channel-none",
    Kind.TAGGED_OFF: "tagged-off",
    Kind.EXCLUDED: "excluded",
    Kind.CREATING: "creating",
    Kind.DELETING: "deleting",
    Kind.FOREIGN: "partner",
}
_FIXED_PLACES: Final = {Kind.FOREIGN: (FOREIGN, "westeurope")}


def group_of(subscription: str, location: str) -> str:
    """Give the resource group of a place: the first has what the pages of docs/ ask about."""
    places = [*_PLACES, *_FIXED_PLACES.values()]
    return f"rg-{places.index((subscription, location)) + 1}"


def _ring(name: str) -> str:
    """Put every third of those with a number into the ring that comes first."""
    number = re.search("[0-9]+$", name)
    return DEV if number and int(number[0]) % _RINGS == 0 else PROD


def _member(kind: Kind, name: str, subscription: str, location: str) -> Member:
    identifier = cluster_id(subscription, group_of(subscription, location), name)
    tags = {"Naptime": "Off"} if kind is Kind.TAGGED_OFF else {"env": _ring(name)}
    body = cluster_body(identifier, location, tags, **_PROPERTIES.get(kind, {}))
    return Member(kind, identifier, {**body, "maintenanceConfigurations": _configurations(kind)})


_PROPERTIES: Final[dict[Kind, Json]] = {
    Kind.NO_NAP: {"nodeProvisioningProfile": NAP_OFF},
    Kind.NO_PROFILE: {"nodeProvisioningProfile": None},
    Kind.CHANNEL_NONE: {"autoUpgradeProfile": {"nodeOSUpgradeChannel": "None"}},
    Kind.CREATING: {"provisioningState": "Creating"},
    Kind.DELETING: {"provisioningState": "Deleting"},
}
_MONTHLY: Final[Json] = {"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 1}}
_SCHEDULES: Final[dict[Kind, Json]] = {
    Kind.OWN: _OWN_WINDOW,
    Kind.FAR_START: window(weekly("Saturday"), startDate="2099-01-03"),
    Kind.EVERY_OTHER_WEEK: window(weekly("Saturday", interval=2)),
    Kind.MONTHLY: window(_MONTHLY),
    Kind.NO_WINDOW: {},
    Kind.ALL_BLOCKED: window(weekly("Saturday"), notAllowedDates=_LONG_BLOCK),
    Kind.CHANNEL_NONE: _OWN_WINDOW,
}


def _configurations(kind: Kind) -> list[Json]:
    if kind is Kind.MISSING_AMONG_SIBLINGS:
        return list(_SIBLINGS)
    if kind is Kind.ODD_CASING:
        return [*_SIBLINGS, configuration(NODE_OS.upper(), _OWN_WINDOW)]
    properties = _SCHEDULES.get(kind)
    return [] if properties is None else [configuration(NODE_OS, properties)]
