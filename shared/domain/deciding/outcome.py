"""What happened to one cluster."""

from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NotRequired, Self, TypedDict

from msgspec import Struct

from shared.domain.deciding.decision import Decision, Finding, FindingJson, finding_json
from shared.domain.deciding.observed import ObservedCluster, ObservedSchedule, SeenSchedule
from shared.domain.deciding.own.drift import Drift, DriftJson
from shared.domain.deciding.written import Written
from shared.domain.policy.choose import Choice
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow


class OutcomeKind(StrEnum):
    """What became of a decision; in a dry run, what would have become of it."""

    CREATED = "Created"
    UPDATED = "Updated"
    WOULD_CREATE = "WouldCreate"
    WOULD_UPDATE = "WouldUpdate"
    UNCHANGED = "Unchanged"
    SKIPPED = "Skipped"
    DEFERRED = "Deferred"
    FAILED = "Failed"


WRITES = frozenset(
    {
        OutcomeKind.CREATED,
        OutcomeKind.UPDATED,
        OutcomeKind.WOULD_CREATE,
        OutcomeKind.WOULD_UPDATE,
    }
)
"""What comes of a schedule that is to be written."""


class UpgradeScheduleJson(TypedDict):
    """What came of the schedule of Kubernetes upgrades, where naptime is asked to make one."""

    outcome: OutcomeKind
    reason: Reason
    message: str
    window: dict[str, object] | None
    nextStart: str | None


class UpgradeScheduleOutcome(Struct, frozen=True):
    """The same: Created, Deferred or Failed; `window` as ARM accepted it, or as it would be.

    `sent` is a window that was sent and perhaps accepted: nobody was told.
    """

    kind: OutcomeKind
    reason: Reason
    message: str
    window: MaintenanceWindow | None = None
    next_start: datetime | None = None
    retry_after: timedelta | None = None
    azure_code: str = ""
    sent: MaintenanceWindow | None = None

    def to_json(self) -> UpgradeScheduleJson:
        return {
            "outcome": self.kind,
            "reason": self.reason,
            "message": self.message,
            "window": write_window(self.window) if self.window else None,
            "nextStart": instants.to_text(self.next_start) if self.next_start else None,
        }


class OutcomeJson(TypedDict):
    """What came of one cluster; `window` as ARM has it, times in UTC, in a dry run what would."""

    clusterId: str
    outcome: OutcomeKind
    reason: Reason
    message: str
    findings: list[FindingJson]
    window: dict[str, object] | None
    nextStart: str | None
    attempts: int
    calls: int
    dryRun: bool
    retryAfterSeconds: float | None
    rule: str | None
    policyHash: str | None
    azureCode: NotRequired[str]
    kubernetes: NotRequired[UpgradeScheduleJson]
    drift: NotRequired[DriftJson]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one reconciliation.

    `window` is the one that ARM accepted or has, `next_start` (UTC) its next start if known,
    `calls` the calls made to ARM over all `attempts`. `retry_after` is the least wait before the
    next try of what was deferred. In a dry run the kind is what would have happened. `cluster` is
    None where the cluster was not read, `schedule` where it is not known what is there now.
    `azure_code` is the code of Azure's refusal, empty where there was none. `sent` is a window that
    was sent and perhaps accepted: nobody was told.
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
    cluster: ObservedCluster | None = None
    schedule: SeenSchedule | None = None
    auto_upgrade: SeenSchedule | None = None
    """The schedule of Kubernetes upgrades; None where it is not known what is there."""
    rule: str = ""
    """The rule of the policy that the cluster has; empty where that is not known."""
    policy_hash: str = ""
    """The version of the policy; empty for the settings' own."""
    azure_code: str = ""
    kubernetes: UpgradeScheduleOutcome | None = None
    sent: MaintenanceWindow | None = None
    choice: Choice | None = field(default=None, compare=False, repr=False)
    """What the policy wanted, for whoever asks why."""
    lets_go: datetime | None = None
    """When naptime wrote (UTC) the schedule that it lets go now, because somebody changed it."""

    drift: Drift | None = None
    """How an owned schedule differs from what is wanted, or differed before it was changed."""
    owned: bool = False
    """Whether the schedule is naptime's own."""
    record: Written | None = None
    """What is to be kept of who made it, where more is to be said than that it was written."""

    @classmethod
    def left_out(cls, cluster: ObservedCluster, decision: Decision, *, dry_run: bool) -> Self:
        """Give the outcome of a cluster that is left alone for what its own body says."""
        return cls(
            cluster_id=cluster.id,
            kind=OutcomeKind.SKIPPED,
            reason=decision.reason,
            message=decision.finding.message,
            findings=decision.findings,
            window=None,
            next_start=None,
            attempts=0,
            calls=0,
            dry_run=dry_run,
            cluster=cluster,
            rule=decision.rule,
            policy_hash=decision.policy_hash,
        )

    def not_written_down(self) -> "Outcome":
        """Give the failure that is shown of a cluster whose row no table takes."""
        came = f"{self.kind.value}, {self.reason.value}"
        return replace(
            self,
            kind=OutcomeKind.FAILED,
            reason=Reason.RECORD_TOO_LARGE,
            message=f"What came of it ({came}) is more than a row takes, and is not kept.",
            findings=(),
            window=None,
            next_start=None,
            retry_after=None,
            cluster=None,
            schedule=None,
            sent=None,
        )

    @property
    def only_would_be(self) -> bool:
        """Say whether there is no such schedule: a dry run stopped before the write."""
        return self.kind in {OutcomeKind.WOULD_CREATE, OutcomeKind.WOULD_UPDATE}

    def to_json(self) -> OutcomeJson:
        """Give it ready for JSON: camelCase keys, instants in ISO 8601 with Z, waits in seconds."""
        shown: OutcomeJson = {
            "clusterId": str(self.cluster_id),
            "outcome": self.kind,
            "reason": self.reason,
            "message": self.message,
            "findings": [finding_json(finding) for finding in self.findings],
            "window": write_window(self.window) if self.window else None,
            "nextStart": instants.to_text(self.next_start) if self.next_start else None,
            "attempts": self.attempts,
            "calls": self.calls,
            "dryRun": self.dry_run,
            "retryAfterSeconds": None if self.retry_after is None else _seconds(self.retry_after),
            "rule": self.rule or None,
            "policyHash": self.policy_hash or None,
        }
        if self.azure_code:
            shown["azureCode"] = self.azure_code
        if self.drift:
            shown["drift"] = self.drift.to_json()
        if self.kubernetes:
            shown["kubernetes"] = self.kubernetes.to_json()
        return shown

    @property
    def comes_back(self) -> bool:
        """Say whether something of it is tried again by its message."""
        if self.kind in {OutcomeKind.DEFERRED, OutcomeKind.FAILED}:
            return self.kind is OutcomeKind.DEFERRED
        return self.kubernetes is not None and self.kubernetes.kind is OutcomeKind.DEFERRED

    def with_upgrades(self, made: UpgradeScheduleOutcome | None) -> "Outcome":
        """Give it with what came of the other schedule; what is seen to is no finding any more.

        None where there is nothing to be made of it after all.
        """
        reason = Reason.KUBERNETES_UPGRADE_ANY_TIME
        rest = tuple(found for found in self.findings if found.reason is not reason)
        found = replace(self, kubernetes=made)
        if made and made.kind is OutcomeKind.CREATED:
            found = replace(found, auto_upgrade=SeenSchedule(ObservedSchedule(made.window)))
        if (made and made.kind is OutcomeKind.FAILED) or rest == self.findings:
            return found
        findings = rest or (Finding(Reason.UP_TO_DATE, "Explicit schedules are in place."),)
        first = findings[0] if self.reason is reason else Finding(self.reason, self.message)
        return replace(found, findings=findings, reason=first.reason, message=first.message)


def _seconds(wait: timedelta) -> float:
    return wait / timedelta(seconds=1)


def attention_in(outcome: Outcome) -> frozenset[Reason]:
    """Give the findings of an outcome that a person should look at."""
    return frozenset(finding.reason for finding in outcome.findings) & NEEDS_ATTENTION
