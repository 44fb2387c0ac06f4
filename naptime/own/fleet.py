"""A run over the fleet in this process: the app's own listing, pace and decisions."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from naptime.memory.delivery import Inbound, Postman
from naptime.memory.queues import Message
from naptime.own.lookout import Lookout
from naptime.own.ports import OwnPorts
from naptime.source import FleetLook, Progress, Watch
from shared.domain.fleet.run import RunScope, RunState
from shared.domain.fleet.run_records import ListingState
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.world import World

if TYPE_CHECKING:
    from shared.domain.deciding.last_outcome import LastOutcomeJson
    from shared.reconcile.shown.runs import ShownRunJson

ALL = PageAsked(size=1_000_000)
"""One page: there is no request to bound."""

SEEN_EVERY = timedelta(seconds=0.2)


class OwnFleet(Struct):
    """Runs a dry run to its end; `patience` is how long nothing may come of anything."""

    world: World
    ports: OwnPorts
    lookout: Lookout
    patience: timedelta
    _done: int = -1
    _moved_at: datetime | None = field(default=None)
    _seen_at: datetime | None = field(default=None)

    async def plan(self, locations: tuple[str, ...], watch: Watch) -> FleetLook:
        """Look at all clusters of the world's subscriptions, in these locations if any."""
        scope = RunScope(locations=locations, dry_run=True)
        asked = await self.world.asker.ask(scope, Cause.ASKED)
        run_id = asked.run.id

        async def done() -> bool:
            return await self._is_done(run_id, watch)

        finished = await self._delivery().until(done, self._over)
        run = await self._shown(run_id)
        return FleetLook(
            run,
            await self._left_out(),
            tuple(sorted(set(self.lookout.unreadable))),
            tuple(self.lookout.bugs),
            () if finished else await self._waiting(run_id),
        )

    def _delivery(self) -> Postman:
        # Listings first: a shard's calls are bounded by its pace, and all should begin soon.
        routes = (
            Inbound(self.ports.runs_queue, self._run_work),
            Inbound(self.ports.shards_queue, self._baton),
        )
        return Postman(self.ports.clock, routes, self.ports.arrived)

    async def _run_work(self, message: Message) -> None:
        await self.world.run_messages.receive_run_work(message.text)

    async def _baton(self, message: Message) -> None:
        await self.world.run_messages.receive_baton(message.text)

    async def _is_done(self, run_id: str, watch: Watch) -> bool:
        stored = await self.world.store.run(run_id)
        if stored is not None and stored.record.state is not RunState.ACTIVE:
            return True
        now = self.ports.clock.now()
        if self._seen_at is None or now - self._seen_at >= SEEN_EVERY:
            self._seen_at = now
            await self._note(run_id, now, watch)
        return False

    async def _note(self, run_id: str, now: datetime, watch: Watch) -> None:
        subscriptions, shards = await self.world.store.parts(run_id)
        known = sum(sum(each.shards.values()) + each.screened.clusters for each in subscriptions)
        done = sum(each.screened.clusters for each in subscriptions)
        done += sum(shard.tally.clusters for shard in shards.values())
        # A wait that naptime's own pace asks for is no standstill.
        if done != self._done:
            self._done, self._moved_at = done, now
        watch(Progress(done, known))

    async def _waiting(self, run_id: str) -> tuple[str, ...]:
        """Name the subscriptions that were not listed, and the shards that were not looked at."""
        subscriptions, shards = await self.world.store.parts(run_id)
        unlisted = [
            f"subscription {each.subscription_id}: its clusters"
            for each in subscriptions
            if each.state is ListingState.PENDING and each.refusal is None
        ]
        unread = [
            f"subscription {each.shard.subscription_id}: {each.pending} in {each.shard.location}"
            for each in shards.values()
            if not each.finished
        ]
        return (*unlisted, *unread)

    def _over(self) -> datetime:
        return (self._moved_at or self.ports.clock.now()) + self.patience

    async def _shown(self, run_id: str) -> "ShownRunJson":
        shown = await self.world.runs.run(run_id, {}, ALL)
        if shown is None:
            raise LookupError(run_id)
        return shown

    async def _left_out(self) -> tuple["LastOutcomeJson", ...]:
        page = await self.world.fleet.clusters(None, {"reason": Reason.EXCLUDED.value}, ALL)
        return tuple(page.items)
