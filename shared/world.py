"""One world: ports made once, use cases built upon them, closed in reverse order.

The Functions app has Azure's ports, the command line its own, and the tests fakes that remember:
all of them drive this one wiring.
"""

import gc
import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial

from shared.azure import Azure, is_storage_trouble, leave
from shared.fleetwork import Fleetwork
from shared.groundwork import Reports
from shared.reconcile.cluster.delete import ScheduleDeleter
from shared.reconcile.cluster.own.release import ScheduleReleaser
from shared.reconcile.cluster.poison import PoisonKeeper, PoisonReporter
from shared.reconcile.cluster.put import SchedulePutter
from shared.reconcile.cluster.receive_event import EventReceiver
from shared.reconcile.cluster.replay import GivenUpReplayer
from shared.reconcile.cluster.work import MessageReceiver, RequestedReconcile
from shared.reconcile.ground.at_once import Room, SharedAnswers
from shared.reconcile.ground.audit_log import Refusals
from shared.reconcile.ground.outbox import EventPublisher
from shared.reconcile.images.find import ImageFinder
from shared.reconcile.images.read_ages import ImageAgeReader
from shared.reconcile.images.release import ImageEventReceiver, ReleaseAnnouncer
from shared.reconcile.images.watch import ImageWatcher
from shared.reconcile.shown.clusters import KEPT_FOR, FleetViewer
from shared.reconcile.shown.commands import AuditedCommands
from shared.reconcile.shown.one_cluster import ClusterViewer
from shared.reconcile.shown.page.ended_runs import EndedRunsReader
from shared.reconcile.shown.page.feeds import FEEDS_TABLE, FeedDesk
from shared.reconcile.shown.page.viewer import KEPT_FOR as PAGE_KEPT_FOR
from shared.reconcile.shown.page.viewer import FleetPageViewer, PageData
from shared.reconcile.shown.policy import PolicyDesk
from shared.reconcile.shown.schedules import ScheduleViewer
from shared.settings import Settings, read_settings
from shared.telemetry.log import quieten_sdks
from shared.telemetry.reports import (
    report_audit,
    report_bug,
    report_bug_in_location,
    report_given_up,
    report_in_run,
    report_put,
    report_removed_again,
    report_work,
)
from shared.telemetry.run_reports import report_run


class World(Fleetwork):
    """Everything that a driver calls."""

    @cached_property
    def events(self) -> EventReceiver:
        """What the Event Grid functions call."""
        ports, settings = self.ports, self.settings
        allowed, own = settings.subscriptions, settings.own_client_id
        return EventReceiver(ports.clusters_queue, self.memory, ports.clock, allowed, own)

    @cached_property
    def releases(self) -> ImageEventReceiver:
        """What the Event Grid function for released node images calls."""
        return ImageEventReceiver(self.places, self.release_runs, self.ports.clock)

    @cached_property
    def image_watcher(self) -> ImageWatcher:
        """What the timer that watches node images calls."""
        ports = self.ports
        return ImageWatcher(
            self.places,
            ImageFinder(ports.node_images, ports.retry, self.places),
            self.image_memory,
            ReleaseAnnouncer(ports.topic, self.teller, self.release_runs, ports.clock),
            ports.clock,
            self.reports.bug_in_location,
        )

    @cached_property
    def publisher(self) -> EventPublisher:
        """What the function on the queue of events calls."""
        ports = self.ports
        return EventPublisher(
            ports.topic, ports.events_queue, self.given_up, ports.clock, ports.jitter
        )

    @cached_property
    def messages(self) -> MessageReceiver:
        """What the function on the work queue calls."""
        return MessageReceiver(self.worker, self.settings.subscriptions, Room())

    @cached_property
    def poison(self) -> PoisonReporter:
        """What keeps a message that naptime can do nothing with."""
        return PoisonReporter(self.given_up, self.ports.clock)

    @cached_property
    def poison_keeper(self) -> PoisonKeeper:
        """What the timer that empties the poison queues calls."""
        return PoisonKeeper(self.ports.poison, self.poison)

    @cached_property
    def releaser(self) -> ScheduleReleaser:
        """What `POST .../schedule/release` calls."""
        return ScheduleReleaser(self.changes)

    @cached_property
    def requests(self) -> RequestedReconcile:
        """What `POST /reconcile` calls."""
        return RequestedReconcile(self.worker)

    @cached_property
    def viewer(self) -> ClusterViewer:
        """What `GET /clusters/{...}` calls."""
        return ClusterViewer(
            self.looker, self.memory, self.newest_images, self.given_up, self.policies.wanted
        )

    @cached_property
    def fleet(self) -> FleetViewer:
        """What `GET /clusters` calls."""
        return FleetViewer(
            self.memory,
            self.newest_images,
            self.ports.clock,
            self.settings.subscriptions,
            SharedAnswers(self.ports.clock, KEPT_FOR),
        )

    @cached_property
    def fleet_page(self) -> FleetPageViewer:
        """What `GET /fleet/data` calls."""
        return FleetPageViewer(
            self.memory,
            self.newest_images,
            self.policies,
            self.given_up,
            EndedRunsReader(self.store, self.plans, self.settings.dry_run),
            self.ports.clock,
            self.settings.subscriptions,
            self.settings.dry_run,
            SharedAnswers(self.ports.clock, PAGE_KEPT_FOR),
        )

    @cached_property
    def feeds(self) -> FeedDesk:
        """What the calendar feeds are made, listed, revoked and read by."""
        table, clock = self.ports.tables.of(FEEDS_TABLE), self.ports.clock
        answers = SharedAnswers[PageData](clock, PAGE_KEPT_FOR)
        return FeedDesk(table, self.fleet_page, self.audit, clock, answers)

    @cached_property
    def image_ages(self) -> ImageAgeReader:
        """What the timer that reads image ages calls."""
        ports, settings = self.ports, self.settings
        return ImageAgeReader(
            ports.machines,
            self.memory,
            ports.retry,
            ports.clock,
            settings.subscriptions,
            settings.image_old_days,
        )

    @cached_property
    def schedules(self) -> ScheduleViewer:
        """What `GET .../schedule` and `GET .../maintenance-configurations` call."""
        return ScheduleViewer(self.looker)

    @cached_property
    def putter(self) -> SchedulePutter:
        """What `PUT .../schedule` calls."""
        queue = self.ports.clusters_queue
        return SchedulePutter(self.changes, self.reports.put, self.outcome_teller, queue)

    @cached_property
    def deleter(self) -> ScheduleDeleter:
        """What `DELETE .../schedule` calls."""
        return ScheduleDeleter(self.changes)

    @cached_property
    def commands(self) -> AuditedCommands:
        """What the other commands over HTTP call."""
        return AuditedCommands(self.requests, self.asker, self.replayer, self.audit)

    @cached_property
    def refusals(self) -> Refusals:
        """What puts requests on record that were refused before they came to a command."""
        return Refusals(self.audit)

    @cached_property
    def policy(self) -> PolicyDesk:
        """What `GET` and `PUT /policy` call."""
        clock, allowed = self.ports.clock, self.settings.subscriptions
        return PolicyDesk(self.policies, self.memory, self.audit, clock, allowed)

    @cached_property
    def replayer(self) -> GivenUpReplayer:
        """What `GET /given-up` and its replay call."""
        return GivenUpReplayer(self.given_up, self.ports, self.settings.subscriptions)

    @staticmethod
    def is_storage_trouble(error: BaseException) -> bool:
        """Say whether an exception means that storage has to be asked again later."""
        return is_storage_trouble(error)


def telemetry(settings: Settings) -> Reports:
    """Tell of everything in the log, by events and by figures."""
    return Reports(
        work=report_work,
        removed_again=report_removed_again,
        put=report_put,
        in_run=report_in_run,
        run=partial(report_run, dry_run=settings.dry_run),
        bug=report_bug,
        bug_in_location=report_bug_in_location,
        audit=report_audit,
        given_up=report_given_up,
    )


def deployed(environment: Mapping[str, str], settle: Callable[[], None] = leave) -> World:
    """Build the world of a deployed naptime; raise `InvalidSetting` that names the variable."""
    settings = read_settings(environment)
    quieten_sdks()
    return World(settings, Azure(settings, settle), telemetry(settings))


@cache
def app() -> World:
    """Give the process's one world, from the environment as it is at the first call.

    What is loaded by then, and what each SDK brings later, is there for good. A look of the garbage
    collector at all of it takes 75 ms (CPython 3.13, 110,000 objects), in which no event is
    answered: it is left out of those looks.
    """
    gc.freeze()
    return deployed(os.environ, gc.freeze)
