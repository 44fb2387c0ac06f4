"""The other schedule: when AKS upgrades Kubernetes by itself, which brings the newest node images.

Node auto-provisioning takes them with every upgrade of the control plane, whatever the node OS
window says (Azure/karpenter-provider-azure#1355); only this schedule holds such an upgrade back.
"""

from collections.abc import Sequence
from copy import replace
from datetime import datetime

from shared.domain.deciding.checks import Situation
from shared.domain.deciding.decision import Desired, Finding
from shared.domain.deciding.observed import (
    AUTO_UPGRADE_SCHEDULE,
    ObservedCluster,
    ObservedConfiguration,
    SeenSchedule,
    node_os_schedule,
    read_schedule,
)
from shared.domain.deciding.outcome import Outcome
from shared.domain.policy.choose import SameWindow
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.starts import plan_start
from shared.domain.window.window import MaintenanceWindow

_CHANNELS = ("patch", "stable", "rapid")
"""Those that upgrade Kubernetes; `node-image` does not (AKS, the page on automatic upgrades)."""
_ALWAYS_UPGRADED = "automatic"


def upgrades_kubernetes(channel: str | None, sku: str) -> bool:
    """Say whether AKS upgrades Kubernetes by itself; on AKS Automatic the channel is always on."""
    return sku.lower() == _ALWAYS_UPGRADED or (channel or "").lower() in _CHANNELS


def auto_upgrade_configuration(
    configurations: Sequence[ObservedConfiguration],
) -> ObservedConfiguration | None:
    """Find the schedule of Kubernetes upgrades among a cluster's configurations."""
    name = AUTO_UPGRADE_SCHEDULE.lower()
    return next((found for found in configurations if found.name.lower() == name), None)


def seen_auto_upgrade(
    cluster: ObservedCluster, configurations: Sequence[ObservedConfiguration]
) -> SeenSchedule | None:
    """Read that schedule; None where it holds nothing back, and is not looked into."""
    if not upgrades_kubernetes(cluster.upgrade_channel, cluster.sku):
        return None
    found = auto_upgrade_configuration(configurations)
    return SeenSchedule(read_schedule(found.properties) if found else None)


def planned_auto_upgrade(
    cluster: ObservedCluster,
    configurations: Sequence[ObservedConfiguration],
    desired: Desired,
    now: datetime,
) -> MaintenanceWindow | None:
    """Give that schedule as it would be made at `now`: where it is asked for, needed and missing.

    The same window as that of the node images is the one that is there, and what naptime would
    write where none is. None where it cannot be told when that is.
    """
    is_upgraded = upgrades_kubernetes(cluster.upgrade_channel, cluster.sku)
    if not is_upgraded or auto_upgrade_configuration(configurations):
        return None
    match desired.policy.choose(cluster, now).kubernetes:
        case NamedWindow() as named:
            return named.planned(cluster.id, now, desired.horizon)
        case SameWindow():
            found = node_os_schedule(configurations)
            if found is None:
                return desired.planned(cluster, now)
            window = found.schedule.window
            if window is None or window.ambiguity:
                return None
            return plan_start(window, now, desired.horizon)
    return None


def kubernetes_upgrade_any_time(situation: Situation) -> Finding | None:
    """Find that Kubernetes is upgraded at any hour, and node images with it."""
    channel, sku = situation.cluster.upgrade_channel, situation.cluster.sku
    found = situation.auto_upgrade
    if not upgrades_kubernetes(channel, sku) or (found and found.has_window):
        return None
    message = "An upgrade may come at any hour, and brings the newest node images at once"
    why = why_any_time(is_there=found is not None)
    return Finding(
        Reason.KUBERNETES_UPGRADE_ANY_TIME, f"{said_channel(channel, sku)} {message}: {why}"
    )


def why_any_time(*, is_there: bool) -> str:
    """Say why nothing holds an upgrade back, where no window does."""
    if not is_there:
        return f"no configuration is named {AUTO_UPGRADE_SCHEDULE}."
    return f"{AUTO_UPGRADE_SCHEDULE} has no maintenance window; perhaps it links to a shared one."


def said_channel(channel: str | None, sku: str) -> str:
    """Say by what Kubernetes is upgraded, as a sentence."""
    if sku.lower() == _ALWAYS_UPGRADED:
        return "AKS Automatic always upgrades Kubernetes by itself."
    return f"The auto-upgrade channel is {channel}."


def outcome_of_upgrades(outcome: Outcome) -> Outcome | None:
    """Give what came of this schedule as an outcome, to be told and given up by; None without."""
    other = outcome.kubernetes
    if other is None:
        return None
    return replace(
        outcome,
        kind=other.kind,
        reason=other.reason,
        message=other.message,
        window=other.window,
        next_start=other.next_start,
        retry_after=other.retry_after,
        azure_code=other.azure_code,
    )
