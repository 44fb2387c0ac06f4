"""The start of a run: a row and a message for each subscription."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from shared.domain.run import RunState
from shared.domain.run_records import SubscriptionRecord
from shared.domain.run_work import ListSubscription, StartRun
from shared.reconcile.at_once import at_once
from shared.reconcile.close_run import RunCloser
from shared.reconcile.ports import RunQueue
from shared.reconcile.run_store import RunStore

LIST_WITHIN = timedelta(minutes=3)
"""How long a lister may be silent before its message counts as lost."""


@dataclass(frozen=True, slots=True)
class RunStarter:
    """Starts a run; can be repeated at any point."""

    store: RunStore
    queue: RunQueue
    subscriptions: frozenset[str]
    closer: RunCloser

    async def start(self, work: StartRun) -> None:
        """Have each subscription of the run listed, side by side."""
        stored = await self.store.run(work.run_id)
        if stored is None or stored.record.started or stored.record.state is RunState.FINISHED:
            return
        only = stored.record.run.scope.subscription_id
        subscription_ids = [only] if only else sorted(self.subscriptions)
        due_at = stored.read_at + LIST_WITHIN
        rows = [SubscriptionRecord(each, due_at=due_at) for each in subscription_ids]
        await self.store.insert_subscriptions(work.run_id, rows)
        messages = [ListSubscription(work.run_id, each) for each in subscription_ids]
        await at_once([partial(self.queue.send, message) for message in messages])
        await self.store.replace_run(stored, replace(stored.record, started=True))
        # All may have been done by now, by those who could not know that nothing else was to come.
        await self.closer.close_if_done(work.run_id)
