"""What the promises are judged by: the simulator's journal and state, and what was done to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.azure.json_values import as_list, as_object, as_text
from local.demo.bodies import NODE_OS, Json
from local.demo.journal import Call, Span, key_of


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
    def has_window(self) -> bool:
        """Whether the node OS schedule says when: without a window in it, it holds nothing back."""
        schedule = self.schedule
        return schedule is not None and bool(as_object(schedule[1].get("maintenanceWindow")))

    @property
    def siblings(self) -> Mapping[str, object]:
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
class Response:
    """How long one cluster took from the event to the accepted write."""

    cluster: str
    act: str
    took: timedelta
    harmed: bool = False


@dataclass(frozen=True, slots=True)
class Pickup:
    """When NAP takes a new node image on a cluster, and what lets it, by the simulator's rules."""

    cluster: str
    at: datetime
    gate: str

    @property
    def is_unguarded(self) -> bool:
        """Whether there was no window to wait for."""
        return self.gate == "fail-open"


@dataclass(frozen=True, slots=True)
class ReleaseEvidence:
    """A node image that was released in the story: when, where, and what the topic took about it.

    `published` has the id and the time of each event, `tick` is how often naptime looks. `unseen`
    is the key of a cluster there without a schedule, whose event was lost. `span` is the part of
    the journal from the release on.
    """

    location: str
    released_at: datetime
    published: Sequence[tuple[str, datetime]]
    tick: timedelta
    unseen: str
    span: Span


@dataclass(frozen=True, slots=True)
class Forgeries:
    """The part of the journal in which they were played, whom they named, and the real event's."""

    span: Span
    named: frozenset[str]
    fence: str


@dataclass(slots=True)
class Deeds:
    """What was done to the simulated world in the story, and what was measured; keys of clusters.

    `deleted` has a cluster once for each time that its schedule was deleted, `made` the schedules
    that people made: the key, the name as they wrote it, the properties. `never_without` are
    clusters that had a schedule of people's from their first moment on, `upgraded` those for which
    the policy asks for the schedule of Kubernetes upgrades too. `crowded` has the
    clusters one of whose events came many times, and the last call before that. `unfinished` says
    which acts did not come to the end that was waited for. `spans` are parts of the journal by
    what happened in them.
    """

    deleted: list[str] = field(default_factory=list)
    made: list[tuple[str, str, Json]] = field(default_factory=list)
    never_without: list[str] = field(default_factory=list)
    upgraded: list[str] = field(default_factory=list)
    crowded: dict[str, int] = field(default_factory=dict)
    responses: list[Response] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    forgeries: Forgeries | None = None
    release: ReleaseEvidence | None = None
    pickups: Sequence[Pickup] = ()


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
    story: Span
    forgeries: Span
    forged: frozenset[str]
    """The clusters that the forged events name."""
    fence: str
    """The cluster whose real event followed the forged ones."""
    deeds: Deeds
    release: ReleaseEvidence
    pickups: Sequence[Pickup] = ()
    """Who takes the image that was released in the end, and when."""
    for_a_person: frozenset[str] = frozenset()
    """The clusters of which naptime says that a person should look at them."""
