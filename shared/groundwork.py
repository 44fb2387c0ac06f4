"""What the use cases stand on: each part made once, from the ports and the settings."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct

from shared.domain.deciding.observed import ClusterPage
from shared.domain.deciding.outcome import Outcome
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.crowding import CROWD_SIZE
from shared.domain.fleet.run_records import RunRecord
from shared.domain.messages.audit import AuditRecord
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.touches import Touch
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.ports.every import Ports
from shared.ports.storage import Table
from shared.reconcile.cluster.beside.others import OtherWriters
from shared.reconcile.cluster.change import ChangeWorld
from shared.reconcile.cluster.look import Looker
from shared.reconcile.cluster.reconcile import ClusterReconciler
from shared.reconcile.cluster.work import ClusterWorker
from shared.reconcile.ground.audit_log import AuditLog
from shared.reconcile.ground.claim import CLUSTERS_TABLE, ClusterClaims
from shared.reconcile.ground.given_up import GIVEN_UP_TABLE, GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory, Recorder
from shared.reconcile.ground.outbox import EventTeller, OutcomeTeller
from shared.reconcile.ground.pacer import SHARDS_TABLE, ShardPacer
from shared.reconcile.ground.pauses import Pauses
from shared.reconcile.ground.policies import POLICY_TABLE, PolicyHome
from shared.reconcile.ground.reads import (
    READS_PARTITION,
    UPDATES_PARTITION,
    HalfPace,
    ReadPacer,
    Whereabouts,
    half_of,
)
from shared.reconcile.images.find import FleetPlaces
from shared.reconcile.images.memory import IMAGES_TABLE, ImageMemory, NewestImages
from shared.settings import Settings


class Reports(Struct, frozen=True):
    """Where what has happened is told."""

    work: Callable[[Outcome, ReconcileCluster, datetime], None]
    removed_again: Callable[[ClusterId, Sequence[Touch]], None]
    put: Callable[[Outcome, Cause], None]
    in_run: Callable[[Outcome, Cause], None]
    run: Callable[[RunRecord], None]
    bug: Callable[[PendingCluster, Exception], None]
    bug_in_location: Callable[[str, Exception], None]
    audit: Callable[[AuditRecord], None]
    given_up: Callable[[GivenUp], None]


class Groundwork:
    """Parts that more than one use case has, made when they are first asked for."""

    crowd_size = CROWD_SIZE

    def __init__(self, settings: Settings, ports: Ports, reports: Reports) -> None:
        self.settings = settings
        self.ports = ports
        self.reports = reports

    async def close(self) -> None:
        """Close whatever was opened, the last first."""
        await self.ports.close()

    @property
    def _shards(self) -> Table:
        return self.ports.tables.of(SHARDS_TABLE)

    @cached_property
    def pacer(self) -> ShardPacer:
        """The pace of the calls to AKS."""
        return ShardPacer(self._shards, self.ports.clock, self.ports.jitter, self.settings.pace)

    @cached_property
    def claims(self) -> ClusterClaims:
        """Who is at which cluster."""
        return ClusterClaims(self.ports.tables.of(CLUSTERS_TABLE))

    @cached_property
    def given_up(self) -> GivenUpRecords:
        """The table of what was given up."""
        table = self.ports.tables.of(GIVEN_UP_TABLE)
        return GivenUpRecords(table, self.reports.given_up)

    @cached_property
    def reads(self) -> ReadPacer:
        """The pace of readings from Resource Manager."""
        ports, pace = self.ports, self.settings.read_pace
        pacer = ShardPacer(self._shards, ports.clock, ports.jitter, pace, READS_PARTITION)
        return ReadPacer(pacer)

    @cached_property
    def pauses(self) -> Pauses:
        """What this worker was asked to wait for."""
        return Pauses(self.pacer, self.reads, self.ports.clock)

    def pages(self, subscription_id: str, group: str | None) -> AsyncIterator[ClusterPage]:
        """List the clusters of a subscription, or of a resource group, heeding 429s."""
        found = self.ports.aks.list_clusters(subscription_id, group)
        return self.pauses.pages(subscription_id, found)

    @cached_property
    def whereabouts(self) -> Whereabouts:
        """Where clusters probably are."""
        return Whereabouts(self.memory, self.pacer, self.pages, self.reads)

    @cached_property
    def memory(self) -> ClusterMemory:
        """What is remembered of clusters."""
        table = self.ports.tables.of(CLUSTERS_TABLE)
        return ClusterMemory(table, keeps_dry_runs=self.settings.dry_run)

    @cached_property
    def recorder(self) -> Recorder:
        """What has outcomes remembered."""
        return Recorder(self.memory, self.given_up, self.ports.clock)

    @cached_property
    def policies(self) -> PolicyHome:
        """The policy, and what is wanted by it."""
        table, clock = self.ports.tables.of(POLICY_TABLE), self.ports.clock
        return PolicyHome(table, clock, self.settings.desired)

    @cached_property
    def audit(self) -> AuditLog:
        """What `GET /audit` calls, and whatever writes over HTTP."""
        ports = self.ports
        return AuditLog(ports.tables, ports.clock, ports.new_id, self.reports.audit)

    @cached_property
    def teller(self) -> EventTeller:
        """What is told to the topic; without one, nothing is put on the queue of events."""
        queue = self.ports.events_queue if self.settings.topic_endpoint else None
        return EventTeller(queue, self.ports.clock)

    @cached_property
    def outcome_teller(self) -> OutcomeTeller:
        """What is told of single clusters."""
        return OutcomeTeller(self.teller, self.memory)

    @cached_property
    def looker(self) -> Looker:
        """What looks at single clusters, and alone writes to them."""
        ports = self.ports
        paces = self.pacer, self.reads, self.pauses
        return Looker(ports.aks, ports.clock, ports.retry, *paces, self.whereabouts)

    @cached_property
    def reconciler(self) -> ClusterReconciler:
        """One attempt at one cluster."""
        wanted, dry_run = self.policies.wanted, self.settings.dry_run
        return ClusterReconciler(self.looker, wanted, self.memory, dry_run)

    @cached_property
    def half_pace(self) -> HalfPace:
        """The pace of updates, which is half of the other."""
        ports, pace = self.ports, half_of(self.settings.pace)
        pacer = ShardPacer(self._shards, ports.clock, ports.jitter, pace, UPDATES_PARTITION)
        return HalfPace(pacer)

    @cached_property
    def worker(self) -> ClusterWorker:
        """One piece of cluster work, from its claim to its record."""
        ports = self.ports
        return ClusterWorker(
            self.reconciler,
            self.claims,
            self.recorder,
            self.given_up,
            ports.clusters_queue,
            ports.clock,
            ports.jitter,
            self.reports.work,
            self.outcome_teller,
            self.half_pace,
            self.others,
        )

    @cached_property
    def others(self) -> OtherWriters:
        """What counts who else writes schedules."""
        table, clock = self.ports.tables.of(CLUSTERS_TABLE), self.ports.clock
        report, dry_run = self.reports.removed_again, self.settings.dry_run
        return OtherWriters(table, self.memory, self.teller, clock, report, dry_run)

    @cached_property
    def changes(self) -> ChangeWorld:
        """What changing a schedule by hand needs."""
        settings = self.settings
        return ChangeWorld(
            self.looker,
            self.claims,
            self.recorder,
            self.given_up,
            self.audit,
            self.policies.wanted,
            settings.dry_run,
        )

    @cached_property
    def places(self) -> FleetPlaces:
        """Where the fleet is."""
        return FleetPlaces(self._shards, self.memory, self.settings.subscriptions)

    @cached_property
    def image_memory(self) -> ImageMemory:
        """What is remembered of node images."""
        return ImageMemory(self.ports.tables.of(IMAGES_TABLE))

    @cached_property
    def newest_images(self) -> NewestImages:
        """The newest images of each location."""
        return NewestImages(self.image_memory, self.ports.clock)
