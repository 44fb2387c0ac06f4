"""Crowded starts, found whenever a run lists a subscription: counted, told of once, remembered."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from shared.domain.fleet.crowding import Crowd, crowds_of
from shared.domain.fleet.run import Run
from shared.domain.fleet.told import crowd_found
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.outbox import EventTeller

type Start = tuple[str, datetime | None]
"""Where a cluster is, and when it starts next, if it does."""


class CrowdFinder(Struct, frozen=True):
    """Finds what more than `size` clusters of a subscription in one location share: their start."""

    memory: ClusterMemory
    teller: EventTeller
    size: int

    async def find(
        self, run: Run, subscription_id: str, starts: Iterable[Start], now: datetime
    ) -> list[Crowd]:
        """Count the crowds by what is remembered, and give those that a run is about."""
        crowds = crowds_of(subscription_id, starts, self.size)
        if self.memory.keeps_dry_runs or not run.scope.dry_run:
            await self._note(run, subscription_id, crowds, now)
        whole = run.scope.resource_group is None
        return [crowd for crowd in crowds if whole and run.scope.covers(crowd.shard.location)]

    async def _note(
        self, run: Run, subscription_id: str, crowds: list[Crowd], now: datetime
    ) -> None:
        """Tell of what is new before it is written down: a crash in between tells it again."""
        before = await self.memory.crowding(subscription_id)
        crowding, new = before.after(crowds, now)
        if not self.memory.keeps_dry_runs:
            await self.teller.tell([crowd_found(crowd, run, now) for crowd in new])
        if crowds or before.crowds:
            await self.memory.note_crowding(subscription_id, crowding)
