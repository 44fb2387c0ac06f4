"""A world of people, policies, clocks, refusals and dying workers: whatever happens, in any order.

The model knows who wrote each schedule last; naptime knows only its records, and what Azure shows.
"""

import asyncio
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.domain.deciding.written import canonical
from shared.domain.errors import AzureError, ConnectionFailed, OperationInProgress
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import read_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.fleet.updates.approve import NothingToApprove, OtherPlan
from tests.clusters import cluster, cluster_id, schedule
from tests.examples import examples
from tests.fakes.aks import Call, Fault
from tests.fakes.clock import FakeClock
from tests.service.test_policies import ANY, PERSON
from tests.service.updates.worlds import OWNED, policy
from tests.service_world import Killed, World

HISTORIES = examples(15, 40)
BEGIN = datetime.fromisoformat("2027-03-12T10:00:00+00:00")
NAMES = st.sampled_from(["aks-0", "aks-1", "aks-2"])
HALF_AN_HOUR, EIGHT_DAYS = timedelta(minutes=30), timedelta(days=8)


class UpdatesWorld(RuleBasedStateMachine):
    """Three clusters over some weeks in which the clocks change, at most one update unasked."""

    @initialize(most=st.integers(0, 3))
    def begin(self, most: int) -> None:
        """Have naptime write three schedules."""
        self.loop = asyncio.new_event_loop()
        self.world = World(clock=FakeClock(BEGIN))
        self.most, self.approved = most, 0
        self.update = f"{OWNED}at_most = {most}\n"
        self.left: dict[ClusterId, str] = {}
        self.persons: set[ClusterId] = set()
        self.judged = 0
        self.put_policy("sunday")
        for number in range(3):
            self.world.aks.add(cluster(f"aks-{number}"))
        self.sweep()

    def do(self, coming: object) -> object:
        """Run to the end, or to the death of the worker; then judge every write."""
        try:
            return self.loop.run_until_complete(coming)  # type: ignore[arg-type]
        except (Killed, AzureError):
            return None
        finally:
            self.world.life.revive()
            self.judge()

    def put_policy(self, window: str) -> None:
        """Put a policy in force."""
        text = policy(window=window, update=self.update)
        self.do(self.world.policies.put(text, "somebody", ANY))

    @rule(window=st.sampled_from(["sunday", "wednesday"]))
    def change_the_policy(self, window: str) -> None:
        """Want another window for everybody."""
        self.put_policy(window)

    @rule(hours=st.sampled_from([1, 6, 30, 100]))
    def time_passes(self, hours: int) -> None:
        """Let nobody look."""
        self.world.clock.advance(timedelta(hours=hours))

    @rule()
    def sweep(self) -> None:
        """Do a run, and whatever follows it."""
        self.do(self.world.start())
        self.do(self.world.run_and_mind(for_at_most=timedelta(hours=2)))

    @rule(steps=st.integers(1, 60))
    def sweep_and_die(self, steps: int) -> None:
        """Do the same with a worker that dies of one of its operations."""
        self.do(self.world.start())
        self.world.life.left = self.world.life.operations + steps
        self.do(self.world.run_and_mind(for_at_most=timedelta(hours=2)))

    @rule(unheard=st.booleans())
    def azure_refuses(self, unheard: bool) -> None:  # noqa: FBT001 - drawn
        """Have the next write refused, or accepted without an answer."""
        error = ConnectionFailed if unheard else OperationInProgress
        self.world.aks.faults.append(Fault("put", lambda: error("seeded"), applied=unheard))

    @rule(name=NAMES, day=st.sampled_from(["Sunday", "Thursday"]))
    def a_person_changes_one(self, name: str, day: str) -> None:
        """Do so in the portal."""
        self.world.aks.set_schedule(cluster_id(name), schedule(day))
        window = read_window(schedule(day))
        self.left[cluster_id(name)] = canonical(window, self.world.clock.now())
        self.persons.add(cluster_id(name))

    @rule(name=NAMES)
    def a_person_removes_one(self, name: str) -> None:
        """Do so in the portal."""
        self.world.aks.remove_schedule(cluster_id(name))
        self.persons.discard(cluster_id(name))

    @rule(name=NAMES)
    def an_event_comes(self, name: str) -> None:
        """Say that a cluster was written."""
        self.do(self.world.ask(name))
        self.do(self.world.run(for_at_most=timedelta(hours=1)))

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def somebody_approves(self) -> None:
        """Approve whatever the newest run waits for."""
        finished = [each for each in self.world.finished if each.summary.get("updatePlan")]
        if finished:
            newest = finished[-1]
            self.do(self._approve(newest.run.id, newest.summary["updatePlan"]["planHash"]))
            self.do(self.world.run_and_mind(for_at_most=timedelta(hours=2)))

    async def _approve(self, run_id: str, planned: str) -> None:
        try:
            await self.world.approver.approve(run_id, planned, PERSON)
            self.approved += 1
        except (NothingToApprove, OtherPlan):
            pass

    def judge(self) -> None:
        """Hold each new write of naptime against what stood there, and who had written that."""
        calls = self.world.aks.calls
        for index in range(self.judged, len(calls)):
            call = calls[index]
            if call.verb == "put" and call.accepted and call.window and call.cluster_id:
                self.judge_write(call.cluster_id, call.window, call, calls[:index])
        self.judged = len(calls)

    def judge_write(
        self, on: ClusterId, window: MaintenanceWindow, call: Call, before: list[Call]
    ) -> None:
        """Ask for half an hour, a LIST right before, eight days at most, and no person's."""
        # The cluster itself may be read between the two, where it was listed long ago.
        own = (each for each in reversed(before) if each.cluster_id == on and each.verb != "get")
        assert next(own).verb == "list"
        assert on not in self.persons
        coming = next(window.occurrences(call.at))
        assert coming.start >= call.at + HALF_AN_HOUR
        assert coming.start <= call.at + EIGHT_DAYS
        # What comes back as it was seen last is a person's again.
        if canonical(window, call.at) == self.left.get(on):
            self.persons.add(on)

    def teardown(self) -> None:
        """Look at all schedules once more: what is a person's is as the person left it."""
        if not hasattr(self, "world"):
            return
        try:
            kept = {on: self.world.aks.schedule(on) for on in self.persons}
            self.sweep()
            self.sweep()
            assert {on: self.world.aks.schedule(on) for on in kept} == kept
        finally:
            self.loop.close()


def test_no_history_touches_what_is_a_persons_or_starts_too_soon() -> None:
    """Whatever people, policies, clocks, refusals and deaths come in whatever order."""
    run_state_machine_as_test(
        UpdatesWorld,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
