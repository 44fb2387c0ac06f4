"""Judges each write of naptime by what nobody but Azure could know: who wrote what, and when."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from shared.domain.deciding.observed import observe_configuration
from shared.domain.deciding.own.drift import digest
from shared.domain.deciding.written import Written, canonical
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.updates.plan import UpdateKind, UpdateOrder
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.starts import possible_occurrences
from shared.domain.window.window import MaintenanceWindow
from shared.groundwork import Reports
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from tests.fakes.aks import Call, Json
from tests.service_world import World

HALF_AN_HOUR, EIGHT_DAYS = timedelta(minutes=30), timedelta(days=8)
AT_ONCE = timedelta(seconds=31)
"""The second within which a write is sent, and the longest that Azure may take to accept it."""


def window_of(body: Json | None) -> MaintenanceWindow | None:
    """Read a schedule as ARM has it."""
    return observe_configuration(body).schedule.window if body else None


class WatchedWorld(World):
    """A world that keeps how many outcomes there were when each run ended."""

    outcomes_by: list[int]

    def _reports(self) -> Reports:
        self.outcomes_by = []
        return replace(super()._reports(), run=self.report_run)

    def report_run(self, record: RunRecord) -> None:
        """Keep the record of a run that ends."""
        self.finished.append(record)
        self.outcomes_by.append(len(self.outcomes))


@dataclass(slots=True)
class Judge:
    """What was written by whom, and what people have asked for."""

    world: World
    persons: dict[int, Json] = field(default_factory=dict)
    """Schedules that people made, by their identity in the fake, so that nothing else is one."""
    left: dict[ClusterId, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What people left on a cluster: it may be given back, and is theirs then."""
    may_adopt: set[int] = field(default_factory=set)
    begun: dict[ClusterId, datetime] = field(default_factory=dict)
    """When naptime's present schedule of a cluster, or the first of its changes, was made."""
    own: dict[ClusterId, str] = field(default_factory=dict)
    """The canonical window that naptime wrote last."""
    own_before: dict[ClusterId, str] = field(default_factory=dict)
    hidden: set[ClusterId] = field(default_factory=set)
    """Where naptime has written over what no LIST had shown: whose it is then nobody can tell."""
    asked: set[ClusterId] = field(default_factory=set)
    approvals: set[str] = field(default_factory=set)
    reverts: set[str] = field(default_factory=set)
    most: dict[str, int | None] = field(default_factory=dict)
    """How many updates a policy lets be made unasked, by its hash."""
    let_go: set[ClusterId] = field(default_factory=set)
    judged: int = 0
    runs_judged: int = 0

    def person_made(
        self, on: ClusterId, *, of_their_own: bool = False, may_adopt: bool = False
    ) -> None:
        """Note that what is there now is a person's, and whether naptime would write it too."""
        body = self.world.aks.schedule(on)
        if body is None:
            return
        self.persons[id(body)] = body
        window = window_of(body)
        if window and of_their_own:
            self.left[on].add(canonical(window, self.world.clock.now()))
        if may_adopt:
            self.may_adopt.add(id(body))

    def persons_write(self, call: Call) -> None:
        """Note a write of naptime's that a person has asked for."""
        assert call.cluster_id
        assert call.window
        assert call.body
        self.persons[id(call.body)] = call.body
        self.left[call.cluster_id].add(canonical(call.window, call.at))

    def person_gave(self, on: ClusterId) -> None:
        """Note that what is there now was handed to naptime."""
        body, window = self.world.aks.schedule(on), window_of(self.world.aks.schedule(on))
        if body and window:
            self.persons.pop(id(body), None)
            self.own[on] = canonical(window, self.world.clock.now())
            self.left[on].discard(self.own[on])
            self.begun[on] = self.world.clock.now()

    def is_persons(self, body: Json | None) -> bool:
        """Say whether a schedule is a person's, and none that naptime may take over."""
        return id(body) in self.persons and id(body) not in self.may_adopt

    def may_change(self, on: ClusterId) -> bool:
        """Say whether naptime may take what is there for its own."""
        body, window = self.world.aks.schedule(on), window_of(self.world.aks.schedule(on))
        is_as_written = window and canonical(window, self.world.clock.now()) == self.own.get(on)
        return not self.is_persons(body) or bool(is_as_written)

    async def look(self, *, by_person: bool = False) -> None:
        """Judge all that was written since the last look, and each run that has ended."""
        calls = self.world.aks.calls
        new = range(self.judged, len(calls))
        lists: dict[ClusterId, int] = {}
        last = {calls[index].cluster_id: index for index in new if _is_write(calls[index])}
        for index in new:
            call = calls[index]
            if call.cluster_id is None or call.verb == "get":
                continue
            if _is_write(call) and by_person:
                self.persons_write(call)
            elif _is_write(call):
                before = calls[lists[call.cluster_id]]
                self.judge_write(call, before)
                if index == last[call.cluster_id] and before.body:
                    await self.judge_order(call, before)
            lists[call.cluster_id] = index
        self.judged = len(calls)
        for record in self.world.finished[self.runs_judged :]:
            await self.judge_run(record)
        self.runs_judged = len(self.world.finished)
        self.let_go = {on for on, known in [*self.rows()] if known and known.let_go}

    def judge_write(self, call: Call, before: Call) -> None:
        """Ask for a LIST right before, nothing of a person's, and an opening that is in time."""
        on, window, at = call.cluster_id, call.window, call.at
        assert on
        assert window
        assert before.verb == "list"
        assert at - before.at <= AT_ONCE
        shown = window_of(before.body)
        coming = next(window.occurrences(at))
        assert coming.start >= at + HALF_AN_HOUR
        if before.body is None:
            assert coming.start <= at + EIGHT_DAYS
            self.begun[on] = at
        else:
            assert shown, "what is linked is somebody's"
            self.judge_update(on, before.body, shown, coming.start, at)
        if self._was_there(on, call.body) is not before.body:
            self.hidden.add(on)
        assert call.body
        if before.body is None and not call.answered:
            # No row says so before it is tried again: whoever looks first takes it for somebody's.
            self.hidden.add(on)
        self.own_before[on], self.own[on] = self.own.get(on, ""), canonical(window, at)
        if before.body is None and self.own[on] in self.left[on]:
            self.given_back(on, call.body)

    def given_back(self, on: ClusterId, body: Json) -> None:
        """Note that what comes back as it was seen last is a person's again.

        Of what was handed to naptime, and made by a person again, nobody can tell whose it is.
        """
        if self.own[on] == self.own_before[on]:
            self.hidden.add(on)
        else:
            self.persons[id(body)] = body
            del self.own[on]

    def judge_update(
        self, on: ClusterId, body: Json, shown: MaintenanceWindow, start: datetime, at: datetime
    ) -> None:
        """Ask whose it was, whether it was closed, and what the cluster loses."""
        # The one before, where a worker died of its last, and Azure does not show that yet.
        is_as_written = canonical(shown, at) in {self.own.get(on), self.own_before.get(on)}
        assert not self.is_persons(body) or is_as_written
        assert on not in self.let_go
        old = next(possible_occurrences(shown, at))
        assert old.start >= at + HALF_AN_HOUR
        assert start <= max(self.last_opened(on, at) + EIGHT_DAYS, old.start)

    def last_opened(self, on: ClusterId, at: datetime) -> datetime:
        """Give when a cluster's schedule was open last, of those since naptime's own began."""
        begun = self.begun.get(on, at)
        ends, states = [begun], [*self.world.aks.history(on), (at, None)]
        for (since, body), (until, _) in pairwise(states):
            first = max(since or begun, begun, at - EIGHT_DAYS)
            ends += _opened(window_of(body), first, min(until or at, at))
        return max(ends)

    def _was_there(self, on: ClusterId, made: Json | None) -> Json | None:
        states = [body for _, body in self.world.aks.history(on)]
        return next(before for before, body in pairwise(states) if body is made)

    async def judge_order(self, call: Call, before: Call) -> None:
        """Ask for the order behind an update: a plan that names it, an approval, a person."""
        on, window, shown = call.cluster_id, call.window, window_of(before.body)
        assert on
        assert window
        assert shown
        made = canonical(window, call.at)
        standing = await self.world.memory.standing(on)
        known = [each for each in (standing.sending, standing.written) if each]
        runs = {each.run_id for each in known if each.window == made}
        assert runs, "what is written was written down before"
        orders = [record.run.updates async for record in self._records(runs)]
        if on in self.asked or not all(orders):
            assert on in self.asked
            return
        for order in orders:
            assert order
            await self.judge_planned(on, order, canonical(shown, call.at), made)

    async def _records(self, runs: set[str]) -> AsyncIterator[RunRecord]:
        for run_id in runs:
            stored = await self.world.store.run(run_id) if run_id else None
            if stored:
                yield stored.record

    async def judge_planned(
        self, on: ClusterId, order: UpdateOrder, before: str, made: str
    ) -> None:
        """Ask whether this is what the plan says, and whether it may be carried out."""
        if order.kind is UpdateKind.REVERT:
            assert order.run_id in self.reverts
            return
        if not order.run_id:
            return
        stored = await self.world.store.run(order.run_id)
        assert stored
        plan = await self.world.approver.orders.plans.of(order.run_id)
        verdict, planned = stored.record.summary["updatePlan"], plan[on]
        assert (digest(before), digest(made)) == (planned.before, planned.after)
        match order.kind:
            case UpdateKind.PLANNED:
                assert not verdict["needsApproval"]
            case UpdateKind.APPROVED:
                assert order.run_id in self.approvals
            case UpdateKind.CLOCKS:
                assert planned.clocks

    async def judge_run(self, record: RunRecord) -> None:
        """Count what a run has planned, and hold the brake to it."""
        verdict = record.summary.get("updatePlan")
        if verdict is None:
            return
        plan = await self.world.approver.orders.plans.of(record.run.id)
        counted = sum(not each.clocks for each in plan.values())
        most = self.most[record.run.policy_hash or ""]
        most = max(10, verdict["owned"] // 10) if most is None else most
        assert (verdict["updates"], verdict["atMost"]) == (counted, most)
        assert verdict["forClocks"] == len(plan) - counted
        waits = record.state is RunState.NEEDS_APPROVAL
        assert waits == verdict["needsApproval"] == (counted > most)

    def rows(self) -> Iterator[tuple[ClusterId, Written | None]]:
        """Read what naptime has on record of each cluster's schedule."""
        table = self.world.tables.of(CLUSTERS_TABLE)
        for on in self.world.aks.clusters:
            row = table.stored.get((on.subscription_id, f"known:{on.hash}"))
            yield on, Written.of(row) if row else None


def _is_write(call: Call) -> bool:
    return call.verb == "put" and call.accepted and call.body is not None


def _opened(window: MaintenanceWindow | None, since: datetime, until: datetime) -> list[datetime]:
    """Give the ends of the openings of a window that were all within a time."""
    ends: list[datetime] = []
    for found in window.occurrences(since) if window and since < until else ():
        if found.end > until:
            break
        ends += [found.end] if found.start >= since else []
    return ends
