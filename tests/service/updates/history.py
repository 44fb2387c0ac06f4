"""A history: people, policies, clocks, refusals, late answers and dying workers, in any order."""

import asyncio
from collections.abc import Awaitable
from copy import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.observed import REPLICATION, observe_cluster
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.own.standing import Standing
from shared.domain.deciding.wish import Wish
from shared.domain.errors import AzureError, ConnectionFailed, OperationInProgress, Throttled
from shared.domain.fleet.last_known import LastKnown
from shared.domain.fleet.run_records import RunRecord
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.body import read_window, write_window
from shared.reconcile.cluster.change import ChangeRefused
from shared.reconcile.fleet.updates.approve import NothingToApprove, OtherPlan
from shared.reconcile.ground.claim import ClusterBusy
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.aks import Fault, Verb
from tests.fakes.clock import FakeClock
from tests.service.test_policies import ANY, PERSON
from tests.service.updates.judge import Judge, WatchedWorld
from tests.service_world import Killed

FLIPS = {"spring": "2027-03-28T01:00:00+00:00", "autumn": "2026-10-25T01:00:00+00:00"}
"""Of Berlin; New York's are two weeks before and a week after."""
NAMES = st.sampled_from(["aks-0", "aks-1", "aks-2"])
WINDOWS = st.sampled_from(["sunday", "wednesday"])
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
MOST = st.sampled_from([0, 1, 3, None])
THEN = st.sampled_from(["nothing", "a run", "an approval", "never"])
ACTS = st.sampled_from(["thursday", "removes", "links", "puts back"])
LEFT_WITHIN = timedelta(hours=2)

POLICY = """version = 1
{windows}
[[rules]]
name = "ring"
match.tags = {{ ring = "b" }}
window = "{ring}"

[[rules]]
name = "everything"
window = "{rest}"

[update]
schedules = "{schedules}"
adopt = "identical"
{most}
"""
WINDOW = """
[windows.{name}]
on = "{day}"
start = "{start}"
hours = {hours}
zone = "{zone}"
"""


class History(RuleBasedStateMachine):
    """Three clusters in two locations over some weeks in which the clocks change."""

    @initialize(
        flip=st.sampled_from([*FLIPS]),
        days=st.sampled_from([2, 8, 8, 15]),
        ring=WINDOWS,
        rest=WINDOWS,
        most=MOST,
    )
    def begin(self, flip: str, days: int, ring: str, rest: str, most: int | None) -> None:
        """Have naptime write three schedules, and then want others, perhaps."""
        self.loop = asyncio.new_event_loop()
        begin = datetime.fromisoformat(FLIPS[flip]) - timedelta(days=days)
        self.world = WatchedWorld(clock=FakeClock(begin))
        self.judge = Judge(self.world)
        self.most, self.zone, self.starts = most, "Europe/Berlin", "02:00"
        self.ring = self.rest = "sunday"
        self.schedules = "owned"
        self.seen: list[LastKnown] = []
        self.put_policy()
        for number, where in enumerate(["westeurope", "westeurope", "northeurope"]):
            tags = {"ring": "b"} if number == 0 else {}
            self.world.aks.add(cluster(f"aks-{number}", location=where, tags=tags))
        self.sweep()
        self.ring, self.rest = ring, rest
        self.put_policy()

    def do[T](self, coming: Awaitable[T], *, by_person: bool = False) -> T | None:
        """Run to the end, or to the death of the worker; then judge every write."""
        # No two writes are made at the very same time.
        self.world.clock.advance(timedelta(seconds=1))
        try:
            return self.loop.run_until_complete(_done(coming))
        except (Killed, AzureError, ChangeRefused, ClusterBusy):
            return None
        finally:
            life, self.world.life.left = self.world.life, None
            operations, meanwhile = life.operations, life.meanwhile
            life.meanwhile = {}
            self.loop.run_until_complete(self.judge.look(by_person=by_person))
            life.operations, life.meanwhile = operations, meanwhile

    def put_policy(self) -> None:
        """Put the policy of now in force, and have every worker know it."""
        common = {"start": self.starts, "hours": 4, "zone": self.zone}
        windows = [
            WINDOW.format(name=day.lower(), day=day, **common) for day in ("Sunday", "Wednesday")
        ]
        text = POLICY.format(
            windows="".join(windows),
            ring=self.ring,
            rest=self.rest,
            schedules=self.schedules,
            most="" if self.most is None else f"at_most = {self.most}",
        )
        version = self.do(self.world.policies.put(text, "somebody", ANY))
        assert version
        self.judge.most[version.hash] = self.most
        self.world.clock.advance(timedelta(minutes=1))

    @rule(ring=WINDOWS, rest=WINDOWS, most=MOST, then=THEN)
    def another_window(self, ring: str, rest: str, most: int | None, then: str) -> None:
        """Want another window for some, and another brake."""
        self.ring, self.rest, self.most = ring, rest, most
        self.put_policy()
        self.then(then)

    @rule(zone=ZONES, starts=st.sampled_from(["02:00", "02:30", "22:00"]), then=THEN)
    def another_hour(self, zone: str, starts: str, then: str) -> None:
        """Want the same days at other hours, and nothing changed or all."""
        self.zone, self.starts = zone, starts
        self.schedules = "never" if then == "never" else "owned"
        self.put_policy()
        self.then(then)

    def then(self, then: str) -> None:
        """Do what comes after a policy, often."""
        if then in {"a run", "an approval"}:
            self.sweep()
        if then == "an approval" and self.plans():
            self.somebody_approves(None, right=True)

    def plans(self) -> list[RunRecord]:
        """Give the runs that have planned something."""
        return [each for each in self.world.finished if each.summary.get("updatePlan")]

    @rule(name=NAMES, ring=st.sampled_from(["a", "b"]))
    def tag_a_cluster(self, name: str, ring: str) -> None:
        """Have another rule match, perhaps."""
        where = str(self.world.aks.clusters[cluster_id(name)]["location"])
        self.world.aks.add(cluster(name, tags={"ring": ring}, location=where))

    @rule(hours=st.sampled_from([1, 6, 30, 170]))
    def time_passes(self, hours: int) -> None:
        """Let nobody look."""
        self.world.clock.advance(timedelta(hours=hours))

    @rule(minutes=st.sampled_from([0, 2, 8]))
    def azure_shows_changes_late(self, minutes: int) -> None:
        """Have each LIST show what was there some minutes ago; never less than one has shown."""
        self.world.clock.advance(timedelta(minutes=minutes))
        self.world.aks.lag = timedelta(minutes=minutes)

    @rule(verb=st.sampled_from(["put", "put", "list", "get", "clusters"]), kind=st.integers(0, 3))
    def azure_refuses(self, verb: Verb, kind: int) -> None:
        """Have the next call refused, or a write accepted without an answer, or after a while."""
        error = (OperationInProgress, Throttled, ConnectionFailed, ConnectionFailed)[kind]
        applied, takes = kind > 1, timedelta(seconds=20 if kind == 3 else 0)
        self.world.aks.faults.append(Fault(verb, lambda: error("seeded"), applied, takes=takes))

    @rule(name=NAMES, act=ACTS)
    def a_person_acts(self, name: str, act: str) -> None:
        """Do so in the portal."""
        self.act(name, act)

    @rule(name=NAMES, act=ACTS, steps=st.integers(1, 60))
    def a_person_acts_in_the_middle(self, name: str, act: str, steps: int) -> None:
        """Do the same just before an operation of what comes next."""
        life = self.world.life
        life.meanwhile[life.operations + steps] = lambda: self.act(name, act)

    @rule(name=NAMES, seen=st.booleans())
    def an_accident(self, name: str, *, seen: bool) -> None:
        """Remove what a person has made, once naptime has seen it, or before."""
        self.act(name, "thursday")
        if seen:
            self.do(self.world.ask(name))
            self.do(self.world.run(for_at_most=timedelta(minutes=1)))
        self.act(name, "removes")
        self.do(self.world.ask(name))
        self.do(self.world.run(for_at_most=timedelta(hours=1)))

    def act(self, name: str, act: str) -> None:
        """Do what a person does."""
        on, aks = cluster_id(name), self.world.aks
        if act == "removes":
            aks.remove_schedule(on)
            return
        made = [call.body for call in aks.accepted_writes if call.cluster_id == on]
        if act == "puts back" and made and made[-1]:
            properties = made[-1]["properties"]
            assert isinstance(properties, dict)
        else:
            properties = {} if act == "links" else schedule("Thursday")
        aks.set_schedule(on, properties)
        self.judge.person_made(on, of_their_own=act == "thursday")

    @rule(name=NAMES, hours=st.integers(4, 5))
    def a_person_puts_one_through_naptime(self, name: str, hours: int) -> None:
        """Have it written whatever is advised."""
        on = cluster_id(name)
        self.judge.asked.add(on)
        if self.world.aks.lag:
            # What was there before it may be shown, and be what comes back: then it is nobody's.
            self.judge.hidden.add(on)
        window = replace(read_window(schedule("Thursday", hours=hours)), start_date=None)
        wish = Wish(window, force=True)
        self.do(self.world.putter.put(on, wish, PERSON), by_person=True)

    @rule(name=NAMES)
    def a_person_deletes_one_through_naptime(self, name: str) -> None:
        """Have it deleted for good."""
        on = cluster_id(name)
        self.do(self.world.deleter.delete(on, Condition(), PERSON))
        if self.world.aks.schedule(on) is None:
            self.judge.left[on].clear()

    @rule(name=NAMES)
    def a_person_releases_one(self, name: str) -> None:
        """Hand a schedule to naptime."""
        if self.world.aks.lag:
            return
        on = cluster_id(name)
        if self.do(self.world.releaser.release(on, PERSON)):
            self.judge.person_gave(on)

    @rule(name=NAMES)
    def a_person_asks_for_one(self, name: str) -> None:
        """Have one cluster looked at, and changed."""
        self.judge.asked.add(cluster_id(name))
        self.do(self.world.requests.reconcile(cluster_id(name), dry_run=False))

    @rule(dated=st.booleans())
    def a_cluster_comes(self, dated: bool) -> None:  # noqa: FBT001 - drawn
        """Have one with the very schedule that naptime would write, or one that begins later."""
        name = f"aks-{len(self.world.aks.clusters)}"
        on, now = cluster_id(name), self.world.clock.now()
        body = cluster(name)
        desired = self.do(self.world.policies.wanted())
        window = desired.planned(observe_cluster(body), now) if desired else None
        assert window
        arm = write_window(window)
        arm["startDate"] = f"{now + timedelta(days=60 if dated else -2):%Y-%m-%d}"
        self.world.aks.add(body)
        self.world.aks.set_schedule(on, {"maintenanceWindow": arm})
        self.judge.person_made(on, may_adopt=not dated)

    @rule(steps=st.none() | st.integers(1, 40))
    def an_event_comes(self, steps: int | None) -> None:
        """Say that a cluster was written, to a worker that may die of it."""
        self.do(self.world.ask("aks-0"))
        self.dies_in(steps)
        self.do(self.world.run(for_at_most=timedelta(hours=1)))

    @rule()
    def a_sweep_looks(self) -> None:
        """Look under no claim, and write down nothing yet."""
        self.do(self._look())

    async def _look(self) -> None:
        on, now = cluster_id("aks-0"), self.world.clock.now()
        one = self.world.reconciler.pass_over(on, await self.world.policies.wanted(), dry_run=False)
        known = await self.world.memory.standing(on)
        one.own.known = Standing(known.written)
        await one.looks.read()
        sight = await one.looks.act(_seen)
        decision = one.decide(sight)
        if not decision.writes and not decision.lets_go and not decision.adopts:
            self.seen.append(LastKnown(await one.act_on(decision, sight), now, now))

    @precondition(lambda self: self.seen)
    @rule()
    def a_sweep_writes_down(self) -> None:
        """Write down what was seen, minutes after."""
        if self.world.clock.now() - self.seen[0].read_at < REPLICATION:
            self.do(self.world.recorder.record([self.seen[0]], Cause.SWEPT))
        self.seen = self.seen[1:]

    def dies_in(self, steps: int | None) -> None:
        """Have the worker die of one of its operations."""
        self.world.life.left = None if steps is None else self.world.life.operations + steps

    @rule()
    def sweep(self) -> None:
        """Do a run, and whatever follows it."""
        world = self.world
        outcomes, runs = len(world.outcomes), len(world.finished)
        kills, faults, began_at = world.kills, len(world.aks.faults), world.clock.now()
        run = self.do(world.start())
        self.do(world.run_and_mind(for_at_most=LEFT_WITHIN))
        is_whole = run and run.started_at >= began_at and world.kills == kills and not faults
        looked = [each.run for each in world.finished[runs:] if each.run.updates is None]
        if is_whole and looked == [run] == [world.finished[runs].run]:
            self.count(outcomes, runs)

    def count(self, outcomes: int, run: int) -> None:
        """Count the updates that a run has found, by what came of each cluster."""
        record, until = self.world.finished[run], self.world.outcomes_by[run]
        verdict = record.summary.get("updatePlan")
        if record.run.updates or verdict is None:
            return
        found = {
            outcome.cluster_id
            for outcome, _ in self.world.outcomes[outcomes:until]
            if outcome.kind is OutcomeKind.UNCHANGED
            and outcome.drift
            and outcome.drift.update
            and not outcome.drift.clocks
        }
        assert verdict["updates"] == len(found)

    @rule(messages=st.integers(1, 8))
    def a_run_begins(self, messages: int) -> None:
        """Begin a run, and have something else happen before it goes on."""
        self.do(self.world.start())
        self.do(self._deliver(messages))

    async def _deliver(self, messages: int) -> None:
        for _ in range(messages):
            self.world.clock.advance(timedelta(milliseconds=100))
            await self.world.deliver_one()

    @rule(steps=st.integers(1, 120))
    def sweep_and_die(self, steps: int) -> None:
        """Do the same with a worker that dies of one of its operations."""
        self.do(self.world.start())
        self.dies_in(steps)
        self.do(self.world.run_and_mind(for_at_most=LEFT_WITHIN))

    @precondition(lambda self: self.plans())
    @rule(steps=st.none() | st.integers(1, 30), right=st.sampled_from([True, True, False]))
    def somebody_approves(self, steps: int | None, *, right: bool) -> None:
        """Approve what the newest plan is, or another, by a worker that may die of it."""
        newest = self.plans()[-1]
        told = newest.summary["updatePlan"]["planHash"] if right else "0" * 32
        if right:
            self.judge.approvals.add(newest.run.id)
        self.dies_in(steps)
        self.do(self.approve(newest.run.id, told, needed=right))
        self.do(self.world.run_and_mind(for_at_most=LEFT_WITHIN))

    async def approve(self, run_id: str, planned: str, *, needed: bool) -> None:
        """Approve, and hold the answer to what it may be."""
        stored = await self.world.store.run(run_id)
        assert stored
        used = stored.record.approved_run
        try:
            run = await self.world.approver.approve(run_id, planned, PERSON)
        except (NothingToApprove, OtherPlan):
            return
        assert run
        assert needed
        assert not used
        assert stored.record.summary["updatePlan"]["needsApproval"]

    @precondition(lambda self: self.plans())
    @rule()
    def somebody_puts_back(self) -> None:
        """Put back what the newest run that planned, or one that followed it, has changed."""
        run_id = self.plans()[-1].run.id
        self.judge.reverts.add(run_id)
        self.do(self._put_back(run_id))
        self.do(self.world.run_and_mind(for_at_most=LEFT_WITHIN))

    async def _put_back(self, run_id: str) -> None:
        shown = await self.world.approver.try_out(run_id)
        assert shown
        await self.world.approver.revert(run_id, shown["planHash"], PERSON)

    def teardown(self) -> None:
        """Look at all schedules once more, when Azure is on time and nothing fails."""
        if not hasattr(self, "world"):
            return
        try:
            self.end()
        finally:
            self.loop.close()

    def end(self) -> None:
        """Hold what there is to who made it: a person's is as it was left, naptime's is owned."""
        aks = self.world.aks
        aks.faults.clear()
        aks.lag = timedelta()
        self.world.life.meanwhile.clear()
        self.world.clock.advance(2 * REPLICATION)
        kept = {on: aks.schedule(on) for on in aks.clusters if not self.judge.may_change(on)}
        self.sweep()
        assert {on: aks.schedule(on) for on in kept} == kept
        for on, known in self.judge.rows():
            body = aks.schedule(on)
            if body and id(body) not in self.judge.persons and on not in self.judge.hidden:
                assert known
                assert known.is_naptimes


async def _done[T](coming: Awaitable[T]) -> T:
    return await coming


async def _seen[T](sight: T) -> T:
    return sight
