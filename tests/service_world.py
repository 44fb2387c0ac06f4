"""The use cases, wired to fakes that remember, on one clock: hours pass in a test in no time."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count

from shared.clients.cluster_records import CLUSTERS_TABLE
from shared.clients.retry import QuickRetry
from shared.domain.deciding.decision import Desired
from shared.domain.deciding.outcome import Outcome
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.crowding import CROWD_SIZE
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import Run, RunScope
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.run_work import Baton, RunWork
from shared.domain.messages.audit import AuditRecord
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
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
from shared.reconcile.fleet.mind import Mended, RunMinder
from shared.reconcile.fleet.shift import InFlight, ShiftWorld
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
from tests.clusters import OWN_CLIENT_ID, SUBSCRIPTION, cluster_id
from tests.fakes.aks import FakeAks, Verb
from tests.fakes.clock import FakeClock
from tests.fakes.event_topic import FakeTopic
from tests.fakes.machines import FakeNapMachines
from tests.fakes.node_images import FakeNodeImages
from tests.fakes.storage import FakeClusterRecords, FakeGivenUpRecords, FakeWorkQueue, Message
from tests.fakes.tables import FakeTables

SUNDAY_NIGHT = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
"""The default window."""

COMES_AGAIN = timedelta(minutes=10)
"""When the Functions host's queue shows a message again whose worker was killed."""

MINDED_EVERY = timedelta(minutes=5)
NOTHING_MENDED = Mended()

OLD_DAYS = 60
"""After how many days an image is old, by default."""


class Killed(BaseException):
    """The worker is no more; nothing may catch this."""


def middle() -> float:
    """Draw no jitter at all: always the middle."""
    return 0.5


@dataclass
class Life:
    """How many operations the worker lives for; then every further one fails, until revived."""

    left: int | None = None
    operations: int = 0

    def step(self) -> None:
        """Count one operation, or die of it."""
        if self.left is not None and self.operations >= self.left:
            raise Killed
        self.operations += 1

    def revive(self) -> None:
        """Start a new worker, which lives."""
        self.left = None


@dataclass
class World:
    """One naptime over fakes, and the host's part: delivering the queues' messages."""

    desired: Desired = field(default_factory=lambda: Desired(SUNDAY_NIGHT))
    dry_run: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    jitter: Callable[[], float] = middle
    pace: Pace = field(default_factory=Pace)
    crowd_size: int = CROWD_SIZE
    subscriptions: frozenset[str] = frozenset({SUBSCRIPTION})
    outcomes: list[tuple[Outcome, Cause]] = field(default_factory=list)
    finished: list[RunRecord] = field(default_factory=list)
    bugs: list[Exception] = field(default_factory=list)
    audited: list[AuditRecord] = field(default_factory=list)
    kills: int = 0
    minded: list[Mended] = field(default_factory=list)
    words: Iterator[int] = field(default_factory=count)
    verify_max_age: timedelta = timedelta(hours=1)
    has_topic: bool = False

    def __post_init__(self) -> None:
        """Wire everything."""
        self.life = Life()
        self.in_flight = InFlight()
        step = self.life.step
        self.aks = FakeAks(self.clock, takes=self._takes)
        self.queue = FakeWorkQueue[ReconcileCluster](self.clock, step=step)
        self.run_queue = FakeWorkQueue[RunWork](self.clock, step=step)
        self.batons = FakeWorkQueue[Baton](self.clock, step=step)
        self.event_queue = FakeWorkQueue[PublishEvents](self.clock, step=step)
        self.topic = FakeTopic(step=step)
        self.teller = EventTeller(self.event_queue if self.has_topic else None, self.clock)
        self.records = FakeClusterRecords(self.clock, step=step)
        self.given_up = FakeGivenUpRecords(step=step)
        self.tables = FakeTables(self.clock, step)
        self.next_minding: datetime | None = None
        self._wire()
        self._wire_runs()
        self._wire_schedules()

    def _takes(self, _: Verb) -> timedelta:
        self.life.step()
        return timedelta(0)

    def _wire(self) -> None:
        self.retry = QuickRetry(self.clock, self.jitter)
        self.pacer = ShardPacer(self.tables.of(SHARDS_TABLE), self.clock, self.jitter, self.pace)
        self.memory = ClusterMemory(self.tables.of(CLUSTERS_TABLE), keeps_dry_runs=self.dry_run)
        self.audit = AuditLog(
            self.tables, self.clock, lambda: f"{next(self.words):016x}", self.audited.append
        )
        self.reconciler = ClusterReconciler(
            self.aks, self.clock, self.retry, self.pacer, self.desired, self.dry_run
        )
        self.worker = ClusterWorker(
            self.reconciler,
            self.records,
            self.memory,
            self.given_up,
            self.queue,
            self.clock,
            self.jitter,
            self._report_work,
            OutcomeTeller(self.teller, self.memory),
        )
        self.messages = MessageReceiver(self.worker, self.subscriptions)
        self.events = EventReceiver(
            self.queue, self.memory, self.clock, self.subscriptions, OWN_CLIENT_ID
        )
        self.requests = RequestedReconcile(self.worker)
        self.poison = PoisonReporter(self.given_up, self.clock)
        self.image_memory = ImageMemory(self.tables.of(IMAGES_TABLE))
        self.newest_images = NewestImages(self.image_memory, self.clock)
        self.viewer = ClusterViewer(
            self.aks,
            self.retry,
            self.pacer,
            self.memory,
            self.newest_images,
            self.given_up,
            self.clock,
            self.desired,
        )

    def _wire_schedules(self) -> None:
        world = ChangeWorld(
            self.aks,
            self.clock,
            self.retry,
            self.pacer,
            self.records,
            self.memory,
            self.given_up,
            self.audit,
            self.desired,
            self.dry_run,
        )
        self.putter = SchedulePutter(world, self._report, OutcomeTeller(self.teller, self.memory))
        self.deleter = ScheduleDeleter(world)
        self.schedules = ScheduleViewer(self.aks, self.retry, self.pacer)
        self.commands = AuditedCommands(self.requests, self.asker, self.replayer, self.audit)

    def _wire_runs(self) -> None:
        self.store = RunStore(self.tables)
        self.asker = RunAsker(
            self.tables.of(SHARDS_TABLE),
            self.store,
            self.run_queue,
            lambda: f"{next(self.words):016x}",
        )
        self.closer = RunCloser(self.store, self.finished.append, self.teller, self.given_up)
        handout = ShardHandout(self.store, self.batons, self.closer, self.pace, self.dry_run)
        self.lister = SubscriptionLister(
            self.aks,
            self.store,
            self.memory,
            self.given_up,
            self.run_queue,
            self.queue,
            handout,
            self.closer,
            self.clock,
            self.desired,
            self.verify_max_age,
        )
        shifts = ShiftWorld(
            self.reconciler, self.records, self.pacer, self._report_bug, self.in_flight
        )
        finisher = ShardFinisher(self.store, self.memory, self.closer, self.crowd_size, self.teller)
        shards = ShardReconciler(
            self.store,
            self.pacer,
            shifts,
            self.memory,
            self.given_up,
            self.batons,
            self.queue,
            finisher,
            self._report,
            self.teller,
        )
        starter = RunStarter(
            self.store, self.run_queue, self.subscriptions, self.lister, self.closer
        )
        self.run_messages = RunMessageReceiver(starter, shards)
        self.minder = RunMinder(
            self.store,
            self.pacer,
            self.asker,
            handout,
            self.run_queue,
            self.batons,
            self.closer,
        )
        self.runs = RunViewer(self.store)
        self._wire_images()

    def _wire_images(self) -> None:
        self.images = FakeNodeImages()
        self.places = FleetPlaces(self.tables.of(SHARDS_TABLE), self.memory, self.subscriptions)
        topic = self.topic if self.has_topic else None
        release_runs = ReleaseRuns(self.asker, self.tables.of(IMAGES_TABLE))
        self.image_watcher = ImageWatcher(
            self.places,
            ImageFinder(self.images, self.retry, self.places),
            self.image_memory,
            ReleaseAnnouncer(topic, self.teller, release_runs, self.clock),
            self.clock,
            self._report_location,
        )
        self.releases = ImageEventReceiver(self.places, release_runs, self.clock)
        self.publisher = EventPublisher(
            topic, self.event_queue, self.given_up, self.clock, self.jitter
        )
        self.fleet = FleetViewer(
            self.memory,
            self.newest_images,
            self.clock,
            self.subscriptions,
            SharedAnswers(self.clock, KEPT_FOR),
        )
        self.machines = FakeNapMachines()
        self.image_ages = ImageAgeReader(
            self.machines, self.memory, self.retry, self.clock, self.subscriptions, OLD_DAYS
        )
        self.replayer = GivenUpReplayer(self.given_up, self.queue, self.clock, self.subscriptions)

    def _report(self, outcome: Outcome, cause: Cause) -> None:
        self.outcomes.append((outcome, cause))

    def _report_work(self, outcome: Outcome, work: ReconcileCluster, _: datetime) -> None:
        self._report(outcome, work.cause)

    def _report_bug(self, _: PendingCluster, error: Exception) -> None:
        self.bugs.append(error)

    def _report_location(self, _: str, error: Exception) -> None:
        self.bugs.append(error)

    async def ask(self, name: str = "aks-1", cause: Cause = Cause.CLUSTER_WRITTEN) -> None:
        """Put one cluster on the queue."""
        await self.queue.send(ReconcileCluster(cluster_id(name), cause, self.clock.now()))

    async def run(self, *, for_at_most: timedelta = timedelta(hours=30)) -> list[Outcome]:
        """Deliver messages, moving the clock to each, until none is left or the time is over."""
        end = self.clock.now() + for_at_most
        while (visible_at := self._next_visible()) and visible_at <= end:
            self.clock.move_to(visible_at)
            await self.deliver_one()
        return [outcome for outcome, _ in self.outcomes]

    def _next_visible(self) -> datetime | None:
        queues = (self.queue, self.run_queue, self.batons, self.event_queue)
        times = [at for queue in queues if (at := queue.next_visible())]
        return min(times, default=None)

    async def deliver_one(self) -> None:
        """Deliver the message that can be seen first; one whose worker dies comes again later."""
        for queue, receive in (
            (self.run_queue, self._run_work),
            (self.batons, self._baton),
            (self.queue, self._cluster_work),
            (self.event_queue, self._event_work),
        ):
            message = queue.due()
            if message is not None:
                await self._deliver(queue.messages, message, receive)
                return

    async def _run_work(self, message: Message) -> None:
        await self.run_messages.receive_run_work(message.text)

    async def _baton(self, message: Message) -> None:
        await self.run_messages.receive_baton(message.text)

    async def _event_work(self, message: Message) -> None:
        await self.publisher.publish(message.text)

    async def _cluster_work(self, message: Message) -> None:
        await self.messages.receive(message.text, message.inserted_at)

    async def _deliver(
        self,
        messages: list[Message],
        message: Message,
        receive: Callable[[Message], Awaitable[None]],
    ) -> None:
        try:
            await receive(message)
        except Killed:
            self.kills += 1
            self.life.revive()
            again = self.clock.now() + COMES_AGAIN
            messages.append(Message(message.text, message.inserted_at, again))

    async def reconcile(self, name: str = "aks-1") -> Outcome:
        """Ask for one cluster and give the last outcome."""
        await self.ask(name)
        return (await self.run())[-1]

    async def start(self, scope: RunScope | None = None, cause: Cause = Cause.SWEPT) -> Run:
        """Ask for a run, over everything unless a scope is given."""
        return (await self.asker.ask(scope or RunScope(), cause)).run

    async def sweep(self, scope: RunScope | None = None) -> RunRecord:
        """Do a run over everything, or a scope, to its end, and give its record."""
        run = await self.start(scope)
        await self.run_and_mind()
        stored = await self.store.run(run.id)
        assert stored
        return stored.record

    async def run_and_mind(self, *, for_at_most: timedelta = timedelta(hours=30)) -> None:
        """Deliver messages, and mind the runs every five minutes, until nothing is left to do."""
        end = self.clock.now() + for_at_most
        while self.clock.now() < end:
            await self.run(for_at_most=MINDED_EVERY)
            idle = self._next_visible() is None
            if not idle:
                self.clock.advance(MINDED_EVERY)
            mended = await self.mind()
            if (
                idle
                and mended is not None
                and mended == NOTHING_MENDED
                and not await self._active()
            ):
                return
            if idle:
                self.clock.advance(MINDED_EVERY)

    async def mind(self) -> Mended | None:
        """Mind the runs; None where the worker dies of it."""
        try:
            mended = await self.minder.mind(self.clock.now())
        except Killed:
            self.kills += 1
            self.life.revive()
            return None
        self.minded.append(mended)
        return mended

    async def _active(self) -> bool:
        self.life.revive()
        months = await self.store.months()
        found = [await self.store.runs_of(month, 10, "", {"state": "Active"}) for month in months]
        return any(found)
