"""One cluster as it is now: what ARM says, what naptime would do, what it did and gave up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from shared.domain.cluster_id import ClusterId
from shared.domain.decision import Decision, Desired
from shared.domain.errors import AzureError
from shared.domain.instants import to_text
from shared.domain.observed import (
    ObservedCluster,
    ObservedConfiguration,
    node_os_schedule,
)
from shared.domain.policy import decide
from shared.domain.shard import Shard
from shared.domain.window import MaintenanceWindow
from shared.reconcile.keep_pace import ShardPacer
from shared.reconcile.ports import Aks, Clock, GivenUpRecords, Retry
from shared.reconcile.remember_clusters import ClusterMemory

OCCURRENCES_SHOWN = 5

SPARED = 10
"""Tokens that a look leaves: who watches a page every second must not hold up who protects."""

type Json = dict[str, object]


class LiveReadFailed(Exception):
    """ARM did not answer; carries what is remembered of the cluster all the same."""

    def __init__(self, cause: AzureError, remembered: Mapping[str, object]) -> None:
        """Take the reason and the remembered members, as JSON."""
        super().__init__(str(cause))
        self.cause = cause
        self.remembered = remembered


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at ARM saw."""

    cluster: ObservedCluster
    configurations: tuple[ObservedConfiguration, ...]


@dataclass(frozen=True, slots=True)
class ClusterViewer:
    """Answers `GET /clusters/{subscriptionId}/{resourceGroup}/{name}`; writes nothing."""

    aks: Aks
    retry: Retry
    pacer: ShardPacer
    memory: ClusterMemory
    given_up: GivenUpRecords
    clock: Clock
    desired: Desired

    async def look(self, cluster_id: ClusterId) -> Json:
        """Read the cluster from ARM; raise `LiveReadFailed` where that cannot be done."""
        remembered = await self._remembered(cluster_id)

        async def attempt() -> Seen:
            cluster = await self.aks.get_cluster(cluster_id)
            async with self.pacer.spending(Shard.of(cluster), 1, sparing=SPARED) as spending:
                spending.used = 1
                listing = await self.aks.list_configurations(cluster_id)
            return Seen(cluster, listing.configurations)

        try:
            seen = await self.retry(attempt)
        except AzureError as error:
            raise LiveReadFailed(error, remembered) from error
        return {**self._live(seen), **remembered}

    async def _remembered(self, cluster_id: ClusterId) -> Json:
        known = await self.memory.recall(cluster_id)
        given_up = await self.given_up.get(cluster_id)
        return {
            "lastOutcome": known.last_outcome if known else None,
            "givenUp": given_up.to_json() if given_up else None,
        }

    def _live(self, seen: Seen) -> Json:
        now = self.clock.now()
        cluster = seen.cluster
        decision = decide(cluster, seen.configurations, self.desired, now)
        schedule = node_os_schedule(seen.configurations)
        window = schedule.schedule.window if schedule else None
        return {
            "clusterId": str(cluster.id),
            "location": cluster.location,
            "provisioningState": cluster.provisioning_state,
            "nodeAutoProvisioning": cluster.auto_provisioning,
            "nodeOSUpgradeChannel": cluster.node_os_channel,
            "schedule": _schedule_json(schedule),
            "window": window.to_arm() if window else None,
            "nextOccurrences": _occurrences(window, now),
            "decision": _decision_json(decision, now),
        }


def _schedule_json(schedule: ObservedConfiguration | None) -> Json | None:
    return {"name": schedule.name, "properties": dict(schedule.properties)} if schedule else None


def _occurrences(window: MaintenanceWindow | None, now: datetime) -> list[Json]:
    """Give the next occurrences, the open one included; none where the window is ambiguous."""
    if window is None or window.ambiguity:
        return []
    return [
        {"start": to_text(found.start), "end": to_text(found.end), "certain": found.certain}
        for found in islice(window.occurrences(now), OCCURRENCES_SHOWN)
    ]


def _decision_json(decision: Decision, now: datetime) -> Json:
    start = decision.next_start(now)
    return {
        "action": decision.action.value,
        "reason": decision.reason.value,
        "message": decision.finding.message,
        "findings": [
            {"reason": finding.reason.value, "message": finding.message}
            for finding in decision.findings
        ],
        "window": decision.window.to_arm() if decision.window else None,
        "nextStart": to_text(start.start) if start else None,
    }
