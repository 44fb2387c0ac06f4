"""The policy: an ordered list of small checks that reads like a specification.

`screen` needs the cluster alone; `decide` also its list of maintenance configurations. Every
check gives a finding or None, each reason has one action, and the first finding decides.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from shared.domain.deciding import checks, kubernetes, own_checks
from shared.domain.deciding.checks import Situation
from shared.domain.deciding.decision import Action, Decision, Desired, Finding
from shared.domain.deciding.observed import ObservedCluster, ObservedConfiguration, node_os_schedule
from shared.domain.deciding.written import Written
from shared.domain.vocabulary.reasons import Reason

SCREENS: tuple[Callable[[ObservedCluster, Desired, datetime], Finding | None], ...] = (
    checks.not_auto_provisioned,
    checks.excluded,
    checks.exempt,
    checks.deleting,
    checks.creating,
)
"""Whether the cluster is to be looked after at all, and now."""

CHECKS: tuple[Callable[[Situation], Finding | None], ...] = (
    checks.report_only,
    checks.schedule_missing,
    checks.schedule_not_explicit,
    checks.window_unreadable,
    checks.inactive_until,
    checks.blocked_by_not_allowed_dates,
    checks.longer_than_weekly,
    checks.interval_ambiguous,
    checks.node_os_channel_off,
    kubernetes.kubernetes_upgrade_any_time,
    checks.window_tag_unknown,
    checks.exemption_expired,
    own_checks.offset_stale,
)
"""What can be wrong with the node OS schedule; all that apply are reported, in this order."""

ACTIONS: Mapping[Reason, Action] = MappingProxyType(
    {
        Reason.CLUSTER_GONE: Action.SKIP,
        Reason.NOT_AUTO_PROVISIONED: Action.SKIP,
        Reason.EXCLUDED: Action.SKIP,
        Reason.EXEMPT: Action.SKIP,
        Reason.CLUSTER_DELETING: Action.SKIP,
        Reason.CLUSTER_CREATING: Action.DEFER,
        Reason.SCHEDULE_MISSING: Action.CREATE,
    }
)
"""What each deciding reason leads to; every other reason leaves the schedule as it is."""


_GONE = Decision(Action.SKIP, (Finding(Reason.CLUSTER_GONE, "Azure does not know the cluster."),))


def screen(cluster: ObservedCluster | None, desired: Desired, now: datetime) -> Decision | None:
    """Decide what needs no look at the configurations; None if that look is needed.

    A cluster of None is one that ARM does not know; `now` is aware.
    """
    if cluster is None:
        return _GONE
    finding = next((found for check in SCREENS if (found := check(cluster, desired, now))), None)
    if finding is None:
        return None
    return Decision(ACTIONS[finding.reason], (finding,), choice=desired.choose(cluster, now))


def decide(
    cluster: ObservedCluster | None,
    configurations: Sequence[ObservedConfiguration],
    desired: Desired,
    now: datetime,
    written: Written | None = None,
) -> Decision:
    """Decide for one cluster, as observed at `now` (aware); the answer holds for this now only.

    `written` is what naptime wrote last for it, as far as is known.
    """
    screened = screen(cluster, desired, now)
    if cluster is None or screened is not None:
        return screened or _GONE
    found = node_os_schedule(configurations)
    schedule = found.schedule if found else None
    upgrades = kubernetes.auto_upgrade_configuration(configurations)
    return _judge(Situation(cluster, schedule, desired, now, upgrades, written))


def _judge(situation: Situation) -> Decision:
    found = tuple(finding for check in CHECKS if (finding := check(situation)))
    findings = found or (checks.up_to_date(situation),)
    action = ACTIONS.get(findings[0].reason, Action.LEAVE)
    if action is not Action.CREATE:
        # Never the first: that somebody changed it is no reason to leave it, nor to touch it.
        told = own_checks.schedule_let_go(situation)
        findings += (told,) if told else ()
        since = own_checks.let_go(situation)
        return Decision(action, findings, situation.window, situation.choice, since)
    planned = situation.desired.planned(situation.cluster, situation.now)
    return Decision(action, findings, planned, situation.choice)
