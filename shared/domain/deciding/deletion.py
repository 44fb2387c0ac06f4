"""What whoever deletes a node OS schedule has to know: who acts then, and who brings one back."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.deciding import checks
from shared.domain.deciding.decision import Desired, Finding
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.policy.choose import ReportOnly
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.reasons import Reason

STAYS_AWAY: tuple[Callable[[ObservedCluster, Desired, datetime], Finding | None], ...] = (
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
    return (*exposed, _afterwards(cluster, desired, now))


def comes_back(cluster: ObservedCluster, desired: Desired, now: datetime) -> bool:
    """Say whether naptime creates a schedule again."""
    stays_away = any(check(cluster, desired, now) for check in STAYS_AWAY)
    return not stays_away and isinstance(desired.choose(cluster, now).use, NamedWindow)


def _afterwards(cluster: ObservedCluster, desired: Desired, now: datetime) -> Finding:
    for check in STAYS_AWAY:
        if finding := check(cluster, desired, now):
            message = f"{finding.message} {STAYS_OFF}"
            return Finding(finding.reason, message)
    choice = desired.choose(cluster, now)
    if isinstance(choice.use, ReportOnly):
        return Finding(Reason.REPORT_ONLY, f"Rule '{choice.rule}' only reports: {STAYS_OFF}")
    return Finding(Reason.SCHEDULE_MISSING, COMES_BACK)
