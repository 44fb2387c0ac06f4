"""Subscriptions that a run could not read are tried again for a day; then a run of them follows.

One row for each, in the table of shards, so that however many runs meet it there is one message.
"""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct

from shared.domain.errors import AzureError
from shared.domain.fleet.run import Run, RunScope
from shared.domain.fleet.run_work import ReadSubscription, RunWork
from shared.domain.fleet.unreadable import Refusal, Waiting
from shared.domain.messages.given_up import GivenUp
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.rows import Row
from shared.ports.storage import Queue, Table
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.ground.at_once import at_once
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.later_rows import read
from shared.reconcile.ground.reads import ListPages

WAITING_PARTITION = "unreadable"

NO_SUCH_GROUP = "ResourceGroupNotFound"

SEEN_WITHIN = timedelta(minutes=5)
"""How long after it could be seen a message may stay without effect before it counts as lost."""


class ListingPatience(Struct, frozen=True):
    """Has patience with subscriptions; everything can be done twice."""

    table: Table
    pages: ListPages
    asker: RunAsker
    queue: Queue[RunWork]
    given_up: GivenUpRecords
    jitter: Callable[[], float]
    subscriptions: frozenset[str]

    async def begin(
        self, run: Run, subscription_id: str, error: AzureError, now: datetime
    ) -> Refusal:
        """Have what a run could not read tried again, unless that is under way; give how it is.

        A dry run that is asked for is a single look, and so is one at a group that is not there.
        """
        if run.scope.dry_run or error.code == NO_SUCH_GROUP:
            return Refusal.of_error(error, now)
        waiting = Waiting.of_run(run, subscription_id, error, now)
        if await self.table.insert(WAITING_PARTITION, waiting.scope.key, waiting.to_values()):
            await self._send(waiting, now)
            return waiting.refusal
        reading = await self.table.get(WAITING_PARTITION, waiting.scope.key)
        known = (read(reading.row, Waiting.of) if reading.row else None) or waiting
        return replace(waiting.refusal, since=known.since, next_try_at=known.next_try_at)

    async def _send(self, waiting: Waiting, now: datetime) -> None:
        work = ReadSubscription(waiting.scope.key, waiting.attempt)
        await self.queue.send(work, max(waiting.next_try_at - now, timedelta()))

    async def try_again(self, work: ReadSubscription) -> None:
        """See whether every page can be read by now; then a run over the subscription follows."""
        reading = await self.table.get(WAITING_PARTITION, work.key)
        waiting = read(reading.row, Waiting.of) if reading.row else None
        if reading.row is None or waiting is None or waiting.attempt != work.attempt:
            return
        subscription_id = waiting.scope.subscription_id
        if subscription_id not in self.subscriptions:
            await self.forget(waiting.scope)
            return
        try:
            async for _ in self.pages(subscription_id, waiting.scope.resource_group):
                pass
        except AzureError as error:
            await self._refused(reading.row, waiting, error, reading.at)
        else:
            await self.asker.ask(waiting.scope, waiting.cause, follows=True)
            await self.forget(waiting.scope)

    async def _refused(self, row: Row, waiting: Waiting, error: AzureError, now: datetime) -> None:
        again = waiting.again(error, now, self.jitter())
        if waiting.is_spent(now):
            await self._give_up(again, now)
            await self.table.delete(WAITING_PARTITION, row.key)
        elif await self.table.replace(row, again.to_values()):
            await self._send(again, now)

    async def _give_up(self, waiting: Waiting, now: datetime) -> None:
        refusal = waiting.refusal
        await self.given_up.put(
            GivenUp(
                cluster_id=None,
                reason=refusal.reason.value,
                message=f"Subscription {waiting.scope.subscription_id}: {refusal.message}",
                advice=REASONS[refusal.reason].you_can,
                given_up_at=now,
                attempts=waiting.attempt - 1,
                work=_first(waiting.scope).to_message(),
            )
        )

    async def forget(self, scope: RunScope) -> None:
        """Forget a subscription that has been read, and that it was given up."""
        over = [partial(self.table.delete, WAITING_PARTITION, scope.key)]
        # A role may be on a group alone.
        if scope.resource_group is None:
            over.append(partial(self.given_up.forget_work, _first(scope).to_message()))
        await at_once(over)

    async def refusals(self) -> dict[str, Refusal]:
        """Tell how it is with each subscription that is tried again, by the keys of the scopes."""
        rows = [row async for row in self.table.rows(WAITING_PARTITION)]
        return {row.key: found.refusal for row in rows if (found := read(row, Waiting.of))}

    async def mind(self) -> int:
        """Send again what a crash lost; give how many."""
        sent = 0
        async for row in self.table.rows(WAITING_PARTITION):
            reading = await self.table.get(WAITING_PARTITION, row.key)
            waiting = read(reading.row, Waiting.of) if reading.row else None
            if waiting and reading.at >= waiting.next_try_at + SEEN_WITHIN:
                await self.queue.send(ReadSubscription(row.key, waiting.attempt))
                sent += 1
        return sent


def _first(scope: RunScope) -> ReadSubscription:
    """Give the message that a subscription is known by among what was given up.

    One for all scopes: whatever reads the subscription has read what any of them could not.
    """
    return ReadSubscription(RunScope(scope.subscription_id).key, 1)
