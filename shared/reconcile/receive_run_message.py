"""What the functions on the queues of runs and shards do with a message's text."""

from dataclasses import dataclass
from typing import assert_never

from shared.domain.run_work import ListSubscription, StartRun, parse_baton, parse_run_work
from shared.reconcile.reconcile_shard import ShardReconciler
from shared.reconcile.start_run import RunStarter


@dataclass(frozen=True, slots=True)
class RunMessageReceiver:
    """Receives from both queues; raises InvalidMessage for what naptime did not write."""

    starter: RunStarter
    shards: ShardReconciler

    async def receive_run_work(self, text: str) -> None:
        """Start a run, or list one of its subscriptions."""
        work = parse_run_work(text)
        match work:
            case StartRun():
                await self.starter.start(work)
            case ListSubscription():
                await self.starter.list_one(work)
            case _:
                assert_never(work)

    async def receive_baton(self, text: str) -> None:
        """Work on a shard."""
        await self.shards.carry(parse_baton(text))
