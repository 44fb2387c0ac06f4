"""Reading a fleet: clusters and maintenance configurations as Resource Manager writes them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local.azure.arm.clusters import Configuration, put_configuration, short_location
from local.azure.arm.route import Route
from local.azure.arm.routes import route_of
from local.azure.arm.state import State
from local.azure.json_values import JsonObject, as_list, as_object, as_text, parse
from local.azure.nap.machines import Address, machine_address, machine_of, problems_of

_CONFIGURATIONS = "maintenanceConfigurations"
_LISTS = ("value", "clusters", "managedClusters", _CONFIGURATIONS, "virtualMachines")


class FleetIsInvalidError(Exception):
    """A fleet that cannot be read; every problem names the item, the field and the rule."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Fleet:
    """Clusters, configurations and machines with their parsed ids; subscriptions; node images."""

    clusters: list[tuple[Route, JsonObject]] = field(default_factory=list)
    configurations: list[tuple[Route, JsonObject]] = field(default_factory=list)
    machines: list[tuple[Address, JsonObject]] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    node_images: dict[str, list[JsonObject]] = field(default_factory=dict)

    def fill(self, state: State, now: datetime) -> None:
        """Make the state this fleet, and nothing else."""
        state.clear()
        state.node_images.update({key: list(value) for key, value in self.node_images.items()})
        for subscription in self.subscriptions:
            state.add_subscription(subscription)
        for route, body in self.clusters:
            state.put_cluster((route.subscription, route.group, route.cluster), body, now)
        for route, body in self.configurations:
            cluster = state.cluster(route.subscription, route.group, route.cluster)
            if cluster is not None:
                properties = as_object(body.get("properties"))
                put_configuration(cluster, Configuration(route.configuration, properties), now)
        for address, body in self.machines:
            state.put_machine(address, machine_of(address, body, now))
        for cluster in state.clusters():
            cluster.earlier.clear()
            cluster.earlier_bodies.clear()


def read_fleet(file: Path) -> Fleet:
    """Read a fleet file; raises FleetIsInvalidError, also when there is no such file."""
    try:
        return fleet_of(parse(file.read_bytes()))
    except OSError as error:
        raise FleetIsInvalidError([f"{file}: {error.strerror}"]) from error
    except ValueError as error:
        raise FleetIsInvalidError([f"{file}: not JSON: {error}"]) from error


def fleet_of(document: object) -> Fleet:
    """Read a fleet: a list of bodies, {"value": []}, or {"clusters": [], ...}.

    A cluster may carry its `maintenanceConfigurations`. Raises FleetIsInvalidError.
    """
    reader = _Reader(Fleet(), [])
    for where, item in _items(document, reader.problems):
        reader.read(where, item)
    top = as_object(document)
    _read_subscriptions(top.get("subscriptions", []), reader)
    for location, images in as_object(top.get("nodeImageVersions")).items():
        reader.fleet.node_images[short_location(location)] = [
            as_object(each) for each in as_list(images)
        ]
    reader.check_parents()
    if reader.problems:
        raise FleetIsInvalidError(reader.problems)
    return reader.fleet


def _items(document: object, problems: list[str]) -> Iterator[tuple[str, object]]:
    if isinstance(document, list):
        yield from ((f"item {number}", item) for number, item in enumerate(document))
        return
    top = as_object(document)
    if "id" in top:
        yield "item 0", top
        return
    known = [name for name in _LISTS if name in top]
    if not known and "subscriptions" not in top:
        problems.append("the document: must be a list of ARM bodies, or have value or clusters")
    for name in known:
        if not isinstance(top[name], list):
            problems.append(f"{name}: must be a list")
        yield from ((f"{name}[{n}]", item) for n, item in enumerate(as_list(top[name])))


def _read_subscriptions(value: object, reader: "_Reader") -> None:
    for number, each in enumerate(as_list(value)):
        given = as_object(each)
        text = as_text(each) or as_text(given.get("subscriptionId") or given.get("id"))
        identifier = text.rpartition("/")[2]
        if not identifier:
            reader.problems.append(f"subscriptions[{number}]: must be an id")
        reader.fleet.subscriptions.append(identifier)


@dataclass(slots=True)
class _Reader:
    fleet: Fleet
    problems: list[str]

    def read(self, where: str, item: object) -> None:
        if not isinstance(item, dict):
            self.problems.append(f"{where}: must be an object")
            return
        identifier = as_text(item.get("id"))
        address = machine_address(identifier)
        if address is not None:
            self._read_machine(f"{where} ({address[2]})", address, item)
            return
        route = route_of(identifier)
        if route is not None and route.is_cluster:
            self._read_cluster(f"{where} ({route.cluster})", route, item)
        elif route is not None and route.is_configuration:
            self._read_properties(f"{where} ({route.configuration})", item)
            self.fleet.configurations.append((route, item))
        else:
            self.problems.append(
                f"{where}: id '{identifier}': must be the id of a managed cluster, of a"
                " maintenance configuration or of a virtual machine"
            )

    def _read_cluster(self, where: str, route: Route, item: JsonObject) -> None:
        self._read_properties(where, item)
        if not as_text(item.get("location")):
            self.problems.append(f"{where}: location: must be a string that is not empty")
        if not isinstance(item.get("tags") or {}, dict):
            self.problems.append(f"{where}: tags: must be an object")
        body = {key: value for key, value in item.items() if key != _CONFIGURATIONS}
        properties = {"provisioningState": "Succeeded", **as_object(item.get("properties"))}
        self.fleet.clusters.append((route, {**body, "properties": properties}))
        for number, each in enumerate(as_list(item.get(_CONFIGURATIONS))):
            child = as_object(each)
            name = as_text(child.get("name")) or as_text(child.get("id")).rpartition("/")[2]
            child_id = f"{route.cluster_id}/{_CONFIGURATIONS}/{name}"
            self.read(f"{where}.{_CONFIGURATIONS}[{number}]", {**child, "id": child_id})

    def _read_machine(self, where: str, address: Address, item: JsonObject) -> None:
        self.problems.extend(f"{where}: {problem}" for problem in problems_of(item))
        self.fleet.machines.append((address, item))

    def _read_properties(self, where: str, item: JsonObject) -> None:
        if not isinstance(item.get("properties") or {}, dict):
            self.problems.append(f"{where}: properties: must be an object")

    def check_parents(self) -> None:
        known = {route.cluster_id.lower() for route, _ in self.fleet.clusters}
        self.problems.extend(
            f"{route.configuration_id}: id: its cluster must be in the fleet too"
            for route, _ in self.fleet.configurations
            if route.cluster_id.lower() not in known
        )
