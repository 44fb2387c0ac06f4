"""The start of a run: a row and a message for each subscription, and whoever lists goes on.

What the functions on the queues of runs and shards do with a message's text.
"""

from collections.abc import Awaitable, Callable
from copy import replace
from functools import partial
from typing import assert_never

from msgspec import Struct

from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import RunRecord, SubscriptionRecord
from shared.domain.fleet.run_work import (
    Baton,
    ListSubscription,
    ReadSubscription,
    RunWork,
    StartRun,
    parse_baton,
    parse_run_work,
)
from shared.ports.storage import Queue
from shared.reconcile.fleet.baton import ShardReconciler
from shared.reconcile.fleet.close import RunCloser
from shared.reconcile.fleet.store import RunStore, Stored
from shared.reconcile.fleet.subscriptions.listing import LIST_WITHIN, SubscriptionLister
from shared.reconcile.fleet.subscriptions.patience import ListingPatience
from shared.reconcile.ground.at_once import at_once

type Carry = Callable[[Baton], Awaitable[None]]
"""Works on a baton's shard."""


class RunStarter(Struct, frozen=True):
    """Starts a run; can be repeated at any point."""

    store: RunStore
    runs: Queue[RunWork]
    subscriptions: frozenset[str]
    lister: SubscriptionLister
    carry: Carry
    patience: ListingPatience
    closer: RunCloser

    async def start(self, work: StartRun) -> None:
        """Have each subscription of the run listed, side by side; a single one at once."""
        stored = await self.store.run(work.run_id)
        if stored is None or stored.record.state is not RunState.ACTIVE:
            return
        only = stored.record.run.scope.subscription_id
        subscription_ids = [only] if only else sorted(self.subscriptions)
        messages = [ListSubscription(work.run_id, each) for each in subscription_ids]
        if not stored.record.started:
            await self._begin(stored, messages)
        if len(messages) == 1:
            # One message less on the way; if it ends half-way, this one comes again.
            await self.list_one(messages[0])

    async def list_one(self, work: ListSubscription) -> None:
        """List a subscription, unless it has left the settings, and go on with one of its shards.

        That comes last: whatever it fails with, the message comes again, and sends that baton too.
        """
        if work.subscription_id not in self.subscriptions:
            await self.lister.leave_out(work)
        elif baton := await self.lister.list(work):
            await self.carry(baton)

    async def _begin(self, stored: Stored[RunRecord], messages: list[ListSubscription]) -> None:
        run_id, due_at = stored.record.run.id, stored.read_at + LIST_WITHIN
        rows = [SubscriptionRecord(message.subscription_id, due_at=due_at) for message in messages]
        await self.store.insert_subscriptions(run_id, rows)
        if len(messages) > 1:
            await at_once([partial(self.runs.send, message) for message in messages])
        await self.store.replace_run(stored, replace(stored.record, started=True))
        # All may have been done by now, by those who could not know that nothing else was to come.
        await self.closer.close_if_last(run_id)


class RunMessageReceiver(Struct, frozen=True):
    """Receives from both queues; raises InvalidMessage for what naptime did not write."""

    starter: RunStarter
    shards: ShardReconciler

    async def receive_run_work(self, text: str) -> None:
        """Start a run, or list one of its subscriptions and go on with one of its shards."""
        work = parse_run_work(text)
        match work:
            case StartRun():
                await self.starter.start(work)
            case ListSubscription():
                await self.starter.list_one(work)
            case ReadSubscription():
                await self.starter.patience.try_again(work)
            case _:
                assert_never(work)

    async def receive_baton(self, text: str) -> None:
        """Work on a shard."""
        await self.shards.carry(parse_baton(text))
