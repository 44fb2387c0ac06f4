"""What a row of a run means for whoever reads a plan."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from naptime.source import FleetLook
from shared.domain.deciding.last_outcome import LastOutcomeJson
from shared.domain.deciding.outcome import WRITES, OutcomeKind, UpgradeScheduleJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason

_ATTENTION = frozenset(reason.value for reason in NEEDS_ATTENTION)
_KNOWN = frozenset(reason.value for reason in Reason)
_NOT_YET = frozenset({Reason.CLUSTER_CREATING.value, Reason.OPERATION_IN_PROGRESS.value})


class PlanKind(Enum):
    """In the order in which they are told: what matters most comes last."""

    LEAVE = "leave"
    EXCLUDED = "excluded"
    NOT_YET = "not yet"
    DIFFER = "differs"
    CREATE = "create"
    LOOK = "needs a person"
    UNREAD = "could not be read"


def kind_of(row: LastOutcomeJson) -> PlanKind:
    """Say which it is; a finding of a later version of naptime is for a person to look at."""
    if row["outcome"] in WRITES:
        return PlanKind.CREATE
    if row["reason"] in _NOT_YET:
        return PlanKind.NOT_YET
    if row["outcome"] in {OutcomeKind.DEFERRED, OutcomeKind.FAILED}:
        return PlanKind.UNREAD
    if attention(row):
        return PlanKind.LOOK
    if row["outcome"] == OutcomeKind.SKIPPED:
        return PlanKind.EXCLUDED
    return PlanKind.DIFFER if "drift" in row else PlanKind.LEAVE


def attention(row: LastOutcomeJson) -> list[str]:
    """Name the findings that a person should look at, the deciding one first."""
    found = [str(finding["reason"]) for finding in row["findings"]]
    return [reason for reason in found if reason in _ATTENTION or reason not in _KNOWN]


def sorted_out(rows: Iterable[LastOutcomeJson]) -> Mapping[PlanKind, list[LastOutcomeJson]]:
    """Put rows by their kinds, every kind named."""
    found: dict[PlanKind, list[LastOutcomeJson]] = {kind: [] for kind in PlanKind}
    for row in rows:
        found[kind_of(row)].append(row)
    return found


def made_beside(row: LastOutcomeJson) -> UpgradeScheduleJson | None:
    """Give the schedule of Kubernetes upgrades where that would be made, or was; else None."""
    other = row.get("kubernetes")
    return other if other and other["outcome"] in WRITES else None


def to_be_written(rows: Iterable[LastOutcomeJson]) -> Mapping[ClusterId, int]:
    """Say how many schedules each cluster is to get, of those that are to get any."""
    counts = {id_of(row): (row["outcome"] in WRITES) + bool(made_beside(row)) for row in rows}
    return {cluster_id: count for cluster_id, count in counts.items() if count}


def id_of(row: LastOutcomeJson) -> ClusterId:
    """Give the cluster of a row; raises InvalidResourceId."""
    return ClusterId.parse(row["clusterId"])


_HERE: Final = {
    Reason.SCHEDULE_MISSING.value: "Run naptime protect.",
    Reason.ACCESS_DENIED.value: "Give this login Reader there; with --app, give naptime's identity"
    " the role of `infra/`.",
    Reason.NOT_AUTHENTICATED.value: "Sign in again: `az login`.",
}
"""What is meant for the operator of a deployed naptime is said otherwise to whoever has none."""


def advice_on(reason: str) -> str:
    """Say what a person can do about a reason; empty for one that this version does not know."""
    return _HERE.get(reason) or (REASONS[Reason(reason)].you_can if reason in _KNOWN else "")


def meaning_of(reason: str) -> str:
    """Say what a reason means; empty for one that this version does not know."""
    return REASONS[Reason(reason)].meaning if reason in _KNOWN else ""


def screened(look: FleetLook) -> Counter[str]:
    """Count, by reason, the clusters that the listing settled: those without a row of their own."""
    counts = Counter(look.run.get("reasons", {}))
    rows = [*look.run["clusters"]["value"], *look.left_out]
    return counts - Counter(str(row["reason"]) for row in rows)
