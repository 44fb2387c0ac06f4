"""ARM ids of managed clusters: one strict grammar, parsed into parts and rebuilt from them."""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule, text
from shared.domain.vocabulary.invalid import InvalidResourceId, Problem

# Patterns of Azure/azure-rest-api-specs, Microsoft.ContainerService stable/2026-08-01 and
# common-types. ASCII keeps letters such as the Kelvin sign from matching without case.
_FLAGS = re.ASCII | re.IGNORECASE
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RESOURCE_GROUP = r"[a-z0-9_.()-]{0,89}[a-z0-9_()-]"
CLUSTER_NAME = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_GROUP_ID = rf"/subscriptions/({GUID})/resourceGroups/({RESOURCE_GROUP})"
_CLUSTER_ID = rf"{_GROUP_ID}/providers/Microsoft\.ContainerService/managedClusters/({CLUSTER_NAME})"
_CONFIGURATION_ID = rf"({_CLUSTER_ID})/maintenanceConfigurations/({CLUSTER_NAME})"

_PARTS = (
    ("subscriptionId", re.compile(GUID, _FLAGS), "must be a GUID"),
    (
        "resourceGroup",
        re.compile(RESOURCE_GROUP, _FLAGS),
        "must be 1 to 90 of A-Z, a-z, 0-9, _ . ( ) - and must not end with a dot",
    ),
    (
        "name",
        re.compile(CLUSTER_NAME, _FLAGS),
        "must be 1 to 63 of A-Z, a-z, 0-9, _ - and start and end with a letter or digit",
    ),
)
_GROUP_GRAMMAR = re.compile(_GROUP_ID, _FLAGS)
_CLUSTER_GRAMMAR = re.compile(_CLUSTER_ID, _FLAGS)
_CONFIGURATION_GRAMMAR = re.compile(_CONFIGURATION_ID, _FLAGS)

_CLUSTER_RULE = (
    "must be /subscriptions/{GUID}/resourceGroups/{group}"
    "/providers/Microsoft.ContainerService/managedClusters/{name}"
)


@dataclass(frozen=True, slots=True, order=True)
class ClusterId:
    """The parsed ARM id of an AKS managed cluster; compared, hashed and sorted without case.

    Raises InvalidResourceId, with every part that is wrong, if it could not be a cluster's id.
    """

    subscription_id: str = field(compare=False)
    resource_group: str = field(compare=False)
    name: str = field(compare=False)
    key: str = field(init=False, repr=False)
    hash: str = field(init=False, repr=False, compare=False)
    """What stands for the cluster in the key of a row: 32 hexadecimal digits."""

    def __post_init__(self) -> None:
        parts = (self.subscription_id, self.resource_group, self.name)
        problems = [
            Problem(label, part, rule)
            for part, (label, grammar, rule) in zip(parts, _PARTS, strict=True)
            if not grammar.fullmatch(part)
        ]
        if problems:
            raise InvalidResourceId(problems)
        object.__setattr__(self, "subscription_id", self.subscription_id.lower())
        object.__setattr__(self, "key", str(self).lower())
        object.__setattr__(self, "hash", sha256(self.key.encode("ascii")).hexdigest()[:32])

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.ContainerService/managedClusters/{self.name}"
        )

    @classmethod
    def of(cls, subscription_id: str, resource_group: str, name: str) -> Self:
        """Make an id of its parts, each checked; raises InvalidResourceId."""
        return cls(subscription_id, resource_group, name)

    @classmethod
    def parse(cls, text: str, field_name: str = "clusterId") -> Self:
        """Parse a whole ARM id (segments in any case); raises InvalidResourceId."""
        match = _CLUSTER_GRAMMAR.fullmatch(text)
        if match is None:
            raise InvalidResourceId.because(field_name, text, _CLUSTER_RULE)
        return cls(match[1], match[2], match[3])


def parse_configuration_id(text: str) -> tuple[ClusterId, str]:
    """Split the id of a maintenance configuration into its cluster and its name.

    Raises InvalidResourceId.
    """
    match = _CONFIGURATION_GRAMMAR.fullmatch(text)
    if match is None:
        rule = f"{_CLUSTER_RULE}/maintenanceConfigurations/{{name}}"
        raise InvalidResourceId.because("configurationId", text, rule)
    return ClusterId.parse(match[1]), match[5]


def is_guid(text: str) -> bool:
    """Say whether the text is a GUID in its usual form, 8-4-4-4-12."""
    return _PARTS[0][1].fullmatch(text) is not None


def parse_subscription_id(text: str) -> str:
    """Give a subscription id in lower case; raises InvalidResourceId if it is not a GUID."""
    if not is_guid(text):
        raise InvalidResourceId.because("subscriptionId", text, "must be a GUID")
    return text.lower()


def parse_resource_group(text: str) -> str:
    """Check the name of a resource group; raises InvalidResourceId."""
    label, grammar, rule = _PARTS[1]
    if not grammar.fullmatch(text):
        raise InvalidResourceId.because(label, text, rule)
    return text


class Scope(Struct, frozen=True):
    """A cluster, or a resource group with every cluster in it; `key` is its id in lower case."""

    key: str

    def covers(self, cluster_id: ClusterId) -> bool:
        """Say whether the cluster is this one, or is in this resource group."""
        return f"{cluster_id.key}/".startswith(f"{self.key}/")


def parse_scope(text: str) -> Scope:
    """Parse the id of a cluster or of a resource group; raises InvalidResourceId."""
    if not (_CLUSTER_GRAMMAR.fullmatch(text) or _GROUP_GRAMMAR.fullmatch(text)):
        rule = "must be the id of a managed cluster or of a resource group"
        raise InvalidResourceId.because("scope", text, rule)
    return Scope(text.lower())


UNKNOWN_LOCATION = "unknown"
LOCATION = r"[A-Za-z][A-Za-z0-9 ]{0,59}"
"""A location by its short name or the other; an answer of Azure may have anything."""

_LOCATION = re.compile(LOCATION, re.ASCII)
# What a table key may not hold is more than this; ARM's names of locations are plainer still.
_NOT_PLAIN = re.compile(r"[^a-z0-9-]", re.ASCII)


def plain_location(text: str) -> str:
    """Give a location's short name: lower case, without spaces or anything unheard of."""
    return _NOT_PLAIN.sub("-", text.replace(" ", "").lower()) or UNKNOWN_LOCATION


def parse_location(value: object) -> str:
    """Read a location, 'West Europe' as well as westeurope, as its short name.

    Raises BrokenRule.
    """
    if not _LOCATION.fullmatch(text(value)):
        raise BrokenRule("must be the name of a location, such as westeurope")
    return plain_location(text(value))
