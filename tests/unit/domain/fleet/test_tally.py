import pytest

from shared.domain.fleet.tally import ClusterState, count_states, state_after
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason

PROTECTED = {
    *(Reason.UP_TO_DATE, Reason.SCHEDULE_MISSING, Reason.SCHEDULE_RESTORED),
    *(Reason.OUTDATED, Reason.UPDATE_WAITS, Reason.PUT_BACK),
}
LEFT_OUT = {
    *(Reason.NOT_AUTO_PROVISIONED, Reason.EXCLUDED),
    *(Reason.CLUSTER_DELETING, Reason.CLUSTER_GONE),
    Reason.SUBSCRIPTION_LEFT_OUT,
}


@pytest.mark.parametrize("reason", list(Reason))
def test_only_a_schedule_that_was_seen_or_written_protects(reason: Reason) -> None:
    """Whatever else a run ended with for a cluster, it has confirmed nothing."""
    state = state_after(reason, dry_run=False)
    assert (state is ClusterState.PROTECTED) == (reason in PROTECTED)
    assert (state is ClusterState.NEEDS_ATTENTION) == (reason in NEEDS_ATTENTION)
    assert (state is ClusterState.LEFT_OUT) == (reason in LEFT_OUT)


def test_a_dry_run_protects_nothing() -> None:
    """What would have been created is still missing."""
    assert state_after(Reason.SCHEDULE_MISSING, dry_run=True) is ClusterState.UNCONFIRMED
    assert state_after(Reason.UP_TO_DATE, dry_run=True) is ClusterState.PROTECTED


def test_every_state_is_counted() -> None:
    """A figure that is nought is said, so that an alert sees it end."""
    counted = count_states({"UpToDate": 3, "ScheduleMissing": 2, "Excluded": 1}, dry_run=False)
    assert counted == {
        ClusterState.PROTECTED: 5,
        ClusterState.NEEDS_ATTENTION: 0,
        ClusterState.UNCONFIRMED: 0,
        ClusterState.LEFT_OUT: 1,
    }
