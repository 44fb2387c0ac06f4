"""One cluster as it is now: what ARM says, what naptime would do, what it did and gave up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypedDict

from shared.domain.deciding.decision import Action, Decision, Desired
from shared.domain.deciding.observed import (
    ObservedCluster,
    ObservedConfiguration,
    SeenSchedule,
)
from shared.domain.deciding.outcome import FindingJson, LastOutcomeJson, finding_json
from shared.domain.deciding.policy import decide
from shared.domain.fleet.last_known import Remembered
from shared.domain.fleet.written import made_by
from shared.domain.images.age import ImageAge, ImageAgeJson, with_image_age
from shared.domain.images.forecast_body import ForecastJson, forecast_bodies
from shared.domain.images.known_image import SeenImage
from shared.domain.messages.given_up import GivenUpJson
from shared.domain.policy.choose import StepJson
from shared.domain.vocabulary.errors import AzureError
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.look import Looker, Sight
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.policies import Wanted
from shared.reconcile.images.memory import NewestImages

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


class DecisionJson(TypedDict):
    """What naptime would do now, and why."""

    action: Action
    reason: Reason
    message: str
    findings: list[FindingJson]
    window: dict[str, object] | None
    nextStart: str | None
    rule: str | None
    policyHash: str | None
    because: list[StepJson]


class RememberedJson(TypedDict):
    """What naptime did last for a cluster, what it gave up, and how old its node images were."""

    lastOutcome: LastOutcomeJson | None
    givenUp: GivenUpJson | None
    imageAge: ImageAgeJson | None


class LiveJson(TypedDict):
    """A cluster as ARM has it now."""

    clusterId: str
    location: str
    provisioningState: str
    nodeAutoProvisioning: bool
    nodeOSUpgradeChannel: str | None
    schedule: ScheduleJson | None
    window: dict[str, object] | None
    madeBy: str | None
    nextOccurrences: list[OccurrenceJson]
    autoUpgradeChannel: str | None
    decision: DecisionJson
    forecasts: list[ForecastJson]


class LiveClusterJson(LiveJson, RememberedJson):
    """A cluster as ARM has it now, what naptime would do, what it did and gave up."""


class LiveReadFailed(Exception):
    """ARM did not answer; carries what is remembered of the cluster all the same."""

    def __init__(self, cause: AzureError, remembered: RememberedJson) -> None:
        """Take the reason and the remembered members, as JSON."""
        super().__init__(str(cause))
        self.cause = cause
        self.remembered = remembered


@dataclass(frozen=True, slots=True)
class ClusterViewer:
    """Answers `GET /clusters/{subscriptionId}/{resourceGroup}/{name}`; writes nothing."""

    looker: Looker
    memory: ClusterMemory
    images: NewestImages
    given_up: GivenUpRecords
    wanted: Wanted

    async def look(self, cluster_id: ClusterId) -> LiveClusterJson:
        """Read the cluster from ARM; raise `LiveReadFailed` where that cannot be done."""
        known = await self.memory.recall(cluster_id)
        remembered = await self._remembered(cluster_id, known)
        try:
            sight = await self.looker.see(cluster_id)
        except AzureError as error:
            raise LiveReadFailed(error, remembered) from error
        images = await self.images.right_now(sight.cluster.location)
        desired = await self.wanted()
        return {**_live(sight, desired, known, images), **remembered}

    async def _remembered(self, cluster_id: ClusterId, known: Remembered | None) -> RememberedJson:
        given_up = await self.given_up.get(cluster_id)
        return {
            "lastOutcome": known.last_outcome if known else None,
            "givenUp": given_up.to_json() if given_up else None,
            "imageAge": known.image_age.to_json() if known and known.image_age else None,
        }


def _live(
    sight: Sight, desired: Desired, known: Remembered | None, images: Sequence[SeenImage]
) -> LiveJson:
    now, cluster, schedule = sight.now, sight.cluster, sight.observed
    decision = decide(cluster, sight.configurations, desired, now)
    window = schedule.schedule.window if schedule else None
    return {
        "clusterId": str(cluster.id),
        "location": cluster.location,
        "provisioningState": cluster.provisioning_state,
        "nodeAutoProvisioning": cluster.auto_provisioning,
        "nodeOSUpgradeChannel": cluster.node_os_channel,
        "autoUpgradeChannel": cluster.upgrade_channel,
        "schedule": _schedule_json(schedule),
        "window": write_window(window) if window else None,
        "madeBy": made_by(known.written if known else None, window, now),
        "nextOccurrences": occurrences_json(window, now),
        "decision": _decision_json(decision, desired, now, known.image_age if known else None),
        "forecasts": _forecasts(cluster, schedule, images, now),
    }


def _schedule_json(schedule: ObservedConfiguration | None) -> ScheduleJson | None:
    return {"name": schedule.name, "properties": dict(schedule.properties)} if schedule else None


def _forecasts(
    cluster: ObservedCluster,
    schedule: ObservedConfiguration | None,
    images: Sequence[SeenImage],
    now: datetime,
) -> list[ForecastJson]:
    """Give the forecasts; none for a cluster without node auto-provisioning."""
    if not cluster.auto_provisioning:
        return []
    seen = SeenSchedule(schedule.schedule if schedule else None)
    return forecast_bodies(cluster, seen, images, now)


def occurrences_json(window: MaintenanceWindow | None, now: datetime) -> list[OccurrenceJson]:
    """Give the next occurrences, the open one included; none where the window is ambiguous."""
    if window is None or window.ambiguity:
        return []
    return [
        {"start": to_text(found.start), "end": to_text(found.end), "certain": found.certain}
        for found in islice(window.occurrences(now), OCCURRENCES_SHOWN)
    ]


def _decision_json(
    decision: Decision, desired: Desired, now: datetime, age: ImageAge | None
) -> DecisionJson:
    findings = [finding_json(finding) for finding in decision.findings]
    start = decision.next_start(now)
    return {
        "action": decision.action,
        "reason": decision.reason,
        "message": decision.finding.message,
        "findings": with_image_age(findings, age),
        "window": write_window(decision.window) if decision.window else None,
        "nextStart": to_text(start.start) if start else None,
        "rule": decision.rule or None,
        "policyHash": desired.policy.hash or None,
        "because": [step.to_json() for step in decision.choice.trace] if decision.choice else [],
    }
