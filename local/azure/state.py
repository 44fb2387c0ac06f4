"""What the simulated Azure remembers: subscriptions, groups, clusters, configurations."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local.azure.json_values import JsonObject, as_object, as_text

_VERSIONS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Configuration:
    """A maintenance configuration: its name in the casing of its last writer, its properties."""

    name: str
    properties: JsonObject


type Configurations = Mapping[str, Configuration]


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
    rendered: dict[str, bytes] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The cluster's place among its subscription's clusters, without case."""
        return f"{self.group}/{self.name}".lower()

    @property
    def location(self) -> str:
        """The location's short name: 'West Europe' is westeurope."""
        return as_text(self.body.get("location")).replace(" ", "").lower()

    @property
    def provisioning_state(self) -> str:
        """The state of the last operation on the cluster: Succeeded, Creating and the like."""
        return as_text(as_object(self.body.get("properties")).get("provisioningState"))

    def replace_configurations(self, configurations: Configurations, now: datetime) -> None:
        """Change the set of configurations at an instant, and keep the one before."""
        self.earlier.append((now, self.configurations))
        self.configurations = configurations
        self.rendered.clear()

    def configurations_at(self, instant: datetime) -> Configurations:
        """Give the configurations as they were at an instant, as far back as is remembered."""
        for until, configurations in self.earlier:
            if instant < until:
                return configurations
        return self.configurations


@dataclass(slots=True)
class Subscription:
    """A subscription: its groups by lower-cased name, its clusters by their key."""

    id: str
    groups: dict[str, str] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)


class State:
    """The subscriptions by lower-cased id, and the node images that each location offers."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.node_images: dict[str, list[JsonObject]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self.subscriptions.clear()
        self.node_images.clear()

    def add_subscription(self, subscription: str) -> Subscription:
        """Give the subscription, made if it is new."""
        return self.subscriptions.setdefault(subscription.lower(), Subscription(subscription))

    def add_group(self, subscription: str, group: str) -> None:
        """Make a resource group unless it is there; the first casing of its name stays."""
        self.add_subscription(subscription).groups.setdefault(group.lower(), group)

    def put_cluster(
        self, address: tuple[str, str, str], body: JsonObject, now: datetime
    ) -> tuple[Cluster, bool]:
        """Write a cluster's body at (subscription, group, name); say also whether it is new."""
        subscription, group, name = address
        self.add_group(subscription, group)
        home = self.subscriptions[subscription.lower()]
        known = home.clusters.get(f"{group}/{name}".lower())
        if known is not None:
            known.body = body
            known.rendered.clear()
            return known, False
        cluster = Cluster(home.id, group, name, body, now)
        home.clusters[cluster.key] = cluster
        return cluster, True

    def delete_cluster(self, subscription: str, group: str, name: str) -> bool:
        """Delete a cluster and what belongs to it; say whether it was there."""
        home = self.subscriptions.get(subscription.lower())
        return home is not None and home.clusters.pop(f"{group}/{name}".lower(), None) is not None

    def cluster(self, subscription: str, group: str, name: str) -> Cluster | None:
        """Find a cluster, comparing without case."""
        home = self.subscriptions.get(subscription.lower())
        return home.clusters.get(f"{group}/{name}".lower()) if home else None

    def clusters(self) -> Iterator[Cluster]:
        """Go through every cluster."""
        for subscription in self.subscriptions.values():
            yield from subscription.clusters.values()


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
