"""One managed cluster as the simulated Azure remembers it, with what belongs to it."""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from local.azure.arm.aks_rules import AUTO_UPGRADE, NODE_OS
from local.azure.json_values import JsonObject, as_list, as_object, as_text, whole_number
from local.azure.nap.replacements import NodePool

# Channels by which AKS upgrades Kubernetes (the page "Automatically upgrade an AKS cluster").
_UPGRADING = frozenset({"patch", "stable", "rapid"})
_VERSIONS_KEPT = 8
_SIGHTS_KEPT = 256
SUCCEEDED = "Succeeded"
# States of an operation that is over; every other one means that something is going on.
_RESTING = frozenset({SUCCEEDED, "Failed", "Canceled", ""})


@dataclass(frozen=True, slots=True)
class Configuration:
    """A maintenance configuration: its name in the casing of its last writer, its properties."""

    name: str
    properties: JsonObject


type Configurations = Mapping[str, Configuration]


@dataclass(frozen=True, slots=True)
class Sight:
    """What decides about node images since an instant: NAP on or off, the node OS schedule.

    `forced` is what a control makes NAP read instead of what AKS would write from the schedule;
    `upgraded` whether AKS upgrades Kubernetes by itself, `upgrade_schedule` when, and `version` the
    one that the cluster's own body asks for.
    """

    since: datetime
    nap: bool
    schedule: JsonObject | None
    forced: Mapping[str, str] | None = None
    upgraded: bool = False
    upgrade_schedule: JsonObject | None = None
    version: str = ""


@dataclass(slots=True)
class Cluster:
    """A managed cluster as its ARM body says, and its configurations by lower-cased name.

    Configurations are replaced as a whole, never changed in place, so that an old listing can be
    shown again. `rendered` holds response bodies until the next change.
    """

    subscription: str
    group: str
    name: str
    body: JsonObject
    created: datetime
    configurations: Configurations = field(default_factory=dict)
    earlier: deque[tuple[datetime, Configurations]] = field(
        default_factory=lambda: deque(maxlen=_VERSIONS_KEPT)
    )
    earlier_bodies: deque[tuple[datetime, JsonObject]] = field(
        default_factory=lambda: deque(maxlen=_VERSIONS_KEPT)
    )
    changes: int = 0
    rendered: dict[str, bytes] = field(default_factory=dict)
    forced: Mapping[str, str] | None = None
    sights: deque[Sight] = field(default_factory=lambda: deque(maxlen=_SIGHTS_KEPT))
    pools: tuple[NodePool, ...] = ()

    @property
    def key(self) -> str:
        """The cluster's place among its subscription's clusters, without case."""
        return f"{self.group}/{self.name}".lower()

    @property
    def etag(self) -> str:
        """The cluster's eTag, another one after every change; a GUID, as AKS writes it."""
        text = f"{self.subscription}/{self.key} {self.created} {self.changes}".lower()
        return str(UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))

    @property
    def location(self) -> str:
        """The location's short name: 'West Europe' is westeurope."""
        return short_location(as_text(self.body.get("location")))

    @property
    def properties(self) -> JsonObject:
        """The cluster's own properties."""
        return as_object(self.body.get("properties"))

    @property
    def provisioning_state(self) -> str:
        """The state of the last operation on the cluster: Succeeded, Creating and the like."""
        return as_text(self.properties.get("provisioningState"))

    @property
    def is_busy(self) -> bool:
        """Whether an operation on the cluster is going on."""
        return self.provisioning_state not in _RESTING

    @property
    def has_nap(self) -> bool:
        """Whether node auto-provisioning is on."""
        profile = as_object(self.properties.get("nodeProvisioningProfile"))
        return as_text(profile.get("mode")) == "Auto"

    @property
    def is_upgraded(self) -> bool:
        """Whether AKS upgrades Kubernetes by itself: by its channel, and always if Automatic."""
        channel = as_text(
            as_object(self.properties.get("autoUpgradeProfile")).get("upgradeChannel")
        )
        sku = as_text(as_object(self.body.get("sku")).get("name"))
        return sku.lower() == "automatic" or channel.lower() in _UPGRADING

    @property
    def node_counts(self) -> dict[str, int]:
        """How many nodes each agent pool is to have, by its name."""
        pools = map(as_object, as_list(self.properties.get("agentPoolProfiles")))
        return {as_text(pool.get("name")): whole_number(pool.get("count")) or 0 for pool in pools}

    def replace_body(self, body: JsonObject, now: datetime) -> None:
        """Change what the cluster's own body says, at an instant."""
        if self.body:
            self.earlier_bodies.append((now, self.body))
        self.body = {key: value for key, value in body.items() if key != "eTag"}
        self.changes += 1
        self.rendered.clear()
        self._look(now)

    def replace_configurations(self, configurations: Configurations, now: datetime) -> None:
        """Change the set of configurations at an instant, and keep the one before."""
        self.earlier.append((now, self.configurations))
        self.configurations = configurations
        self.rendered.clear()
        self._look(now)

    def configurations_at(self, instant: datetime) -> Configurations:
        """Give the configurations as they were at an instant, as far back as is remembered."""
        for until, configurations in self.earlier:
            if instant < until:
                return configurations
        return self.configurations

    def at(self, instant: datetime) -> Self:
        """Give the cluster with its own body as it was, as far back as is remembered."""
        body = next((each for until, each in self.earlier_bodies if instant < until), self.body)
        return self if body is self.body else replace(self, body=body, rendered={})

    def force_window(self, data: Mapping[str, str] | None, now: datetime) -> None:
        """Make NAP read this as its upcoming window from an instant on; None: what AKS writes."""
        self.forced = data
        self._look(now)

    def _look(self, now: datetime) -> None:
        schedule = self.configurations.get(NODE_OS)
        other = self.configurations.get(AUTO_UPGRADE)
        seen = Sight(
            now,
            self.has_nap,
            schedule.properties if schedule else None,
            self.forced,
            self.is_upgraded,
            other.properties if other else None,
            as_text(self.properties.get("kubernetesVersion")),
        )
        last = self.sights[-1] if self.sights else None
        if last is not None and replace(last, since=now) == seen:
            return
        if last is not None and last.since == now:
            self.sights.pop()
        self.sights.append(seen)


def short_location(location: str) -> str:
    """Write a location as Azure names it: 'West Europe' is westeurope."""
    return location.replace(" ", "").lower()


def put_configuration(cluster: Cluster, configuration: Configuration, now: datetime) -> bool:
    """Write a configuration, replacing one of the same name in any casing; say whether it is new.

    The name takes the casing of the last writer (recorded traffic, 2026-09).
    """
    key = configuration.name.lower()
    is_new = key not in cluster.configurations
    cluster.replace_configurations({**cluster.configurations, key: configuration}, now)
    return is_new


def delete_configuration(cluster: Cluster, name: str, now: datetime) -> bool:
    """Delete a configuration; say whether it was there."""
    rest = {key: value for key, value in cluster.configurations.items() if key != name.lower()}
    if len(rest) == len(cluster.configurations):
        return False
    cluster.replace_configurations(rest, now)
    return True
