"""The one world over fakes that remember, on one clock: hours pass in a test in no time."""

from collections.abc import Awaitable, Callable, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING

from shared import world as naptime
from shared.clients.retry import QuickRetry
from shared.domain.deciding.decision import Desired
from shared.domain.deciding.outcome import Outcome
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.crowding import CROWD_SIZE
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import Run, RunScope
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.run_work import Baton, RunWork
from shared.domain.messages.envelope import HeldBack
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.touches import Touch
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from shared.groundwork import Reports
from shared.reconcile.fleet.mind import Mended
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from shared.reconcile.ground.given_up import GIVEN_UP_TABLE
from shared.settings import read_settings
from tests.clusters import OWN_CLIENT_ID, SUBSCRIPTION, cluster_id
from tests.fakes.aks import FakeAks, Verb
from tests.fakes.clock import FakeClock
from tests.fakes.event_topic import FakeTopic
from tests.fakes.machines import FakeNapMachines
from tests.fakes.node_images import FakeNodeImages
from tests.fakes.storage import FakePoisonQueues, FakeQueue, Message
from tests.fakes.tables import FakeTables

if TYPE_CHECKING:
    from shared.domain.messages.audit import AuditRecord

SUNDAY_NIGHT = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
"""The default window."""

COMES_AGAIN = timedelta(minutes=10)
"""When the Functions host's queue shows a message again whose worker was killed."""

MINDED_EVERY = timedelta(minutes=5)
NOTHING_MENDED = Mended()

TOPIC = "https://naptime.example/api/events"

ENVIRONMENT = {
    "NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION,
    "AZURE_CLIENT_ID": OWN_CLIENT_ID,
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
"""What has no default, and whose writes are naptime's own."""


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
    meanwhile: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What somebody else does just before an operation, by its number."""

    def step(self) -> None:
        """Count one operation, or die of it."""
        if self.left is not None and self.operations >= self.left:
            raise Killed
        self.operations += 1
        if self.meanwhile:
            self.meanwhile.pop(self.operations, lambda: None)()

    def revive(self) -> None:
        """Start a new worker, which lives."""
        self.left = None


class FakePorts:
    """Ports that remember, on one clock; each of their operations is a step of the worker's life.

    What is not asked for (a topic, another clock) is what a deployed naptime has by default.
    """

    def __init__(self, clock: FakeClock, jitter: Callable[[], float], *, has_topic: bool) -> None:
        """Make all of them."""
        self.clock = clock
        self.jitter = jitter
        self.life = Life()
        step = self.life.step
        self.aks = FakeAks(clock, takes=self._takes)
        self.node_images = FakeNodeImages()
        self.machines = FakeNapMachines()
        self.retry = QuickRetry(clock, jitter)
        self.fake_topic = FakeTopic(step=step)
        self.topic = self.fake_topic if has_topic else None
        self.tables = FakeTables(clock, step)
        self.clusters_queue = FakeQueue[ReconcileCluster | HeldBack](clock, step=step)
        self.runs_queue = FakeQueue[RunWork | HeldBack](clock, step=step)
        self.shards_queue = FakeQueue[Baton | HeldBack](clock, step=step)
        self.events_queue = FakeQueue[PublishEvents | HeldBack](clock, step=step)
        self.poison = FakePoisonQueues(clock)
        self.ids = count()

    def _takes(self, _: Verb) -> timedelta:
        self.life.step()
        return timedelta(0)

    def new_id(self) -> str:
        """Count."""
        return f"{next(self.ids):016x}"

    async def close(self) -> None:
        """Have nothing to close."""


class World(naptime.World):
    """The world of a deployed naptime over fakes, and the host's part: delivering messages."""

    ports: FakePorts

    def __init__(  # noqa: PLR0913 - what a test may want otherwise, by name
        self,
        *,
        desired: Desired | None = None,
        dry_run: bool = False,
        clock: FakeClock | None = None,
        jitter: Callable[[], float] = middle,
        pace: Pace | None = None,
        read_pace: Pace | None = None,
        crowd_size: int = CROWD_SIZE,
        subscriptions: frozenset[str] = frozenset({SUBSCRIPTION}),
        verify_max_age: timedelta | None = None,
        has_topic: bool = False,
    ) -> None:
        """Read the settings as the environment has them, but for what the test wants otherwise."""
        read = read_settings(ENVIRONMENT)
        settings = replace(
            read,
            desired=desired or read.desired,
            dry_run=dry_run,
            pace=pace or read.pace,
            read_pace=read_pace or read.read_pace,
            subscriptions=subscriptions,
            verify_max_age=read.verify_max_age if verify_max_age is None else verify_max_age,
            topic_endpoint=TOPIC if has_topic else None,
        )
        ports = FakePorts(clock or FakeClock(), jitter, has_topic=has_topic)
        self.outcomes: list[tuple[Outcome, Cause]] = []
        self.finished: list[RunRecord] = []
        self.bugs: list[Exception] = []
        self.audited: list[AuditRecord] = []
        self.removed_again: list[tuple[ClusterId, int]] = []
        self.told_given_up: list[GivenUp] = []
        self.kills = 0
        self.minded: list[Mended] = []
        self.crowd_size = crowd_size
        super().__init__(settings, ports, self._reports())
        self._name_the_fakes(ports)

    def _name_the_fakes(self, ports: FakePorts) -> None:
        self.clock = ports.clock
        self.life = ports.life
        self.aks = ports.aks
        self.images = ports.node_images
        self.machines = ports.machines
        self.retry = ports.retry
        self.topic = ports.fake_topic
        self.tables = ports.tables
        self.queue = ports.clusters_queue
        self.run_queue = ports.runs_queue
        self.batons = ports.shards_queue
        self.event_queue = ports.events_queue

    def _reports(self) -> Reports:
        return Reports(
            work=self._report_work,
            removed_again=self._report_removed,
            put=self._report,
            in_run=self._report,
            run=self.finished.append,
            bug=self._report_bug,
            bug_in_location=self._report_location,
            audit=self.audited.append,
            given_up=self.told_given_up.append,
        )

    def _report(self, outcome: Outcome, cause: Cause) -> None:
        self.outcomes.append((outcome, cause))

    def _report_removed(self, cluster_id: ClusterId, removals: Sequence[Touch]) -> None:
        self.removed_again.append((cluster_id, len(removals)))

    def _report_work(self, outcome: Outcome, work: ReconcileCluster, _: datetime) -> None:
        self._report(outcome, work.cause)

    def _report_bug(self, _: PendingCluster, error: Exception) -> None:
        self.bugs.append(error)

    def _report_location(self, _: str, error: Exception) -> None:
        self.bugs.append(error)

    def all_given_up(self) -> list[GivenUp]:
        """Read the table of what was given up."""
        return [GivenUp.read(row) for row in self.tables.of(GIVEN_UP_TABLE).stored.values()]

    def is_claimed(self, name: str = "aks-1") -> bool:
        """Tell whether somebody holds the claim on a cluster."""
        place = SUBSCRIPTION, cluster_id(name).hash
        row = self.tables.of(CLUSTERS_TABLE).stored.get(place)
        return row is not None and row.flag("claimed")

    async def ask(self, name: str = "aks-1", cause: Cause = Cause.CLUSTER_WRITTEN) -> None:
        """Put one cluster on the queue."""
        await self.queue.send(ReconcileCluster(cluster_id(name), cause, self.clock.now()))

    async def run(self, *, for_at_most: timedelta = timedelta(hours=30)) -> list[Outcome]:
        """Deliver messages, moving the clock to each, until none is left or the time is over."""
        end = self.clock.now() + for_at_most
        while (visible_at := self.next_visible()) and visible_at <= end:
            self.clock.move_to(visible_at)
            await self.deliver_one()
        return [outcome for outcome, _ in self.outcomes]

    def next_visible(self) -> datetime | None:
        """Tell when the next message can be seen; None if there is none."""
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

    async def until_batons(self, number: int = 1) -> None:
        """Deliver messages until so many batons wait on the queue.

        Whoever lists a subscription meanwhile goes on with none of its shards, but sends all.
        """
        receiver = self.run_messages
        starter = replace(receiver.starter, carry=self.batons.send)
        self.run_messages = replace(receiver, starter=starter)
        while len(self.batons.messages) < number:
            visible_at = self.next_visible()
            assert visible_at
            self.clock.move_to(visible_at)
            await self.deliver_one()
        self.run_messages = receiver

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
            idle = self.next_visible() is None
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
