"""Judges each write of naptime by what nobody but Azure could know: who wrote what, and when."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared.domain.deciding.observed import observe_configuration
from shared.domain.deciding.own.drift import digest
from shared.domain.deciding.own.standing import Standing
from shared.domain.deciding.written import Written, canonical
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.updates.plan import Planned, UpdateKind, UpdateOrder
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Row
from shared.domain.window.starts import possible_occurrences
from shared.domain.window.window import MaintenanceWindow
from shared.groundwork import Reports
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from tests.fakes.aks import Call, Json
from tests.service.updates.wall_clock import HOUR, Rules, Wanted
from tests.service_world import World

HALF_AN_HOUR, EIGHT_DAYS = timedelta(minutes=30), timedelta(days=8)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
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
    rules: dict[str, Rules] = field(default_factory=dict)
    """What each version of the policy says, by its hash."""
    handed: set[ClusterId] = field(default_factory=set)
    """Where people have ever handed theirs over, whatever hours that had."""
    came_back: set[ClusterId] = field(default_factory=set)
    """Where what is there was removed, and came back as it was."""
    let_go: set[ClusterId] = field(default_factory=set)
    put_back: dict[ClusterId, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Windows of naptime's own that people have made again, as they were."""
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
        elif window and not may_adopt:
            self.put_back[on].add(canonical(window, self.world.clock.now()))
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
        """Note that what is there was handed to naptime, unless somebody has changed it since."""
        body, window = self.world.aks.schedule(on), window_of(self.world.aks.schedule(on))
        looks = [call for call in self.world.aks.calls if call.cluster_id == on and call.answered]
        if body and window and looks[-1].body is body:
            self.persons.pop(id(body), None)
            self.handed.add(on)
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
                elif index == last[call.cluster_id] and not self._is_on_record(call, before.at):
                    # The worker died of it. That it saw none no row says, and one that is like
                    # what a rule wants may be anybody's: so it is, to whoever looks next.
                    self.hidden.add(call.cluster_id)
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
        coming = next(window.occurrences(at))
        assert coming.start >= at + HALF_AN_HOUR
        if before.body is not None:
            self.judge_update(on, before.body, window, at)
        self.own_before[on], self.own[on] = self.own.get(on, ""), canonical(window, at)
        if before.body is None:
            self.judge_creation(call, coming.start)
        if self._was_there(on, call.body) is not before.body:
            self.hidden.add(on)

    def judge_creation(self, call: Call, start: datetime) -> None:
        """Ask for an opening within eight days, and note whose it is and what of that is known."""
        on, at, body = call.cluster_id, call.at, call.body
        assert on
        assert body
        assert start <= at + EIGHT_DAYS
        self.begun[on] = at
        if self.own[on] == self.own_before[on]:
            self.came_back.add(on)
        else:
            self.came_back.discard(on)
        if self.own[on] in self.put_back[on] and self._was_let_go(on):
            # Somebody made it again after it was let go, and it was removed: what comes back is
            # theirs, unless it is what the rule wants. Which of the two only naptime can say.
            self.hidden.add(on)
        if self.own[on] in self.left[on]:
            self.given_back(on, body)

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
        self, on: ClusterId, body: Json, window: MaintenanceWindow, at: datetime
    ) -> None:
        """Ask whose it was, whether it was closed, and what the cluster loses."""
        shown = window_of(body)
        assert shown, "what is linked is somebody's"
        # The one before, where a worker died of its last, and Azure does not show that yet.
        is_as_written = canonical(shown, at) in {self.own.get(on), self.own_before.get(on)}
        assert not self.is_persons(body) or is_as_written
        assert on not in self.let_go
        old, start = next(possible_occurrences(shown, at)), next(window.occurrences(at)).start
        assert old.start >= at + HALF_AN_HOUR
        # By the clocks it is the same opening, an hour later: none is lost.
        by_clocks = abs(shown.utc_offset - window.utc_offset) == HOUR
        least = old.end if by_clocks else old.start
        assert start <= max(self.last_opened(on, at) + EIGHT_DAYS, least)

    def last_opened(self, on: ClusterId, at: datetime) -> datetime:
        """Give when a cluster's schedule was open last, of those since naptime's own began."""
        begun = self.begun.get(on, at)
        ends, last = [begun], None
        made = {id(call.body) for call in self.world.aks.accepted_writes}
        for since, until, body in self._states(on, at):
            # What naptime makes anew begins anew. All else that people did here it does not know:
            # theirs would have been let go, and what was removed would have come back.
            last = body if since <= begun < until or id(body) in made else last
            first = max(since, begun, at - EIGHT_DAYS)
            ends += _opened(window_of(last), first, min(until, at))
        return max(ends)

    def _states(
        self, on: ClusterId, until: datetime
    ) -> Iterator[tuple[datetime, datetime, Json | None]]:
        """Yield what there was on a cluster, from when to when."""
        states = [*self.world.aks.history(on), (until, None)]
        for (since, body), (end, _) in pairwise(states):
            yield since or LONG_AGO, end or until, body

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
        remembered = await self.world.memory.recall(on)
        standing = remembered.standing if remembered else Standing()
        known = [each for each in (standing.sending, standing.written) if each]
        records = [each for each in known if each.window == made]
        assert records, "what is written was written down before"
        for record in records:
            self.judge_hours(call, record, shown)
        runs = {each.run_id for each in records}
        orders = [record.run.updates async for record in self._records(runs)]
        if on in self.asked or not all(orders):
            assert on in self.asked
            return
        for order in orders:
            assert order
            await self.judge_planned(on, order, canonical(shown, call.at), made)

    def judge_hours(self, call: Call, record: Written, shown: MaintenanceWindow) -> None:
        """Ask whether it opens first when its policy says, and next where the clocks asked for it.

        What is put back opens as it did.
        """
        window = call.window
        assert call.cluster_id
        assert window
        if record.undone:
            return
        rules, start = self.rules[record.policy_hash], next(window.occurrences(call.at)).start
        assert rules.want(window, start)
        if not record.run_id and call.cluster_id not in self.asked:
            by_clocks = rules.changed_by_clocks(shown)
            assert by_clocks
            assert canonical(by_clocks, call.at) == record.window
            assert start == rules.next_start(window, call.at)

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
        planned = plan[on]
        assert (digest(before), digest(made)) == (planned.before, planned.after)
        match order.kind:
            case UpdateKind.PLANNED:
                # By no verdict: the worker may have died before it was on record, as what follows
                # is begun first.
                rules = self.rules[stored.record.run.policy_hash or ""]
                most = rules.most_of(len(self.world.aks.clusters))
                assert sum(not each.clocks for each in plan.values()) <= most
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
        rules = self.rules[record.run.policy_hash or ""]
        most = rules.most_of(verdict["owned"])
        assert (verdict["updates"], verdict["atMost"]) == (counted, most)
        assert verdict["forClocks"] == len(plan) - counted
        waits = record.state is RunState.NEEDS_APPROVAL
        assert waits == verdict["needsApproval"] == (counted > most)
        for on, planned in plan.items():
            self.judge_cause(on, planned, rules)

    def judge_cause(self, on: ClusterId, planned: Planned, rules: Rules) -> None:
        """Ask whether what is said to be for the clocks alone is, and all that is.

        What was handed over, put back or came back may have been an hour off already, as what its
        record says was not wanted then: that is the brake's, which asks a person once too often.
        """
        now, window = self.world.clock.now(), window_of(self.world.aks.schedule(on))
        known = dict(self.rows())[on]
        if window is None or on in self.handed | self.came_back or (known and known.undone):
            return
        if digest(canonical(window, now)) != planned.before:
            return
        other = rules.changed_by_clocks(window)
        by_clocks = other is not None and digest(canonical(other, now)) == planned.after
        assert planned.clocks == by_clocks

    def judge_openings(self, since: datetime, windows: dict[ClusterId, Wanted]) -> None:
        """Ask whether all that naptime owns opens by the clocks of its zone, from an instant on.

        Only what has the hours that are wanted of it: all else is a change of the policy.
        """
        for on, known in self.rows():
            wanted, now = windows[on], self.world.clock.now()
            excused = self.handed | self.hidden | self.came_back
            if known is None or not known.is_naptimes or known.undone or on in excused:
                continue
            for window, start in self._openings(on, since, now):
                if wanted.other_offset(window):
                    assert wanted.is_right(start)

    def _openings(
        self, on: ClusterId, since: datetime, until: datetime
    ) -> Iterator[tuple[MaintenanceWindow, datetime]]:
        for begun, end, body in self._states(on, until):
            window, first = window_of(body), max(begun, since)
            for found in window.occurrences(first) if window else ():
                if found.start >= end:
                    break
                if window and found.start >= first:
                    yield window, found.start

    def rows(self) -> Iterator[tuple[ClusterId, Written | None]]:
        """Read what naptime has on record of each cluster's schedule."""
        for on in self.world.aks.clusters:
            row = self._row(on)
            yield on, Written.of(row) if row else None

    def _is_on_record(self, call: Call, since: datetime) -> bool:
        """Say whether a row says of what was written that it was, or was sent, since an instant."""
        assert call.cluster_id
        assert call.window
        row = self._row(call.cluster_id)
        known = Standing.of(row) if row else Standing()
        records = [each for each in (known.written, known.sending) if each and each.at >= since]
        return any(each.is_still(call.window, call.at) for each in records)

    def _row(self, on: ClusterId) -> Row | None:
        table = self.world.tables.of(CLUSTERS_TABLE)
        return table.stored.get((on.subscription_id, f"known:{on.hash}"))

    def _was_let_go(self, on: ClusterId) -> bool:
        """Say whether a schedule of naptime's was let go, the one of now or one before it."""
        row = self._row(on)
        return row is not None and row.instant("letGo") is not None


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
