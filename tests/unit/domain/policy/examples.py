"""Policies and clusters for the tests of the policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.domain.policy.choose import Policy
from shared.domain.policy.read import read_policy
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import SUBSCRIPTION

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)

RINGS = """
version = 1

[windows.early]
on = "Tuesday"
start = "22:00"
hours = 5
zone = "Europe/Berlin"
spread = 60

[windows.weekend]
on = "Sunday"
start = "02:00"
hours = 6
zone = "Europe/Berlin"

[[rules]]
name = "sandboxes"
match.tags.env = "sandbox"
leave = { until = 2027-03-31, owner = "team-lab@example.com", reason = "rebuilt every night" }

[[rules]]
name = "dev and test"
match.tags.env = ["dev", "test"]
window = "early"

[[rules]]
name = "everything else"
window = "weekend"
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a rule looks at, and nothing else."""

    id: ClusterId
    location: str = "westeurope"
    tags: Mapping[str, str] = field(default_factory=dict)
    sku: str = "Base"


def a_cluster(
    name: str = "aks-1", group: str = "rg-prod", location: str = "westeurope", **tags: str
) -> Cluster:
    """Make a cluster with some tags."""
    return Cluster(ClusterId.of(SUBSCRIPTION, group, name), location, tags)


def rings() -> Policy:
    """Give the policy of the two rings."""
    return read_policy(RINGS, NOW)
