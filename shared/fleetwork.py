"""What fleet runs stand on, and what drives them: each part made once."""

from functools import cached_property

from shared.groundwork import Groundwork
from shared.reconcile.cluster.tidy import Tidier
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.fleet.baton import ShardReconciler
from shared.reconcile.fleet.close import RunCloser
from shared.reconcile.fleet.hand_out import ShardHandout
from shared.reconcile.fleet.mind import RunMinder
from shared.reconcile.fleet.settle import ClusterSettler
from shared.reconcile.fleet.shift import ShiftWorld
from shared.reconcile.fleet.start import RunMessageReceiver, RunStarter
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.fleet.subscriptions.listing import SubscriptionLister
from shared.reconcile.fleet.subscriptions.patience import ListingPatience
from shared.reconcile.fleet.updates.approve import PlanApprover
from shared.reconcile.fleet.updates.clocks import ClockRuns
from shared.reconcile.fleet.updates.follow import Follower
from shared.reconcile.fleet.updates.orders import Orders
from shared.reconcile.fleet.updates.plans import PlanReader
from shared.reconcile.ground.at_once import InFlight
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from shared.reconcile.ground.crowds import CrowdFinder
from shared.reconcile.images.memory import IMAGES_TABLE
from shared.reconcile.images.release import ReleaseRuns
from shared.reconcile.shown.runs import RunViewer


class Fleetwork(Groundwork):
    """The parts of fleet runs."""

    @cached_property
    def store(self) -> RunStore:
        return RunStore(self.ports.tables)

    @cached_property
    def asker(self) -> RunAsker:
        """What starts runs."""
        ports, dry_run = self.ports, self.settings.dry_run
        queue, new_id = ports.runs_queue, ports.new_id
        return RunAsker(self._shards, self.store, queue, new_id, self.policies, dry_run)

    @cached_property
    def closer(self) -> RunCloser:
        """What ends runs."""
        ground = self.teller, self.given_up, self.follower
        return RunCloser(self.store, self.reports.run, *ground)

    @cached_property
    def plans(self) -> PlanReader:
        """What reads the plans of runs."""
        return PlanReader(self.store)

    @cached_property
    def follower(self) -> Follower:
        """What follows runs that have found drift."""
        return Follower(self.plans, self.asker, self.policies.wanted)

    @cached_property
    def orders(self) -> Orders:
        """What runs may change."""
        return Orders(self.store, self.memory, self.plans, self.policies.wanted)

    @cached_property
    def clock_runs(self) -> ClockRuns:
        """The runs that come where clocks change."""
        new_id, dry_run = self.ports.new_id, self.settings.dry_run
        return ClockRuns(self._shards, self.asker, self.policies, new_id, dry_run)

    @cached_property
    def approver(self) -> PlanApprover:
        """What `POST /runs/{id}/approve` and `.../revert` call."""
        allowed = self.settings.subscriptions
        return PlanApprover(self.store, self.asker, self.orders, self.audit, allowed)

    @cached_property
    def handout(self) -> ShardHandout:
        """What gives shards their batons."""
        batons, settings = self.ports.shards_queue, self.settings
        return ShardHandout(self.store, batons, self.closer, settings.pace, settings.dry_run)

    @cached_property
    def lister(self) -> SubscriptionLister:
        """What lists the clusters of a run's subscriptions."""
        ports, settings = self.ports, self.settings
        return SubscriptionLister(
            self.pages,
            self.store,
            self.recorder,
            self.given_up,
            ports.runs_queue,
            ports.clusters_queue,
            self.handout,
            self.closer,
            ports.clock,
            self.policies.wanted,
            settings.verify_max_age,
            CrowdFinder(self.memory, self.teller, self.crowd_size),
            Tidier(ports.tables.of(CLUSTERS_TABLE), self._shards),
            self.patience,
            self.orders,
        )

    @cached_property
    def patience(self) -> ListingPatience:
        """What tries subscriptions again that could not be read."""
        ports, allowed = self.ports, self.settings.subscriptions
        return ListingPatience(
            self._shards,
            self.pages,
            self.asker,
            ports.runs_queue,
            self.given_up,
            ports.jitter,
            allowed,
        )

    @cached_property
    def in_flight(self) -> InFlight:
        """How much this process may do at once."""
        return InFlight()

    @cached_property
    def shifts(self) -> ShiftWorld:
        """What the holder of a baton needs for its clusters."""
        records, bug = self.claims, self.reports.bug
        timeout = self.settings.desired.attempt_timeout
        paces = self.pacer, self.pauses
        return ShiftWorld(self.reconciler, records, *paces, bug, timeout, self.in_flight)

    @cached_property
    def settler(self) -> ClusterSettler:
        """What does with the outcomes of a run's clusters what they ask for."""
        ports = self.ports
        return ClusterSettler(
            self.recorder,
            self.given_up,
            ports.clusters_queue,
            self.reports.in_run,
            self.teller,
            ports.clock,
            ports.jitter,
        )

    @cached_property
    def release_runs(self) -> ReleaseRuns:
        """The runs that released images start."""
        return ReleaseRuns(self.asker, self.ports.tables.of(IMAGES_TABLE))

    @cached_property
    def runs(self) -> RunViewer:
        """What `GET /runs` calls."""
        return RunViewer(self.store, self.patience)

    @cached_property
    def run_messages(self) -> RunMessageReceiver:
        """What the functions on the queues of runs and shards call."""
        ports, allowed = self.ports, self.settings.subscriptions
        shards = ShardReconciler(
            self.store,
            self.pacer,
            self.shifts,
            self.settler,
            ports.shards_queue,
            self.closer,
            allowed,
            self.half_pace,
        )
        starter = RunStarter(
            self.store,
            ports.runs_queue,
            allowed,
            self.lister,
            shards.carry,
            self.patience,
            self.closer,
        )
        return RunMessageReceiver(starter, shards)

    @cached_property
    def minder(self) -> RunMinder:
        """What the timer that minds runs calls."""
        return RunMinder(
            self.store,
            self.pacer,
            self.asker,
            self.handout,
            self.ports.runs_queue,
            self.ports.shards_queue,
            self.closer,
            self.patience,
            self.clock_runs,
        )
