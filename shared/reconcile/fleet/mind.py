"""Putting right what a crash left: sends again what was lost on the way, and closes what is done.

Everything here can be done twice, and does nothing where all is well.

Forgetting the messages of runs that were poisoned: the run went on without them.
"""

from collections.abc import Awaitable
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import ListingState, RunRecord, SubscriptionRecord
from shared.domain.fleet.run_work import Baton, ListSubscription, RunWork, StartRun
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.messages.given_up import OF_RUNS
from shared.domain.vocabulary.instants import is_past_keeping
from shared.ports.storage import Queue
from shared.reconcile.fleet.ask import START_WITHIN, RunAsker
from shared.reconcile.fleet.close import RunCloser, is_finished, shards_of
from shared.reconcile.fleet.hand_out import ShardHandout
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.fleet.subscriptions.listing import LIST_WITHIN
from shared.reconcile.fleet.subscriptions.patience import ListingPatience
from shared.reconcile.fleet.updates.clocks import ClockRuns
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.pacer import ShardPacer

BATON_WITHIN = timedelta(minutes=2)
"""How long after it could be seen a baton may stay without effect before it counts as lost."""

KEPT = timedelta(days=90)
"""How long the tables of past months are kept, from the end of the month."""

RUNS_A_PAGE = 100


class Mended(Struct, frozen=True):
    """What was put right."""

    begun: int = 0
    started: int = 0
    listed: int = 0
    batons: int = 0
    closed: int = 0
    dropped: int = 0
    forgotten: int = 0
    clocks: int = 0


def _sum(one: Mended, other: Mended) -> Mended:
    return Mended(
        **{name: getattr(one, name) + getattr(other, name) for name in Mended.__struct_fields__}
    )


class _Round(Struct):
    """One round of the minder: what was put right, and what failed."""

    mended: Mended = field(default_factory=Mended)
    errors: list[Exception] = field(default_factory=list)

    async def do(self, step: Awaitable[Mended]) -> None:
        """Do one step; whatever it fails with, the next is done."""
        try:
            done = await step
        except Exception as error:  # noqa: BLE001 - raised with all others at the end of the round
            self.errors.append(error)
        else:
            # Not before: a step may have steps of its own.
            self.mended = _sum(self.mended, done)


class RunMinder(Struct, frozen=True):
    """Minds the runs that are under way."""

    store: RunStore
    pacer: ShardPacer
    asker: RunAsker
    handout: ShardHandout
    runs: Queue[RunWork]
    batons: Queue[Baton]
    closer: RunCloser
    patience: ListingPatience
    clocks: ClockRuns

    async def mind(self, now: datetime) -> Mended:
        """Look at every active run, and ask for one where clocks change.

        `now` is by the worker's clock; it tells which tables are too old to keep, and which clocks.

        What fails keeps nothing else from being done; then an ExceptionGroup has all of it.
        """
        round_ = _Round()
        await round_.do(self._begin_forgotten())
        await round_.do(self._read_again())
        months = list[str]()
        await round_.do(self._months(months))
        for month in months:
            await round_.do(self._mind_month(month, now, round_))
        await round_.do(self._forget_ended())
        await round_.do(self._for_clocks(now))
        if round_.errors:
            raise ExceptionGroup("not all of the runs could be minded", round_.errors)
        return round_.mended

    async def _begin_forgotten(self) -> Mended:
        return Mended(begun=len(await self.asker.begin_forgotten()))

    async def _read_again(self) -> Mended:
        return Mended(listed=await self.patience.mind())

    async def _forget_ended(self) -> Mended:
        return Mended(forgotten=await forget_ended(self.store, self.closer.given_up))

    async def _for_clocks(self, now: datetime) -> Mended:
        return Mended(clocks=int(await self.clocks.ask(now) is not None))

    async def _months(self, found: list[str]) -> Mended:
        found += await self.store.months()
        return Mended()

    async def _mind_month(self, month: str, now: datetime, round_: "_Round") -> Mended:
        if is_past_keeping(month, now, KEPT):
            await self.store.drop_month(month)
            await self.closer.given_up.forget_unreadable(now - KEPT)
            return Mended(dropped=1)
        after = ""
        active = {"state": RunState.ACTIVE.value}
        while runs := await self.store.runs_of(month, RUNS_A_PAGE, after, active):
            for record in runs:
                await round_.do(self._mind_run(record, Mended()))
            after = runs[-1].run.id
        return Mended()

    async def _mind_run(self, record: RunRecord, mended: Mended) -> Mended:
        if not record.started:
            return await self._start_again(record, mended)
        if await self.closer.close_if_done(record.run.id):
            return replace(mended, closed=mended.closed + 1)
        subscriptions, shards = await self.store.parts(record.run.id)
        for subscription in subscriptions:
            if subscription.state is ListingState.PENDING:
                mended = await self._list_again(record, subscription, mended)
        for shard in shards_of(subscriptions):
            lost = not is_finished(shards.get(shard.key))
            if lost and await self._pass_on_again(record, shard):
                mended = replace(mended, batons=mended.batons + 1)
        return mended

    async def _start_again(self, record: RunRecord, mended: Mended) -> Mended:
        stored = await self.store.run(record.run.id)
        if stored is None or not _is_over(stored.record.due_at, stored.read_at):
            return mended
        later = replace(stored.record, due_at=stored.read_at + START_WITHIN)
        if not await self.store.replace_run(stored, later):
            return mended
        await self.runs.send(StartRun(record.run.id))
        return replace(mended, started=mended.started + 1)

    async def _list_again(
        self, record: RunRecord, subscription: SubscriptionRecord, mended: Mended
    ) -> Mended:
        run_id, subscription_id = record.run.id, subscription.subscription_id
        stored = await self.store.subscription(run_id, subscription_id)
        pending = stored is not None and stored.record.state is ListingState.PENDING
        if stored is None or not pending or not _is_over(stored.record.due_at, stored.read_at):
            return mended
        later = replace(stored.record, due_at=stored.read_at + LIST_WITHIN)
        if not await self.store.replace_subscription(run_id, stored, later):
            return mended
        await self.runs.send(ListSubscription(run_id, subscription_id))
        return replace(mended, listed=mended.listed + 1)

    async def _pass_on_again(self, record: RunRecord, shard: Shard) -> bool:
        """Send the baton of a shard that has none, unless somebody holds the shard's lease."""
        stored = await self.store.shard(record.run.id, shard)
        if stored is None:
            await self._end_as_it_is(record, shard)
            return False
        due_at = stored.record.due_at
        if due_at is None or stored.read_at < due_at + BATON_WITHIN:
            return False
        holder = await self.pacer.holder(shard)
        if holder is not None and holder.run_id == record.run.id:
            return False
        again = replace(
            stored.record, generation=stored.record.generation + 1, due_at=stored.read_at
        )
        if not await self.store.settle(stored, again, {}):
            return False
        await self.batons.send(again.baton)
        return True

    async def _end_as_it_is(self, record: RunRecord, shard: Shard) -> None:
        """Finish a shard without a row: the run is of a version that had it elsewhere."""
        run = record.run
        dry_run = self.handout.only_looks(run)
        empty = ShardRecord(run.id, shard, run.cause, dry_run, known=0, pending=0, listing=0)
        await self.store.insert_shard(replace(empty, finished=True))


def _is_over(due_at: datetime | None, now: datetime) -> bool:
    return due_at is None or now >= due_at


RECORDS_A_PAGE = 500


async def forget_ended(store: RunStore, given_up: GivenUpRecords) -> int:
    """Forget what was given up of runs that have ended, or are no more; give of how many.

    Their ends forget it themselves; this is for those that were killed before they could, and for
    messages that were poisoned after the end.
    """
    ended = [run_id for run_id in await _run_ids(given_up) if await _has_ended(store, run_id)]
    for run_id in ended:
        await given_up.forget_run(run_id)
    return len(ended)


async def _run_ids(given_up: GivenUpRecords) -> list[str]:
    found: set[str] = set()
    after = OF_RUNS
    while after.startswith(OF_RUNS):
        page = await given_up.page(after, RECORDS_A_PAGE)
        found |= {record.run_id for _, record in page if record.run_id}
        after = page[-1][0] if page else ""
    return sorted(found)


async def _has_ended(store: RunStore, run_id: str) -> bool:
    stored = await store.run(run_id)
    return stored is None or stored.record.state is not RunState.ACTIVE
