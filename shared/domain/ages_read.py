"""What one reading of all NAP machines found, over the whole fleet."""

import json
from dataclasses import dataclass, field

from shared.domain.errors import AzureError
from shared.domain.image_age import ImageAge


@dataclass(slots=True)
class AgesRead:
    """What one reading found, to be logged."""

    clusters: int = 0
    """Clusters whose machines were looked for, those without any included."""
    machines: int = 0
    unknown_images: int = 0
    strange_machines: int = 0
    """Machines in groups of no cluster that is remembered; self-hosted Karpenter tags its own."""
    reasons: dict[str, int] = field(default_factory=dict)
    """The findings, by their reasons."""
    queries: int = 0
    failures: list[AzureError] = field(default_factory=list)

    def count_cluster(self, age: ImageAge) -> None:
        """Count a cluster, with what was found of it."""
        self.clusters += 1
        if age.reason:
            self.reasons[age.reason.value] = self.reasons.get(age.reason.value, 0) + 1

    @property
    def nothing_to_see(self) -> bool:
        """Whether there are clusters and not one machine: perhaps the permission is missing."""
        return bool(self.clusters) and not self.machines

    def to_facts(self) -> dict[str, object]:
        """Give it for the log."""
        failure = self.failures[0] if self.failures else None
        return {
            "clusters": self.clusters,
            "machines": self.machines,
            "unknownImages": self.unknown_images,
            "machinesOfNoCluster": self.strange_machines,
            "findings": json.dumps(self.reasons, separators=(",", ":")),
            "queries": self.queries,
            "failedBatches": len(self.failures),
            "reason": failure.reason.value if failure else None,
            "detail": failure.message if failure else None,
        }
