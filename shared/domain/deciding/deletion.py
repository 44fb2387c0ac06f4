"""What whoever deletes a node OS schedule has to know: who acts then, and who brings one back."""

from collections.abc import Callable

from shared.domain.deciding import checks
from shared.domain.deciding.decision import Desired, Finding
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.vocabulary.reasons import Reason

STAYS_AWAY: tuple[Callable[[ObservedCluster, Desired], Finding | None], ...] = (
    checks.not_auto_provisioned,
    checks.excluded,
    checks.deleting,
)
"""Why naptime would not create a schedule again."""

ANY_TIME = "Node auto-provisioning picks up new node images at any time as long as there is none."
COMES_BACK = (
    "The event of this deletion makes naptime create a schedule again, usually within a minute; if"
    " the event is lost, the next run does. To keep the cluster without one, exclude it first: tag"
    " naptime=off, or NAPTIME_EXCLUDE."
)


def warnings_of_deletion(cluster: ObservedCluster, desired: Desired) -> tuple[Finding, ...]:
    """Say what follows from deleting the cluster's node OS schedule."""
    any_time = Finding(Reason.SCHEDULE_MISSING, ANY_TIME)
    exposed = (any_time,) if cluster.auto_provisioning else ()
    return (*exposed, _afterwards(cluster, desired))


def comes_back(cluster: ObservedCluster, desired: Desired) -> bool:
    """Say whether naptime creates a schedule again."""
    return not any(check(cluster, desired) for check in STAYS_AWAY)


def _afterwards(cluster: ObservedCluster, desired: Desired) -> Finding:
    for check in STAYS_AWAY:
        if finding := check(cluster, desired):
            message = f"{finding.message} naptime does not bring a schedule back."
            return Finding(finding.reason, message)
    return Finding(Reason.SCHEDULE_MISSING, COMES_BACK)
