"""What whoever deletes a node OS schedule has to know: who acts then, and who brings one back."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.deciding import checks
from shared.domain.deciding.decision import Desired, Finding
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.policy.choose import Choice, ReportOnly
from shared.domain.vocabulary.reasons import Reason

STAYS_AWAY: tuple[Callable[[ObservedCluster, Desired, Choice], Finding | None], ...] = (
    checks.not_auto_provisioned,
    checks.excluded,
    checks.exempt,
    checks.deleting,
)
"""Why naptime would not create a schedule again."""

ANY_TIME = "Node auto-provisioning picks up new node images at any time as long as there is none."
STAYS_OFF = "naptime does not bring a schedule back."
COMES_BACK = (
    "The event of this deletion makes naptime create a schedule again, usually within a minute; if"
    " the event is lost, the next run does. To keep the cluster without one, exclude it first: tag"
    " naptime=off, or NAPTIME_EXCLUDE."
)


def warnings_of_deletion(
    cluster: ObservedCluster, desired: Desired, now: datetime
) -> tuple[Finding, ...]:
    """Say what follows from deleting the cluster's node OS schedule."""
    any_time = Finding(Reason.SCHEDULE_MISSING, ANY_TIME)
    exposed = (any_time,) if cluster.auto_provisioning else ()
    why_not = _stays_away(cluster, desired, now)
    return (*exposed, why_not or Finding(Reason.SCHEDULE_MISSING, COMES_BACK))


def comes_back(cluster: ObservedCluster, desired: Desired, now: datetime) -> bool:
    """Say whether naptime creates a schedule again."""
    return _stays_away(cluster, desired, now) is None


def _stays_away(cluster: ObservedCluster, desired: Desired, now: datetime) -> Finding | None:
    choice = desired.policy.choose(cluster, now)
    for check in STAYS_AWAY:
        if finding := check(cluster, desired, choice):
            return Finding(finding.reason, f"{finding.message} {STAYS_OFF}")
    if isinstance(choice.use, ReportOnly):
        return Finding(Reason.REPORT_ONLY, f"Rule '{choice.rule}' only reports: {STAYS_OFF}")
    return None
