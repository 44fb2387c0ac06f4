"""The policy: an ordered list of small checks that reads like a specification.

`screen` needs the cluster alone; `decide` also its list of maintenance configurations. Every
check gives a finding or None, each reason has one action, and the first finding decides.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from shared.domain.deciding import checks, kubernetes
from shared.domain.deciding.checks import Situation
from shared.domain.deciding.decision import Action, Decision, Desired, Finding
from shared.domain.deciding.observed import ObservedCluster, ObservedConfiguration, node_os_schedule
from shared.domain.deciding.own import own_checks
from shared.domain.deciding.own.standing import NOTHING_KNOWN, Standing
from shared.domain.policy.choose import Choice
from shared.domain.vocabulary.reasons import Reason

SCREENS: tuple[Callable[[ObservedCluster, Desired, Choice], Finding | None], ...] = (
    checks.not_auto_provisioned,
    checks.excluded,
    checks.exempt,
    checks.deleting,
    checks.creating,
)
"""Whether the cluster is to be looked after at all, and now."""

CHECKS: tuple[Callable[[Situation], Finding | None], ...] = (
    checks.report_only,
    own_checks.schedule_restored,
    checks.schedule_missing,
    checks.schedule_not_explicit,
    checks.window_unreadable,
    own_checks.to_be_changed,
    checks.inactive_until,
    checks.blocked_by_not_allowed_dates,
    checks.longer_than_weekly,
    checks.interval_ambiguous,
    checks.node_os_channel_off,
    kubernetes.kubernetes_upgrade_any_time,
    checks.window_tag_unknown,
    checks.exemption_expired,
    own_checks.offset_stale,
    own_checks.outdated,
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
        Reason.SCHEDULE_RESTORED: Action.CREATE,
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
    return _screened(cluster, desired, desired.policy.choose(cluster, now))


def _screened(cluster: ObservedCluster, desired: Desired, choice: Choice) -> Decision | None:
    finding = next((found for check in SCREENS if (found := check(cluster, desired, choice))), None)
    return Decision(ACTIONS[finding.reason], (finding,), choice=choice) if finding else None


def decide(
    cluster: ObservedCluster | None,
    configurations: Sequence[ObservedConfiguration],
    desired: Desired,
    now: datetime,
    known: Standing = NOTHING_KNOWN,
) -> Decision:
    """Decide for one cluster, as observed at `now` (aware); the answer holds for this now only.

    `known` is what naptime remembers of its schedule.
    """
    if cluster is None:
        return _GONE
    choice = desired.policy.choose(cluster, now)
    if screened := _screened(cluster, desired, choice):
        return screened
    found = node_os_schedule(configurations)
    schedule = found.schedule if found else None
    written = known.accepted(schedule, now) or known.written
    upgrades = kubernetes.auto_upgrade_configuration(configurations)
    return _judge(Situation(cluster, schedule, desired, now, choice, upgrades, written, known.last))


def _judge(situation: Situation) -> Decision:
    found = tuple(finding for check in CHECKS if (finding := check(situation)))
    findings = found or (checks.up_to_date(situation),)
    action = ACTIONS.get(findings[0].reason, Action.LEAVE)
    if action is not Action.CREATE:
        return _keep(situation, findings)
    planned = own_checks.restored(situation) or situation.planned
    return Decision(action, findings, planned, situation.choice)


def _keep(situation: Situation, findings: tuple[Finding, ...]) -> Decision:
    """Decide on a schedule that is there; only naptime's own is ever changed."""
    # Never the first: that somebody changed it is no reason to leave it, nor to touch it.
    told = own_checks.schedule_let_go(situation)
    findings += (told,) if told else ()
    drift = situation.drift
    return Decision(
        Action.UPDATE if drift and drift.update else Action.LEAVE,
        findings,
        situation.window,
        situation.choice,
        own_checks.let_go(situation),
        drift,
        owned=situation.is_owned,
        adopts=own_checks.is_identical(situation),
    )
