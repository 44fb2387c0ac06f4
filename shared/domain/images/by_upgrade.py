"""When an upgrade of Kubernetes may bring new node images: beside the window, and whatever it says.

Karpenter takes the newest images with a new version of the API server, of which it learns within a
quarter of an hour, by a list that it fetches anew (Azure/karpenter-provider-azure,
nodeclass/status/kubernetesversion.go and images.go).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from shared.domain.deciding.kubernetes import said_channel, upgrades_kubernetes, why_any_time
from shared.domain.deciding.observed import AUTO_UPGRADE_SCHEDULE, ObservedSchedule, SeenSchedule
from shared.domain.images.channels import Channels
from shared.domain.window.window import Occurrence

FOLLOWS_WITHIN = timedelta(minutes=20)
"""How long after the new version the images come: 15 minutes, and 5 for the next comparison."""

# Any other channel, also one that is not known yet, may upgrade Kubernetes.
_NO_UPGRADES = ("none", "node-image")
_BY_HAND = "Kubernetes is upgraded only by hand; such an upgrade brings the newest node images."
_NOT_SEEN = f"Whether there is a configuration named {AUTO_UPGRADE_SCHEDULE} is not known yet."


class UpgradeTime(StrEnum):
    """When AKS begins an upgrade of Kubernetes by itself."""

    ONLY_BY_HAND = "OnlyByHand"
    ANY_TIME = "AnyTime"
    IN_WINDOW = "InWindow"
    UNKNOWN = "Unknown"


class UpgradeForecast(Struct, frozen=True):
    """What is to be expected of upgrades; `why` is a sentence.

    `possible` is the occurrence (UTC), open now or next, in which AKS may begin one, for a window
    only. What has begun may end after it, and the images follow the control plane's new version.
    """

    begins: UpgradeTime
    why: str
    possible: Occurrence | None = None
    utc_offset: timedelta | None = None


def forecast_upgrade(
    cluster: Channels, seen: SeenSchedule | None, now: datetime
) -> UpgradeForecast:
    """Say when an upgrade may begin, if channel and schedule stay as they are; `now` is aware.

    `seen` None means that nobody has looked for the schedule yet.
    """
    channel = cluster.upgrade_channel
    if _only_by_hand(channel, cluster.sku):
        return UpgradeForecast(UpgradeTime.ONLY_BY_HAND, _BY_HAND)
    said = said_channel(channel, cluster.sku)
    if seen is None:
        return UpgradeForecast(UpgradeTime.UNKNOWN, f"{said} {_NOT_SEEN}")
    if seen.schedule is None or seen.schedule == ObservedSchedule():
        why = why_any_time(is_there=seen.schedule is not None)
        return UpgradeForecast(UpgradeTime.ANY_TIME, f"{said} At any hour: {why}")
    return _by_window(said, seen.schedule, now)


def _only_by_hand(channel: str | None, sku: str) -> bool:
    is_off = channel is None or channel.lower() in _NO_UPGRADES
    return is_off and not upgrades_kubernetes(channel, sku)


def _by_window(said: str, schedule: ObservedSchedule, now: datetime) -> UpgradeForecast:
    window = schedule.window
    if window is None:
        why = f"{said} {AUTO_UPGRADE_SCHEDULE} cannot be understood: {schedule.unreadable}."
        return UpgradeForecast(UpgradeTime.UNKNOWN, why)
    if window.ambiguity:
        why = f"{said} {AUTO_UPGRADE_SCHEDULE}: {window.ambiguity}"
        return UpgradeForecast(UpgradeTime.UNKNOWN, why)
    possible = next(window.occurrences(now), None)
    if possible is None:
        why = f"{said} The window of {AUTO_UPGRADE_SCHEDULE} has no occurrence any more."
        return UpgradeForecast(UpgradeTime.UNKNOWN, why)
    minutes = FOLLOWS_WITHIN // timedelta(minutes=1)
    why = (
        f"{said} An upgrade begins within the window of {AUTO_UPGRADE_SCHEDULE}; the newest node "
        f"images come within {minutes} minutes of the control plane's new version."
    )
    return UpgradeForecast(UpgradeTime.IN_WINDOW, why, possible, window.utc_offset)
