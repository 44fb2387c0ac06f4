"""What choosing costs: the time from a cluster to its rule, where the last of 200 matches."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import process_time
from types import MappingProxyType
from typing import Final

from local.bench.figures import Part, Row
from shared.domain.deciding.observed import ObservedCluster, observe_cluster
from shared.domain.policy.choose import Policy
from shared.domain.policy.read import read_policy
from shared.domain.policy.read_rules import MOST_RULES

NOW: Final = datetime(2026, 11, 27, 16, tzinfo=UTC)
MICROSECOND: Final = 1e-6
_WINDOW: Final = '[windows.w]\non = "Sunday"\nstart = "01:00"\nhours = 6\n'
_LAST: Final = '[[rules]]\nname = "everything else"\nwindow = "w"\n'

type Asks = Callable[[int], str]

RULES: Mapping[str, Asks] = MappingProxyType(
    {
        "by a tag and two locations": lambda number: (
            f'match.tags.team = "team-{number}"\nmatch.locations = ["westeurope", "eastus2"]\n'
        ),
        "by patterns of names": lambda number: (
            f'match.clusters = ["aks-{number}-*", "*-t{number}"]\n'
        ),
        "by a tag of its own each": lambda number: f'match.tags.key-{number} = "*"\n',
    }
)
"""Rules that do not match the cluster, by their number."""


def policy_of(asks: Asks) -> Policy:
    """Make a policy of as many rules as there may be, of which only the last matches."""
    rules = (
        f'[[rules]]\nname = "rule {number}"\n{asks(number)}window = "w"\n'
        for number in range(MOST_RULES - 1)
    )
    return read_policy(f"version = 1\n{_WINDOW}{''.join(rules)}{_LAST}", NOW)


def a_cluster() -> ObservedCluster:
    """Make a cluster with ten tags."""
    group = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-1"
    tags = {f"Tag-{number}": f"value {number}" for number in range(9)}
    return observe_cluster(
        {
            "id": f"{group}/providers/Microsoft.ContainerService/managedClusters/aks-prod",
            "location": "westeurope",
            "tags": {**tags, "Team": "payments"},
            "sku": {"name": "Base"},
        }
    )


async def measure(times: int) -> Part:
    """Choose so many times by each policy, and give the quickest of five rounds."""
    cluster = a_cluster()
    rows = [
        Row(f"200 rules {what}", 20.0, _quickest(policy_of(asks), cluster, times), "µs")
        for what, asks in RULES.items()
    ]
    return Part(f"choosing a window, {times} times", tuple(rows))


def _quickest(policy: Policy, cluster: ObservedCluster, times: int) -> float:
    return min(_once(policy, cluster, times) for _ in range(5))


def _once(policy: Policy, cluster: ObservedCluster, times: int) -> float:
    """Give the microseconds of processor time that one choice takes."""
    began = process_time()
    for _ in range(times):
        policy.choose(cluster, NOW)
    return (process_time() - began) / times / MICROSECOND
