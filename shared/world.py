"""The one place where use cases and clients meet."""

import os
import random
from functools import cache, cached_property, partial
from uuid import uuid4

from shared.domain.fleet.crowding import CROWD_SIZE
from shared.reconcile.cluster.change import ChangeWorld
from shared.reconcile.cluster.delete import ScheduleDeleter
from shared.reconcile.cluster.look import ScheduleViewer
from shared.reconcile.cluster.put import SchedulePutter
from shared.reconcile.cluster.receive_event import EventReceiver
from shared.reconcile.cluster.reconcile import ClusterReconciler
from shared.reconcile.cluster.replay import GivenUpReplayer
from shared.reconcile.cluster.work import (
    ClusterWorker,
    MessageReceiver,
    PoisonReporter,
    RequestedReconcile,
)
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.fleet.baton import ShardReconciler
from shared.reconcile.fleet.close import RunCloser, ShardFinisher
from shared.reconcile.fleet.hand_out import ShardHandout
from shared.reconcile.fleet.listing import SubscriptionLister
from shared.reconcile.fleet.mind import RunMinder
from shared.reconcile.fleet.shift import ShiftWorld
from shared.reconcile.fleet.start import RunMessageReceiver, RunStarter
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.ground.at_once import SharedAnswers
from shared.reconcile.ground.audit_log import AuditLog
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.outbox import EventPublisher, EventTeller, OutcomeTeller
from shared.reconcile.ground.pacer import SHARDS_TABLE, ShardPacer
from shared.reconcile.images.find import FleetPlaces, ImageFinder
from shared.reconcile.images.memory import IMAGES_TABLE, ImageMemory, NewestImages
from shared.reconcile.images.read_ages import ImageAgeReader
from shared.reconcile.images.release import ImageEventReceiver, ReleaseAnnouncer, ReleaseRuns
from shared.reconcile.images.watch import ImageWatcher
from shared.reconcile.shown.clusters import KEPT_FOR, FleetViewer
from shared.reconcile.shown.commands import AuditedCommands
from shared.reconcile.shown.one_cluster import ClusterViewer
from shared.reconcile.shown.runs import RunViewer
from shared.telemetry.reports import (
    report_audit,
    report_bug,
    report_bug_in_location,
    report_in_run,
    report_put,
    report_run,
    report_work,
)
from shared.wired_clients import WiredClients


class App(WiredClients):
    """Everything that the functions call, wired once per worker process."""

    @cached_property
    def events(self) -> EventReceiver:
        """What the Event Grid functions call."""
        settings = self.settings
        return EventReceiver(
            self._queue,
            self._memory,
            self._clock,
            settings.subscriptions,
            settings.own_client_id,
        )

    @cached_property
    def releases(self) -> ImageEventReceiver:
        """What the Event Grid function for released node images calls."""
        return ImageEventReceiver(self._places, self._release_runs, self._clock)

    @cached_property
    def image_watcher(self) -> ImageWatcher:
        """What the timer that watches node images calls."""
        return ImageWatcher(
            self._places,
            ImageFinder(self._node_images, self._retry, self._places),
            ImageMemory(self._tables.of(IMAGES_TABLE)),
            ReleaseAnnouncer(self._topic, self._teller, self._release_runs, self._clock),
            self._clock,
            report_bug_in_location,
        )

    @cached_property
    def publisher(self) -> EventPublisher:
        """What the function on the queue of events calls."""
        return EventPublisher(
            self._topic, self._event_queue, self._given_up, self._clock, random.random
        )

    @cached_property
    def messages(self) -> MessageReceiver:
        """What the function on the work queue calls."""
        return MessageReceiver(self._worker, self.settings.subscriptions)

    @cached_property
    def poison(self) -> PoisonReporter:
        """What the functions on the poison queues call."""
        return PoisonReporter(self._given_up, self._clock)

    @cached_property
    def requests(self) -> RequestedReconcile:
        """What `POST /reconcile` calls."""
        return RequestedReconcile(self._worker)

    @cached_property
    def viewer(self) -> ClusterViewer:
        """What `GET /clusters/{...}` calls."""
        return ClusterViewer(
            self._aks,
            self._retry,
            self._pacer,
            self._memory,
            self._newest_images,
            self._given_up,
            self._clock,
            self.settings.desired,
        )

    @cached_property
    def fleet(self) -> FleetViewer:
        """What `GET /clusters` calls."""
        return FleetViewer(
            self._memory,
            self._newest_images,
            self._clock,
            self.settings.subscriptions,
            SharedAnswers(self._clock, KEPT_FOR),
        )

    @cached_property
    def image_ages(self) -> ImageAgeReader:
        """What the timer that reads image ages calls."""
        return ImageAgeReader(
            self._resource_graph,
            self._memory,
            self._retry,
            self._clock,
            self.settings.subscriptions,
            self.settings.image_old_days,
        )

    @cached_property
    def schedules(self) -> ScheduleViewer:
        """What `GET .../schedule` and `GET .../maintenance-configurations` call."""
        return ScheduleViewer(self._aks, self._retry, self._pacer)

    @cached_property
    def putter(self) -> SchedulePutter:
        """What `PUT .../schedule` calls."""
        return SchedulePutter(self._changes, report_put, OutcomeTeller(self._teller, self._memory))

    @cached_property
    def deleter(self) -> ScheduleDeleter:
        """What `DELETE .../schedule` calls."""
        return ScheduleDeleter(self._changes)

    @cached_property
    def commands(self) -> AuditedCommands:
        """What the other commands over HTTP call."""
        return AuditedCommands(self.requests, self.asker, self.replayer, self.audit)

    @cached_property
    def audit(self) -> AuditLog:
        """What `GET /audit` calls, and whatever writes over HTTP."""
        return AuditLog(self._tables, self._clock, lambda: uuid4().hex, report_audit)

    @cached_property
    def _changes(self) -> ChangeWorld:
        return ChangeWorld(
            self._aks,
            self._clock,
            self._retry,
            self._pacer,
            self._records,
            self._memory,
            self._given_up,
            self.audit,
            self.settings.desired,
            self.settings.dry_run,
        )

    @cached_property
    def asker(self) -> RunAsker:
        """What starts runs."""
        return RunAsker(
            self._tables.of(SHARDS_TABLE), self._store, self._run_queue, lambda: uuid4().hex
        )

    @cached_property
    def runs(self) -> RunViewer:
        """What `GET /runs` calls."""
        return RunViewer(self._store)

    @cached_property
    def replayer(self) -> GivenUpReplayer:
        """What `GET /given-up` and its replay call."""
        return GivenUpReplayer(
            self._given_up, self._queue, self._clock, self.settings.subscriptions
        )

    @cached_property
    def run_messages(self) -> RunMessageReceiver:
        """What the functions on the queues of runs and shards call."""
        return RunMessageReceiver(
            RunStarter(
                self._store,
                self._run_queue,
                self.settings.subscriptions,
                self._lister,
                self._closer,
            ),
            ShardReconciler(
                self._store,
                self._pacer,
                ShiftWorld(self._reconciler, self._records, self._pacer, report_bug),
                self._memory,
                self._given_up,
                self._batons,
                self._queue,
                ShardFinisher(self._store, self._memory, self._closer, CROWD_SIZE, self._teller),
                report_in_run,
                self._teller,
            ),
        )

    @cached_property
    def minder(self) -> RunMinder:
        """What the timer that minds runs calls."""
        return RunMinder(
            self._store,
            self._pacer,
            self.asker,
            self._handout,
            self._run_queue,
            self._batons,
            self._closer,
        )

    @cached_property
    def _lister(self) -> SubscriptionLister:
        return SubscriptionLister(
            self._aks,
            self._store,
            self._memory,
            self._given_up,
            self._run_queue,
            self._queue,
            self._handout,
            self._closer,
            self._clock,
            self.settings.desired,
            self.settings.verify_max_age,
        )

    @cached_property
    def _places(self) -> FleetPlaces:
        table = self._tables.of(SHARDS_TABLE)
        return FleetPlaces(table, self._memory, self.settings.subscriptions)

    @cached_property
    def _release_runs(self) -> ReleaseRuns:
        return ReleaseRuns(self.asker, self._tables.of(IMAGES_TABLE))

    @cached_property
    def _teller(self) -> EventTeller:
        # Without a topic nothing is ever put on the queue of events.
        queue = self._event_queue if self.settings.topic_endpoint else None
        return EventTeller(queue, self._clock)

    @cached_property
    def _handout(self) -> ShardHandout:
        settings = self.settings
        return ShardHandout(
            self._store, self._batons, self._closer, settings.pace, settings.dry_run
        )

    @cached_property
    def _closer(self) -> RunCloser:
        report = partial(report_run, dry_run=self.settings.dry_run)
        return RunCloser(self._store, report, self._teller, self._given_up)

    @cached_property
    def _store(self) -> RunStore:
        return RunStore(self._tables)

    @cached_property
    def _pacer(self) -> ShardPacer:
        table = self._tables.of(SHARDS_TABLE)
        return ShardPacer(table, self._clock, random.random, self.settings.pace)

    @cached_property
    def _memory(self) -> ClusterMemory:
        return ClusterMemory(self._clusters, keeps_dry_runs=self.settings.dry_run)

    @cached_property
    def _newest_images(self) -> NewestImages:
        return NewestImages(ImageMemory(self._tables.of(IMAGES_TABLE)), self._clock)

    @cached_property
    def _reconciler(self) -> ClusterReconciler:
        settings = self.settings
        return ClusterReconciler(
            self._aks, self._clock, self._retry, self._pacer, settings.desired, settings.dry_run
        )

    @cached_property
    def _worker(self) -> ClusterWorker:
        return ClusterWorker(
            self._reconciler,
            self._records,
            self._memory,
            self._given_up,
            self._queue,
            self._clock,
            random.random,
            report_work,
            OutcomeTeller(self._teller, self._memory),
        )


@cache
def app() -> App:
    """Give the process's one app, from the environment as it is at the first call."""
    return App(os.environ)
