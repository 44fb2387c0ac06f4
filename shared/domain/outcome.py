"""What happened to one cluster."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain import instants
from shared.domain.cluster_id import ClusterId
from shared.domain.decision import Finding
from shared.domain.reasons import Reason
from shared.domain.window import MaintenanceWindow


class OutcomeKind(StrEnum):
    """What became of a decision."""

    CREATED = "Created"
    UPDATED = "Updated"
    UNCHANGED = "Unchanged"
    SKIPPED = "Skipped"
    DEFERRED = "Deferred"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one reconciliation.

    `window` is the one that ARM accepted or has, `next_start` (UTC) its next start if known,
    `calls` the calls made to ARM over all `attempts`. `retry_after` is the least wait before the
    next try of what was deferred. In a dry run the kind is what would have happened. `location`
    is None where the cluster was not read.
    """

    cluster_id: ClusterId
    kind: OutcomeKind
    reason: Reason
    message: str
    findings: tuple[Finding, ...]
    window: MaintenanceWindow | None
    next_start: datetime | None
    attempts: int
    calls: int
    dry_run: bool = False
    retry_after: timedelta | None = None
    location: str | None = None

    def to_json(self) -> dict[str, object]:
        """Give it ready for JSON: camelCase keys, instants in ISO 8601 with Z, waits in seconds."""
        return {
            "clusterId": str(self.cluster_id),
            "outcome": self.kind.value,
            "reason": self.reason.value,
            "message": self.message,
            "findings": [_finding_json(finding) for finding in self.findings],
            "window": self.window.to_arm() if self.window else None,
            "nextStart": instants.to_text(self.next_start) if self.next_start else None,
            "attempts": self.attempts,
            "calls": self.calls,
            "dryRun": self.dry_run,
            "retryAfterSeconds": None if self.retry_after is None else _seconds(self.retry_after),
        }


def _finding_json(finding: Finding) -> dict[str, str]:
    return {"reason": finding.reason.value, "message": finding.message}


def _seconds(wait: timedelta) -> float:
    return wait / timedelta(seconds=1)
