"""What people do in a history: to schedules, by hand and through naptime, to policies and tags."""

from copy import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.observed import observe_cluster
from shared.domain.deciding.wish import Wish
from shared.domain.fleet.run_records import RunRecord
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.body import read_window, write_window
from shared.reconcile.fleet.updates.approve import NothingToApprove, OtherPlan
from tests.clusters import cluster, cluster_id, schedule
from tests.service.test_policies import PERSON
from tests.service.updates.stage import LEFT_WITHIN, MOST, NAMES, WINDOWS, ZONES, Stage

THEN = st.sampled_from(["nothing", "a run", "an approval", "never"])
ACTS = st.sampled_from(["thursday", "removes", "links", "puts back"])


class People(Stage):
    """People, who know nothing of each other."""

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
            self.run_over_all()
        if then == "an approval" and self.plans():
            self.somebody_approves(None, right=True)

    @rule(name=NAMES, ring=st.sampled_from(["a", "b"]))
    def tag_a_cluster(self, name: str, ring: str) -> None:
        """Have another rule match, perhaps."""
        where = str(self.world.aks.clusters[cluster_id(name)]["location"])
        self.world.aks.add(cluster(name, tags={"ring": ring}, location=where))

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

    @rule(name=NAMES)
    def a_change_and_back(self, name: str) -> None:
        """Make another, which naptime sees, and then what was there before."""
        self.change_and_back(name)

    def change_and_back(self, name: str) -> None:
        """Do so, and nothing else: no message is delivered in between."""
        self.act(name, "thursday")
        work = ReconcileCluster(cluster_id(name), Cause.CLUSTER_WRITTEN, self.world.clock.now())
        self.do(self.world.worker.do(work))
        self.act(name, "puts back")

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

    def plans(self) -> list[RunRecord]:
        """Give the runs that have planned something."""
        return [each for each in self.world.finished if each.summary.get("updatePlan")]

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
