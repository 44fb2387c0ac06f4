"""The use cases, wired to fakes that remember, on one clock: hours pass in a test in no time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta

from shared.clients.retry import QuickRetry
from shared.domain.decision import Desired
from shared.domain.outcome import Outcome
from shared.domain.recurrence import Weekday, Weekly
from shared.domain.window import MaintenanceWindow
from shared.domain.work import Cause, ReconcileCluster
from shared.reconcile.do_cluster_work import ClusterWorker
from shared.reconcile.look_at_cluster import ClusterViewer
from shared.reconcile.receive_event import EventReceiver
from shared.reconcile.receive_message import MessageReceiver, PoisonReporter
from shared.reconcile.reconcile_cluster import ClusterReconciler
from shared.reconcile.reconcile_on_request import RequestedReconcile
from tests.clusters import OWN_CLIENT_ID, SUBSCRIPTION, cluster_id
from tests.fakes.aks import FakeAks
from tests.fakes.clock import FakeClock
from tests.fakes.storage import FakeClusterRecords, FakeGivenUpRecords, FakeWorkQueue

SUNDAY_NIGHT = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
"""The default window."""


def middle() -> float:
    """Draw no jitter at all: always the middle."""
    return 0.5


@dataclass
class World:
    """One naptime over fakes, and the host's part: delivering the queue's messages."""

    desired: Desired = field(default_factory=lambda: Desired(SUNDAY_NIGHT))
    dry_run: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    jitter: Callable[[], float] = middle
    outcomes: list[tuple[Outcome, Cause]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Wire everything."""
        self.aks = FakeAks(self.clock)
        self.queue = FakeWorkQueue(self.clock)
        self.records = FakeClusterRecords(self.clock)
        self.given_up = FakeGivenUpRecords()
        self.retry = QuickRetry(self.clock, self.jitter)
        self.reconciler = ClusterReconciler(
            self.aks, self.clock, self.retry, self.desired, self.dry_run
        )
        self.worker = ClusterWorker(
            self.reconciler,
            self.records,
            self.given_up,
            self.queue,
            self.clock,
            self.jitter,
            lambda outcome, cause: self.outcomes.append((outcome, cause)),
        )
        subscriptions = frozenset({SUBSCRIPTION})
        self.messages = MessageReceiver(self.worker, subscriptions)
        self.events = EventReceiver(self.queue, self.clock, subscriptions, OWN_CLIENT_ID)
        self.requests = RequestedReconcile(self.worker)
        self.poison = PoisonReporter(self.given_up, self.clock)
        self.viewer = ClusterViewer(
            self.aks, self.retry, self.records, self.given_up, self.clock, self.desired
        )

    async def ask(self, name: str = "aks-1", cause: Cause = Cause.CLUSTER_WRITTEN) -> None:
        """Put one cluster on the queue."""
        await self.queue.send(ReconcileCluster(cluster_id(name), cause, self.clock.now()))

    async def run(self, *, for_at_most: timedelta = timedelta(hours=30)) -> list[Outcome]:
        """Deliver messages, moving the clock to each, until none is left or the time is over."""
        end = self.clock.now() + for_at_most
        while (visible_at := self.queue.next_visible()) and visible_at <= end:
            self.clock.move_to(visible_at)
            message = self.queue.due()
            if message is not None:
                await self.messages.receive(message.text, message.inserted_at)
        return [outcome for outcome, _ in self.outcomes]

    async def reconcile(self, name: str = "aks-1") -> Outcome:
        """Ask for one cluster and give the last outcome."""
        await self.ask(name)
        return (await self.run())[-1]
