"""What the simulated Azure remembers: subscriptions, groups, clusters, node images."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from local.azure.arm.clusters import Cluster
from local.azure.json_values import JsonObject, as_text
from local.azure.nap.machines import Address, Machine

_RELEASES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group."""

    name: str
    location: str
    tags: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a node image that came to a location at an instant, after a previous one."""

    at: datetime
    location: str
    os: str
    sku: str
    version: str
    previous: str


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    """A version of Kubernetes that AKS upgrades to in a location, from an instant on."""

    at: datetime
    location: str
    version: str


@dataclass(slots=True)
class Subscription:
    """A subscription: its groups by lower-cased name, its clusters and machines by their key.

    `gone` are the clusters that were deleted, and when.
    `unregistered` holds the lower-cased namespaces of resource providers that it may not use yet.
    """

    id: str
    groups: dict[str, Group] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    gone: deque[tuple[datetime, Cluster]] = field(
        default_factory=lambda: deque(maxlen=_RELEASES_KEPT)
    )
    unregistered: set[str] = field(default_factory=set)


class State:
    """The subscriptions by lower-cased id, and the node images that each location offers."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.node_images: dict[str, list[JsonObject]] = {}
        self.releases: deque[Release] = deque(maxlen=_RELEASES_KEPT)
        self.kubernetes: deque[KubernetesVersion] = deque(maxlen=_RELEASES_KEPT)

    def clear(self) -> None:
        """Forget everything."""
        self.subscriptions.clear()
        self.node_images.clear()
        self.releases.clear()
        self.kubernetes.clear()

    def add_subscription(self, subscription: str) -> Subscription:
        """Give the subscription, made if it is new."""
        return self.subscriptions.setdefault(subscription.lower(), Subscription(subscription))

    def add_group(self, subscription: str, group: str, location: str) -> None:
        """Make a resource group unless it is there; the first casing of its name stays."""
        groups = self.add_subscription(subscription).groups
        groups.setdefault(group.lower(), Group(group, location))

    def put_cluster(
        self, address: tuple[str, str, str], body: JsonObject, now: datetime
    ) -> tuple[Cluster, bool]:
        """Write a cluster's body at (subscription, group, name); say also whether it is new."""
        subscription, group, name = address
        known = self.cluster(*address)
        if known is not None:
            known.replace_body(body, now)
            return known, False
        cluster = Cluster(subscription, group, name, {}, now)
        cluster.replace_body(body, now)
        self.add_group(subscription, group, cluster.location)
        home = self.subscriptions[subscription.lower()]
        cluster.subscription = home.id
        home.clusters[cluster.key] = cluster
        return cluster, True

    def delete_cluster(self, address: tuple[str, str, str], now: datetime) -> None:
        """Delete a cluster, if it is there, and what belongs to it."""
        cluster = self.cluster(*address)
        if cluster is not None:
            home = self.subscriptions[address[0].lower()]
            home.gone.append((now, home.clusters.pop(cluster.key)))

    def cluster(self, subscription: str, group: str, name: str) -> Cluster | None:
        """Find a cluster, comparing without case."""
        home = self.subscriptions.get(subscription.lower())
        return home.clusters.get(f"{group}/{name}".lower()) if home else None

    def clusters_at(self, subscription: Subscription, instant: datetime) -> dict[str, Cluster]:
        """Give a subscription's clusters as they were, as far back as is remembered."""
        gone = {each.key: each for until, each in subscription.gone if until > instant}
        found = {**gone, **subscription.clusters}
        return {key: each.at(instant) for key, each in found.items() if each.created <= instant}

    def put_machine(self, address: Address, machine: Machine) -> None:
        """Write a virtual machine at its address, made or replaced."""
        subscription, group, name = address
        self.add_group(subscription, group, as_text(machine.body.get("location")))
        self.subscriptions[subscription.lower()].machines[f"{group}/{name}".lower()] = machine

    def machine(self, address: Address) -> Machine | None:
        """Find a virtual machine, comparing without case."""
        subscription, group, name = address
        home = self.subscriptions.get(subscription.lower())
        return home.machines.get(f"{group}/{name}".lower()) if home else None

    def delete_machine(self, address: Address) -> Machine | None:
        """Delete a virtual machine, and give what it was."""
        found = self.machine(address)
        if found is not None:
            subscription, group, name = address
            del self.subscriptions[subscription.lower()].machines[f"{group}/{name}".lower()]
        return found

    def machines(self) -> Iterator[Machine]:
        """Go through every virtual machine."""
        for subscription in self.subscriptions.values():
            yield from subscription.machines.values()

    def clusters(self) -> Iterator[Cluster]:
        """Go through every cluster."""
        for subscription in self.subscriptions.values():
            yield from subscription.clusters.values()
