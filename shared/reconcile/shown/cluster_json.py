"""One cluster as the HTTP API shows it: as ARM has it now, or as it was seen last."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import TypedDict

from shared.domain.deciding.decision import Decision, Desired
from shared.domain.deciding.kubernetes import seen_auto_upgrade
from shared.domain.deciding.last_outcome import LastOutcomeJson, schedule_from_text
from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedConfiguration,
    ObservedSchedule,
    SeenSchedule,
)
from shared.domain.deciding.own.own_checks import stale_since
from shared.domain.deciding.written import made_by
from shared.domain.errors import AzureError
from shared.domain.fleet.last_known import Remembered
from shared.domain.images.age import ImageAgeJson
from shared.domain.images.known_image import SeenImage
from shared.domain.messages.given_up import GivenUpJson
from shared.domain.messages.touches import LastRemovedJson
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.look import Sight
from shared.reconcile.shown.decision_json import DecisionJson, decision_json
from shared.reconcile.shown.forecast_json import ForecastJson, forecast_bodies

OCCURRENCES_SHOWN = 5


class ScheduleJson(TypedDict):
    """The node OS schedule: its name as somebody wrote it, its properties as ARM has them."""

    name: str
    properties: dict[str, object]


class OccurrenceJson(TypedDict):
    """An occurrence of the window in UTC; not certain where the documentation leaves it open."""

    start: str
    end: str
    certain: bool


class RememberedJson(TypedDict):
    """What naptime did last for a cluster, what it gave up, who removed the schedule last.

    And how old its node images were.
    """

    lastOutcome: LastOutcomeJson | None
    givenUp: GivenUpJson | None
    imageAge: ImageAgeJson | None
    lastRemoved: LastRemovedJson | None


class NotLiveJson(TypedDict):
    """Why something is as it was seen last, and when asking again is worth it."""

    reason: Reason
    message: str
    retryAfterSeconds: float | None


class LiveJson(TypedDict):
    """A cluster as ARM has it now, or (`notLive`) as it was seen last, at `readAt`.

    What nobody has looked at is null: the state then, and what would be decided now.
    `offsetStaleSince` is when the clocks of the policy's zone left the offset that naptime wrote,
    `kubernetesWindow` that of the schedule of Kubernetes upgrades, where there is one to look at.
    """

    readAt: str
    notLive: NotLiveJson | None

    clusterId: str
    location: str
    provisioningState: str | None
    nodeAutoProvisioning: bool
    nodeOSUpgradeChannel: str | None
    schedule: ScheduleJson | None
    window: dict[str, object] | None
    madeBy: str | None
    offsetStaleSince: str | None
    kubernetesWindow: dict[str, object] | None
    kubernetesMadeBy: str | None
    nextOccurrences: list[OccurrenceJson]
    autoUpgradeChannel: str | None
    decision: DecisionJson | None
    forecasts: list[ForecastJson]


class LiveClusterJson(LiveJson, RememberedJson):
    """A cluster as ARM has it now, what naptime would do, what it did and gave up."""


def live_json(
    sight: Sight,
    decision: Decision,
    desired: Desired,
    known: Remembered | None,
    images: Sequence[SeenImage],
) -> LiveJson:
    """Show what a look saw, and what naptime would do."""
    now, cluster, schedule = sight.now, sight.cluster, sight.observed
    window = schedule.schedule.window if schedule else None
    other = _upgrade_window(seen_auto_upgrade(cluster, sight.configurations))
    return {
        "readAt": to_text(now),
        "notLive": None,
        "clusterId": str(cluster.id),
        "location": cluster.location,
        "provisioningState": cluster.provisioning_state,
        "nodeAutoProvisioning": cluster.auto_provisioning,
        "nodeOSUpgradeChannel": cluster.node_os_channel,
        "autoUpgradeChannel": cluster.upgrade_channel,
        "schedule": _schedule_json(schedule),
        "window": write_window(window) if window else None,
        "madeBy": made_by(known.written if known else None, window, now),
        "offsetStaleSince": _stale_since(sight, decision, known),
        "kubernetesWindow": write_window(other) if other else None,
        "kubernetesMadeBy": made_by(known.standing.upgrades if known else None, other, now),
        "nextOccurrences": occurrences_json(window, now),
        "decision": decision_json(decision, desired, sight, known),
        "forecasts": _forecasts(sight, images),
    }


def last_seen_json(
    known: Remembered,
    read_at: datetime,
    why: AzureError,
    images: Sequence[SeenImage],
    now: datetime,
) -> LiveJson:
    """Show what was seen last of a cluster, and why that is all."""
    needs = known.forecast_needs
    seen = schedule_from_text(needs.schedule_text)
    schedule = seen.schedule if seen else None
    window = schedule.window if schedule else None
    other = _upgrade_window(schedule_from_text(needs.auto_upgrade_text))
    wait = why.retry_after
    return {
        "readAt": to_text(read_at),
        "notLive": {
            "reason": why.reason,
            "message": why.message,
            "retryAfterSeconds": wait.total_seconds() if wait else None,
        },
        "clusterId": known.last_outcome["clusterId"],
        "location": known.location,
        "provisioningState": None,
        "nodeAutoProvisioning": known.has_nap,
        "nodeOSUpgradeChannel": needs.node_os_channel,
        "autoUpgradeChannel": needs.upgrade_channel,
        "schedule": _seen_schedule_json(schedule),
        "window": write_window(window) if window else None,
        "madeBy": made_by(known.written, window, read_at),
        "offsetStaleSince": None,
        "kubernetesWindow": write_window(other) if other else None,
        "kubernetesMadeBy": made_by(known.standing.upgrades, other, read_at),
        "nextOccurrences": occurrences_json(window, now),
        "decision": None,
        "forecasts": _last_forecasts(known, images, now) if known.has_nap else [],
    }


def _last_forecasts(
    known: Remembered, images: Sequence[SeenImage], now: datetime
) -> list[ForecastJson]:
    needs = known.forecast_needs
    seen, upgrades = map(schedule_from_text, (needs.schedule_text, needs.auto_upgrade_text))
    return forecast_bodies(needs, seen, images, now, upgrades)


def _upgrade_window(seen: SeenSchedule | None) -> MaintenanceWindow | None:
    return seen.schedule.window if seen and seen.schedule else None


def _stale_since(sight: Sight, decision: Decision, known: Remembered | None) -> str | None:
    if known is None or decision.choice is None or sight.observed is None:
        return None
    window, use = sight.observed.schedule.window, decision.choice.use
    since = stale_since(sight.cluster.id, use, window, known.written, sight.now)
    return to_text(since) if since else None


def _seen_schedule_json(schedule: ObservedSchedule | None) -> ScheduleJson | None:
    """Show as much of the ARM body as is remembered: the window, if it could be read."""
    if schedule is None:
        return None
    window = schedule.window
    properties: dict[str, object] = {"maintenanceWindow": write_window(window)} if window else {}
    return {"name": NODE_OS_SCHEDULE, "properties": properties}


def _schedule_json(schedule: ObservedConfiguration | None) -> ScheduleJson | None:
    return {"name": schedule.name, "properties": dict(schedule.properties)} if schedule else None


def _forecasts(sight: Sight, images: Sequence[SeenImage]) -> list[ForecastJson]:
    """Give the forecasts; none for a cluster without node auto-provisioning."""
    if not sight.cluster.auto_provisioning:
        return []
    seen = SeenSchedule(sight.observed.schedule if sight.observed else None)
    upgrades = seen_auto_upgrade(sight.cluster, sight.configurations)
    return forecast_bodies(sight.cluster, seen, images, sight.now, upgrades)


def occurrences_json(window: MaintenanceWindow | None, now: datetime) -> list[OccurrenceJson]:
    """Give the next occurrences, the open one included; none where the window is ambiguous."""
    if window is None or window.ambiguity:
        return []
    return [
        {"start": to_text(found.start), "end": to_text(found.end), "certain": found.certain}
        for found in islice(window.occurrences(now), OCCURRENCES_SHOWN)
    ]
