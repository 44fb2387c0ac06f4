"""When AKS upgraded Kubernetes on a cluster: by its channel, in the other schedule, or by a person.

A version that comes to a location is taken by every cluster there whose channel is on, in the first
occurrence of aksManagedAutoUpgradeSchedule, or at once where there is none (the page "Automatically
upgrade an AKS cluster"); how long AKS really waits without one is not known. An upgrade takes no
time here, and which channel takes which version is not simulated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from local.azure.arm.aks_schedule import next_start
from local.azure.arm.clusters import Sight
from local.azure.arm.state import KubernetesVersion
from local.azure.json_values import as_object


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The control plane of a cluster has a new version from an instant on, and why then."""

    at: datetime
    version: str
    why: str


def upgrades(
    sights: Sequence[Sight], versions: Sequence[KubernetesVersion], until: datetime
) -> list[Upgrade]:
    """Find the upgrades of a cluster before an instant; `versions` are those of its location."""
    found = {each.at: each for each in _by_hand(sights)}
    for version in versions:
        upgrade = _by_itself(sights, version)
        if upgrade is not None:
            # Of two versions that waited for one occurrence, the newer is taken.
            found[upgrade.at] = upgrade
    return [found[at] for at in sorted(found) if at < until]


def _by_hand(sights: Sequence[Sight]) -> Iterator[Upgrade]:
    for before, sight in pairwise(sights):
        if before.version and sight.version and sight.version != before.version:
            yield Upgrade(sight.since, sight.version, "somebody asked for it")


def _by_itself(sights: Sequence[Sight], version: KubernetesVersion) -> Upgrade | None:
    ends = [*(later.since for _, later in pairwise(sights)), None]
    for sight, end in zip(sights, ends, strict=True):
        at = max(version.at, sight.since)
        if not sight.upgraded or (end is not None and end <= at):
            continue
        if not as_object((sight.upgrade_schedule or {}).get("maintenanceWindow")):
            return Upgrade(at, version.version, "nothing says when: it comes at any hour")
        start = next_start(sight.upgrade_schedule or {}, at).start
        begins = max(start, at) if start else None
        if begins is not None and (end is None or begins < end):
            return Upgrade(begins, version.version, "within aksManagedAutoUpgradeSchedule")
    return None
