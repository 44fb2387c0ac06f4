"""What the promises are judged by: the simulator's journal and state, and what was done to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from local.azure.json_values import as_list, as_object, as_text, instant_of
from local.demo.bodies import NODE_OS, Json

NAPTIME: Final = "0a6f8b2e-5c1d-4e3f-9a7b-1c2d3e4f5a6b"
"""The client id of naptime's managed identity."""

_CLUSTER: Final = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.containerservice/managedclusters/[^/]+",
    re.IGNORECASE,
)


def key_of(resource_id: str) -> str:
    """Give the id of the cluster in a path or an id, in lower case; empty if it names none."""
    found = _CLUSTER.match(resource_id)
    return found[0].lower() if found else ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to ARM as the simulator's journal has it; `lead` counts from the accepted write."""

    sequence: int
    time: datetime
    method: str
    path: str
    status: int
    caller: str = NAPTIME
    operation: str = ""
    lead: timedelta | None = None

    @property
    def cluster(self) -> str:
        """The key of the cluster that the call is about, empty if it is about none."""
        return key_of(self.path)

    @property
    def is_write(self) -> bool:
        """Whether the call would change something."""
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    @property
    def is_listing(self) -> bool:
        """Whether the call reads the configurations of a cluster."""
        return self.operation == "MaintenanceConfigurations_ListByManagedCluster"

    @property
    def is_accepted_write(self) -> bool:
        """Whether ARM did what the call asked for; the answer may have been lost all the same."""
        accepted = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
        return self.is_write and self.status in accepted


def call_of(entry: Json) -> Call:
    """Read an entry of the journal."""
    lead = entry.get("leadMinutes")
    return Call(
        sequence=int(str(entry["sequence"])),
        time=instant_of(as_text(entry["time"])),
        method=as_text(entry["method"]),
        path=as_text(entry["path"]),
        status=int(str(entry["status"])),
        caller=as_text(entry["caller"]),
        operation=as_text(entry["operation"]),
        lead=timedelta(minutes=lead) if isinstance(lead, (int, float)) else None,
    )


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster as the simulator has it; configurations by their names as they were written."""

    key: str
    subscription: str
    location: str
    provisioning_state: str
    auto_provisioning: bool
    tags: Mapping[str, str]
    configurations: Mapping[str, Json]

    @property
    def schedule(self) -> tuple[str, Json] | None:
        """The node OS schedule with its name as it was written, None where there is none."""
        found = (each for each in self.configurations.items() if is_schedule(each[0]))
        return next(found, None)

    @property
    def siblings(self) -> Mapping[str, Json]:
        """Every other configuration."""
        return {name: body for name, body in self.configurations.items() if not is_schedule(name)}


def is_schedule(name: str) -> bool:
    """Tell whether a configuration of this name is the node OS schedule."""
    return name.lower() == NODE_OS.lower()


def cluster_state_of(body: Json) -> ClusterState:
    """Read a cluster with its configurations as the simulator's state shows it."""
    properties = as_object(body.get("properties"))
    profile = as_object(properties.get("nodeProvisioningProfile"))
    key = key_of(as_text(body["id"]))
    return ClusterState(
        key=key,
        subscription=key.split("/")[2],
        location=as_text(body["location"]),
        provisioning_state=as_text(properties.get("provisioningState")),
        auto_provisioning=profile.get("mode") == "Auto",
        tags={name: str(value) for name, value in as_object(body.get("tags")).items()},
        configurations={
            as_text(each["name"]): as_object(each["properties"])
            for each in map(as_object, as_list(body["maintenanceConfigurations"]))
        },
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the journal: the calls after one number, up to another, inclusive."""

    after: int
    until: int

    def of(self, journal: Sequence[Call]) -> tuple[Call, ...]:
        """Give the calls in this part."""
        return tuple(call for call in journal if self.after < call.sequence <= self.until)


@dataclass(frozen=True, slots=True)
class Response:
    """How long one cluster took from the event to the accepted write."""

    cluster: str
    act: str
    took: timedelta
    harmed: bool = False


@dataclass(slots=True)
class Deeds:
    """What was done to the simulated world in the story, and what was measured; keys of clusters.

    `deleted` has a cluster once for each time that its schedule was deleted, `made` the schedules
    that people made: the key, the name as they wrote it, the properties. `unfinished` says which
    acts did not come to the end that was waited for.
    """

    deleted: list[str] = field(default_factory=list)
    made: list[tuple[str, str, Json]] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the promises are judged by; clusters by their keys."""

    subscriptions: frozenset[str]
    excluded: frozenset[str]
    before: Mapping[str, ClusterState]
    after: Mapping[str, ClusterState]
    journal: Sequence[Call]
    dry_run: Span
    fleet_pass: Span
    forgeries: Span
    forged: frozenset[str]
    """The clusters that the forged events name."""
    fence: str
    """The cluster whose real event followed the forged ones."""
    deeds: Deeds
