"""What ARM says about a cluster and its maintenance configurations, without trusting its types."""

from collections.abc import Collection, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from shared.domain.vocabulary.fields import object_in, text_in
from shared.domain.vocabulary.ids import ClusterId, plain_location
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.window.body import WINDOW_FIELDS, read_window
from shared.domain.window.window import MaintenanceWindow

NODE_OS_SCHEDULE = "aksManagedNodeOSUpgradeSchedule"
"""The one configuration that gates node images; its siblings do not (Azure/karpenter-provider-
azure images.go)."""

AUTO_UPGRADE_SCHEDULE = "aksManagedAutoUpgradeSchedule"
"""The configuration that decides when AKS upgrades the control plane's Kubernetes version."""

REPLICATION = timedelta(minutes=10)
"""How long ARM may show what was there before a write. So long what it shows is no proof: neither a
404 where something else says that the cluster exists, nor a schedule that was just written over.
Its replicas lag minutes behind (Azure/azure-rest-api-specs#28600)."""

LONGEST_KEY, LONGEST_TEXT = 512, 256
"""Characters of a tag's key, and of its value or any other text of a cluster: Azure's own limits
(learn.microsoft.com, the page on tags); a simulator, or an API to come, may have others."""


class ObservedCluster(Struct, frozen=True):
    """A managed cluster; `location` in lower case without spaces, missing strings empty."""

    id: ClusterId
    location: str
    provisioning_state: str
    auto_provisioning: bool
    tags: Mapping[str, str]
    node_os_channel: str | None
    upgrade_channel: str | None
    node_resource_group: str | None = None
    sku: str = ""
    """The name: Automatic or Base."""

    def with_tags(self, keys: Collection[str]) -> "ObservedCluster":
        """Give it without the tags whose keys, in lower case, are not among these."""
        kept = {key: value for key, value in self.tags.items() if key.lower() in keys}
        return replace(self, tags=kept)

    def to_json(self) -> dict[str, object]:
        """Give all but the id as naptime's own rows and messages have it."""
        return {
            "location": self.location,
            "state": self.provisioning_state,
            "nap": self.auto_provisioning,
            "tags": dict(self.tags),
            "nodeOS": self.node_os_channel,
            "upgrade": self.upgrade_channel,
            "nodeGroup": self.node_resource_group,
            "sku": self.sku,
        }

    @classmethod
    def from_json(cls, cluster_id: ClusterId, body: Mapping[str, object]) -> Self:
        """Read what `to_json` gave; raises KeyError where it is something else."""
        return cls(
            id=cluster_id,
            location=str(body["location"]),
            provisioning_state=text_in(body, "state") or "",
            auto_provisioning=body["nap"] is True,
            node_os_channel=text_in(body, "nodeOS"),
            upgrade_channel=text_in(body, "upgrade"),
            node_resource_group=text_in(body, "nodeGroup"),
            sku=text_in(body, "sku") or "",
            tags=_tags(object_in(body, "tags")),
        )


class UnreadableCluster(Struct, frozen=True):
    """A managed cluster of a listing, of whose id naptime can make nothing."""

    location: str
    auto_provisioning: bool


class ClusterPage(Struct, frozen=True):
    """One page of a listing."""

    clusters: Sequence[ObservedCluster]
    unreadable: Sequence[UnreadableCluster] = ()


class ObservedSchedule(Struct, frozen=True):
    """What the node OS schedule says: a window, one that cannot be read, or (both None) nothing."""

    window: MaintenanceWindow | None = None
    unreadable: InvalidWindow | None = None
    more: bool = False
    """Whether there is something beside the window, or in it, that a write would lose."""


class SeenSchedule(Struct, frozen=True):
    """That the configurations were looked through, and what was found; None: none has the name."""

    schedule: ObservedSchedule | None


@dataclass(frozen=True, slots=True)
class ObservedConfiguration:
    """A maintenance configuration with its properties as ARM sent them.

    `schedule` is what the node OS schedule says, read once; that of a sibling is not read, and
    empty.
    """

    name: str
    properties: Mapping[str, object]
    schedule: ObservedSchedule = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        schedule = (
            read_schedule(self.properties) if self.is_node_os_schedule else ObservedSchedule()
        )
        object.__setattr__(self, "schedule", schedule)

    @property
    def has_window(self) -> bool:
        """Say whether it has a maintenance window, whatever is in that."""
        return self.properties.get("maintenanceWindow") is not None

    @property
    def is_node_os_schedule(self) -> bool:
        """Say whether this is the node OS schedule."""
        return is_node_os_schedule(self.name)


def is_node_os_schedule(name: str) -> bool:
    """Say whether a configuration's name is that of the node OS schedule.

    ARM compares names without case, and keeps the casing of whoever wrote it.
    """
    return name.lower() == NODE_OS_SCHEDULE.lower()


def read_schedule(properties: Mapping[str, object]) -> ObservedSchedule:
    """Read what a configuration's `properties` say, its window above all."""
    if properties.get("maintenanceWindow") is None:
        return ObservedSchedule()
    try:
        return ObservedSchedule(window=read_window(properties), more=_has_more(properties))
    except InvalidWindow as error:
        return ObservedSchedule(unreadable=error.few())


def _has_more(properties: Mapping[str, object]) -> bool:
    window = object_in(properties, "maintenanceWindow")
    beside = (value for name, value in properties.items() if name != "maintenanceWindow")
    inside = (value for name, value in window.items() if name not in WINDOW_FIELDS)
    return any((*beside, *inside))


class Listing(Struct, frozen=True):
    """A cluster's maintenance configurations, and ARM's own time when it answered (its `Date`)."""

    configurations: tuple[ObservedConfiguration, ...]
    answered_at: datetime | None = None


def observe_cluster(body: Mapping[str, object]) -> ObservedCluster:
    """Read a managed cluster's ARM body; all but the id may be missing or of the wrong type.

    Raises InvalidResourceId.
    """
    properties = object_in(body, "properties")
    channels = object_in(properties, "autoUpgradeProfile")
    return ObservedCluster(
        id=ClusterId.parse(text_in(body, "id") or "", "id"),
        location=_location(body),
        provisioning_state=_short(properties, "provisioningState") or "",
        auto_provisioning=_auto_provisioning(properties),
        tags=_tags(object_in(body, "tags")),
        node_os_channel=_short(channels, "nodeOSUpgradeChannel"),
        upgrade_channel=_short(channels, "upgradeChannel"),
        node_resource_group=_short(properties, "nodeResourceGroup"),
        sku=_short(object_in(body, "sku"), "name") or "",
    )


def observe_unreadable(body: Mapping[str, object]) -> UnreadableCluster:
    """Read the body of a managed cluster whose id `observe_cluster` has refused."""
    return UnreadableCluster(_location(body), _auto_provisioning(object_in(body, "properties")))


def observe_configuration(body: Mapping[str, object]) -> ObservedConfiguration:
    """Read a maintenance configuration's ARM body; anything may be missing.

    Without its name it has that of its id: one that is not recognised would be written over.
    """
    name = text_in(body, "name") or (text_in(body, "id") or "").rpartition("/")[2]
    return ObservedConfiguration(name, object_in(body, "properties"))


def node_os_schedule(
    configurations: Sequence[ObservedConfiguration],
) -> ObservedConfiguration | None:
    """Find the node OS schedule among a cluster's configurations."""
    return next((found for found in configurations if found.is_node_os_schedule), None)


def _tags(body: Mapping[str, object]) -> dict[str, str]:
    return {
        key[:LONGEST_KEY]: value[:LONGEST_TEXT]
        for key, value in body.items()
        if isinstance(value, str)
    }


def _short(body: Mapping[str, object], name: str) -> str | None:
    """Read a text loosely, and no more of it than any real one has."""
    text = text_in(body, name)
    return text and one_line(text, LONGEST_TEXT)


def _location(body: Mapping[str, object]) -> str:
    location = _short(body, "location")
    return plain_location(location) if location else ""


def _auto_provisioning(properties: Mapping[str, object]) -> bool:
    # A profile that is absent means Manual (Azure/azure-rest-api-specs, the property's default).
    mode = text_in(object_in(properties, "nodeProvisioningProfile"), "mode") or "Manual"
    return mode.lower() == "auto"
