"""How well a fleet is looked after, in four figures, from what a run has counted by reason."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from shared.domain.reasons import NEEDS_ATTENTION, Reason


class ClusterState(StrEnum):
    """What a run knows of a cluster's protection in the end."""

    PROTECTED = "Protected"
    NEEDS_ATTENTION = "NeedsAttention"
    UNCONFIRMED = "Unconfirmed"
    LEFT_OUT = "LeftOut"


_LEFT_OUT = frozenset(
    {Reason.NOT_AUTO_PROVISIONED, Reason.EXCLUDED, Reason.CLUSTER_DELETING, Reason.CLUSTER_GONE}
)


def state_after(reason: Reason, *, dry_run: bool) -> ClusterState:
    """Give the state of a cluster whose outcome in a run had that reason."""
    match reason:
        case Reason.UP_TO_DATE:
            return ClusterState.PROTECTED
        case Reason.SCHEDULE_MISSING:
            # The reason of one that was created; whatever prevented that is a reason of its own.
            return ClusterState.UNCONFIRMED if dry_run else ClusterState.PROTECTED
        case _ if reason in NEEDS_ATTENTION:
            return ClusterState.NEEDS_ATTENTION
        case _:
            return ClusterState.LEFT_OUT if reason in _LEFT_OUT else ClusterState.UNCONFIRMED


def count_states(reasons: Mapping[str, int], *, dry_run: bool) -> dict[ClusterState, int]:
    """Count clusters by state, zeros included, from their counts by reason."""
    counted: Counter[ClusterState] = Counter()
    for reason, count in reasons.items():
        counted[state_after(Reason(reason), dry_run=dry_run)] += count
    return {state: counted[state] for state in ClusterState}
