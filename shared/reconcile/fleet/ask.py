"""Asking for a run: a new one, or the one of the same scope that is under way."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.errors import TooManyConflicts
from shared.domain.fleet.run import Run, RunScope, RunState, new_run_id
from shared.domain.fleet.run_records import ListingState, RunRecord
from shared.domain.fleet.run_work import RunWork, StartRun
from shared.domain.vocabulary.reasons import Cause
from shared.domain.vocabulary.rows import Reading, Row, Values
from shared.ports.storage import Queue, Table
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.ground.later_rows import UNREADABLE, read
from shared.reconcile.ground.policies import PolicyHome

SCOPES_PARTITION = "scope"
CONFLICTS_BORNE = 10

MOST_ACTIVE = 20
"""So many runs may be under way before a person may not start another; timers and events may."""

START_WITHIN = timedelta(minutes=2)
"""How long the start of a run may take before its message counts as lost."""

JOINED_WITHIN = timedelta(hours=24)
"""How old a run may be that is joined: one that never ends must not stand in for all sweeps."""

SCOPE_KEPT = timedelta(days=7)
"""How long a scope's row whose run has no record still means a crash, and not a dropped table."""


class TooManyActive(Exception):
    """A person asks for one more run than may be under way at once; `most` is how many may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} runs are under way")
        self.most = most


class Asked(Struct, frozen=True):
    """The run that was asked for, and whether it was under way already."""

    run: Run
    joined: bool


class _Before(Struct, frozen=True):
    """The run that is joined, or the id of one that is stuck on some of its shards; or neither."""

    joined: Run | None = None
    stuck: str = ""


class RunAsker(Struct, frozen=True):
    """Starts runs; two of the same scope are never under way at once."""

    table: Table
    store: RunStore
    queue: Queue[RunWork]
    random: Callable[[], str]
    """Makes a random word of at least 16 hexadecimal digits."""
    policies: PolicyHome
    dry_run: bool = False
    """Whether every write is stopped by the settings."""
    most_active: int = MOST_ACTIVE

    async def ask(self, scope: RunScope, cause: Cause, *, follows: bool = False) -> Asked:
        """Insert the run's row and send one message; or join the active run of that scope.

        Raises `TooManyActive` where a person would make one run too many, but for one that follows
        another by itself.
        """
        for _ in range(CONFLICTS_BORNE):
            reading = await self.table.get(SCOPES_PARTITION, scope.key)
            before = await self._before(reading)
            if before.joined:
                return Asked(before.joined, joined=True)
            if cause is Cause.ASKED and not follows:
                await self._leave_room()
            run = await self._new_run(scope, cause, reading.at)
            if await self._take(reading, run):
                await self.begin(run, before.stuck)
                return Asked(run, joined=False)
        raise TooManyConflicts(scope.key)

    async def _new_run(self, scope: RunScope, cause: Cause, now: datetime) -> Run:
        version = await self.policies.in_force()
        run_id, policy_hash = new_run_id(now, self.random()), version.hash if version else ""
        return Run(run_id, cause, scope, now, policy_hash)

    async def _leave_room(self) -> None:
        """Refuse a run too many; those of older months have no message or baton left.

        Runs of timers and events do not count: one node image release starts a run a location.
        """
        active = 0
        asked: Values = {"state": RunState.ACTIVE.value, "cause": Cause.ASKED.value}
        for month in (await self.store.months())[:2]:
            found = await self.store.runs_of(month, self.most_active, "", asked)
            active += len(found)
        if active >= self.most_active:
            raise TooManyActive(self.most_active)

    async def _before(self, reading: Reading) -> "_Before":
        """Look at the run that holds the scope; one that a crash kept from beginning is begun."""
        if reading.row is None:
            return _Before()
        run = read(reading.row, _run_of)
        if run is None:
            return _Before()
        stored = await self.store.run(run.id)
        if stored is None and reading.at - run.started_at <= SCOPE_KEPT:
            await self.begin(run)
            stored = await self.store.run(run.id)
        return await self._judge(stored.record, reading.at) if stored else _Before()

    async def _judge(self, record: RunRecord, now: datetime) -> "_Before":
        """Join a run that is at work on all that it has left; one that is stuck is worked beside.

        One that only tries again what it could not read is neither: that goes on by itself. Nor is
        one whose rows this version cannot read: nobody can tell what it has left.
        """
        run, young = record.run, now - record.run.started_at <= JOINED_WITHIN
        alike = record.only_looks == self._only_looks(run.scope)
        if record.state is not RunState.ACTIVE or not (young and alike):
            return _Before()
        try:
            subscriptions, shards = await self.store.parts(run.id)
        except UNREADABLE:
            return _Before()
        left = [shard for shard in shards.values() if not shard.finished]
        if any(not shard.is_at_work(now) for shard in left):
            return _Before(stuck=run.id)
        pending = [each for each in subscriptions if each.state is ListingState.PENDING]
        only_waits = bool(pending) and all(each.refusal for each in pending) and not left
        return _Before() if only_waits else _Before(joined=run)

    async def _take(self, reading: Reading, run: Run) -> bool:
        values = {"run": json.dumps(run.to_json())}
        if reading.row is None:
            return await self.table.insert(SCOPES_PARTITION, run.scope.key, values) is not None
        return await self.table.replace(reading.row, values) is not None

    async def begin(self, run: Run, beside: str = "") -> None:
        """Write the run's record, if there is none, and send the message that starts it."""
        due_at, only_looks = run.started_at + START_WITHIN, self._only_looks(run.scope)
        record = RunRecord(run, only_looks=only_looks, beside=beside, due_at=due_at)
        await self.store.insert_run(record)
        await self.queue.send(StartRun(run.id))

    def _only_looks(self, scope: RunScope) -> bool:
        return self.dry_run or scope.dry_run

    async def begin_forgotten(self) -> list[str]:
        """Begin the runs that hold a scope and have no record; give their ids.

        The scopes of runs that have ended are let go of: nobody joins those any more, and what is
        looked at here is then no more than what is under way.
        """
        rows = [row async for row in self.table.rows(SCOPES_PARTITION)]
        return [run_id for row in rows if (run_id := await self._begin_if_forgotten(row))]

    async def _begin_if_forgotten(self, row: Row) -> str | None:
        run = read(row, _run_of)
        if run is None:
            return None
        stored = await self.store.run(run.id)
        if stored is not None:
            if stored.record.state is not RunState.ACTIVE:
                await self.table.remove(row)
            return None
        reading = await self.table.get(SCOPES_PARTITION, row.key)
        if reading.at - run.started_at > SCOPE_KEPT:
            await self.table.remove(row)
            return None
        await self.begin(run)
        return run.id


def _run_of(row: Row) -> Run:
    """Read the run that holds a scope."""
    return Run.from_json(row.text("run"))
