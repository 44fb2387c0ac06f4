"""The writes of `protect`: each cluster as one message of the app's own work queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from naptime.memory.delivery import Inbound, Postman
from naptime.memory.queues import Message
from naptime.own.ports import OwnPorts
from naptime.source import Progress, Watch
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.messages.work import SLOW, ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.world import World


class Wrote(Struct, frozen=True):
    """What came of one cluster; no outcome where nothing came of it in time."""

    cluster_id: ClusterId
    outcome: Outcome | None


class OwnWrites(Struct):
    """Writes schedules; what Azure holds back is tried again as in the app, while it moves."""

    world: World
    ports: OwnPorts
    patience: timedelta
    _last: dict[ClusterId, Outcome] = field(default_factory=dict)
    _settled: int = -1
    _moved_at: datetime | None = None

    async def protect(self, clusters: Sequence[ClusterId], watch: Watch) -> list[Wrote]:
        """Reconcile all of them, side by side and at the pace of each shard."""
        now = self.ports.clock.now()
        for cluster_id in clusters:
            await self.ports.clusters_queue.send(ReconcileCluster(cluster_id, Cause.ASKED, now))
        delivery = Postman(
            self.ports.clock,
            [Inbound(self.ports.clusters_queue, self._receive)],
            self.ports.arrived,
        )

        async def done() -> bool:
            settled = sum(_is_settled(outcome) for outcome in self._last.values())
            self._note(settled)
            watch(Progress(settled, len(clusters)))
            return settled == len(clusters)

        await delivery.until(done, self._over)
        return [Wrote(each, self._last.get(each)) for each in clusters]

    async def _receive(self, message: Message) -> None:
        outcome = await self.world.messages.receive(message.text, message.inserted_at)
        if outcome is not None:
            self._last[outcome.cluster_id] = outcome

    def _note(self, settled: int) -> None:
        if settled != self._settled:
            self._settled, self._moved_at = settled, self.ports.clock.now()

    def _over(self) -> datetime:
        return (self._moved_at or self.ports.clock.now()) + self.patience


def _is_settled(outcome: Outcome) -> bool:
    """Say whether waiting brings nothing more: a missing role arrives in minutes, or never."""
    waits = outcome if outcome.kind is OutcomeKind.DEFERRED else outcome.kubernetes
    return not outcome.comes_back or (waits is not None and waits.reason in SLOW)
