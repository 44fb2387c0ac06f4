"""What happened to one cluster."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NotRequired, Self, TypedDict

from shared.domain.deciding.decision import Decision, Finding
from shared.domain.deciding.observed import ObservedCluster, SeenSchedule
from shared.domain.deciding.own.drift import Drift, DriftJson
from shared.domain.deciding.written import LONGEST, Written
from shared.domain.policy.choose import Choice
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.vocabulary.rows import Value
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


class FindingJson(TypedDict):
    """A reason, and a sentence about this cluster."""

    reason: Reason
    message: str


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

    def not_written_down(self) -> Self:
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
        return shown


def finding_json(finding: Finding) -> FindingJson:
    """Give a finding ready for JSON."""
    return {"reason": finding.reason, "message": finding.message}


def _seconds(wait: timedelta) -> float:
    return wait / timedelta(seconds=1)


def attention_in(outcome: Outcome) -> frozenset[Reason]:
    """Give the findings of an outcome that a person should look at."""
    return frozenset(finding.reason for finding in outcome.findings) & NEEDS_ATTENTION


class LastOutcomeJson(OutcomeJson):
    """What came of a cluster last, and when that was recorded."""

    recordedAt: str


_DATES = "notAllowedDates"
_CUT_TO = (120, 20)
"""Characters of a sentence; one beyond U+FFFF takes twelve as JSON."""


def fitted(shown: LastOutcomeJson, longest: int) -> LastOutcomeJson:
    """Give an outcome in so many characters of JSON: without dates, then with sentences cut."""
    if len(json.dumps(shown)) > longest:
        window = {name: value for name, value in (shown["window"] or {}).items() if name != _DATES}
        shown = {**shown, "window": window or None}
    for length in _CUT_TO:
        if len(json.dumps(shown)) <= longest:
            break
        shown = _cut(shown, length)
    return shown


def _cut(shown: LastOutcomeJson, length: int) -> LastOutcomeJson:
    findings: list[FindingJson] = [
        {"reason": each["reason"], "message": one_line(each["message"], length)}
        for each in shown["findings"]
    ]
    return {**shown, "message": one_line(shown["message"], length), "findings": findings}


def last_window_values(outcome: Outcome) -> Mapping[str, Value | None]:
    """Give the explicit schedule that is there, and that no write is under way any more.

    One that is there and says nothing that could be written again leaves none; one that is not
    there leaves the one before.
    """
    if outcome.schedule is None or outcome.dry_run or outcome.sent:
        return {}
    there = outcome.schedule.schedule
    window = json.dumps(write_window(there.window)) if there and there.window else ""
    kept = window if len(window) <= LONGEST else ""
    return {"sending": "", "lastWindow": kept if there else None}
