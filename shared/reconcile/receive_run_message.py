"""What the functions on the queues of runs and shards do with a message's text."""

import logging
from dataclasses import dataclass
from typing import assert_never

from shared.domain.run_work import ListSubscription, StartRun, parse_baton, parse_run_work
from shared.reconcile.list_subscription import SubscriptionLister
from shared.reconcile.reconcile_shard import ShardReconciler
from shared.reconcile.start_run import RunStarter
from shared.telemetry import log_facts


@dataclass(frozen=True, slots=True)
class RunMessageReceiver:
    """Receives from both queues; raises InvalidMessage for what naptime did not write."""

    starter: RunStarter
    lister: SubscriptionLister
    shards: ShardReconciler
    subscriptions: frozenset[str]

    async def receive_run_work(self, text: str) -> None:
        """Start a run, or list one of its subscriptions."""
        work = parse_run_work(text)
        match work:
            case StartRun():
                await self.starter.start(work)
            case ListSubscription() if self._is_foreign(work.subscription_id):
                await self.lister.leave_out(work)
            case ListSubscription():
                await self.lister.list(work)
            case _:
                assert_never(work)

    async def receive_baton(self, text: str) -> None:
        """Work on a shard."""
        await self.shards.carry(parse_baton(text))

    def _is_foreign(self, subscription_id: str) -> bool:
        """Tell whether a subscription has left the settings since the run was asked for."""
        foreign = subscription_id not in self.subscriptions
        if foreign:
            why = "its subscription is not in NAPTIME_SUBSCRIPTIONS (any more)"
            log_facts(logging.WARNING, "work dropped", {"why": why})
        return foreign
