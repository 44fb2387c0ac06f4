"""Who else writes the schedules that naptime looks after: noted, shown, and told of once."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.messages.told import Occasion, attention_of
from shared.domain.messages.touches import OFTEN, Touch, Touches, touch_key
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.ports.azure import Clock
from shared.ports.storage import Table
from shared.reconcile.ground.memory import ClusterMemory, touched_keys
from shared.reconcile.ground.outbox import EventTeller

_BY_OTHERS = frozenset({Cause.SCHEDULE_DELETED, Cause.SCHEDULE_WRITTEN})


class OtherWriters(Struct, frozen=True):
    """Counts what events said of others, once the cluster has been seen to."""

    table: Table
    memory: ClusterMemory
    teller: EventTeller
    clock: Clock
    report: Callable[[ClusterId, Sequence[Touch]], None]
    """Told of each removal that is one of too many, with all that count."""
    dry_run: bool = False

    async def look(self, work: ReconcileCluster) -> None:
        """Bring the cluster's row up to date after an event about its schedule."""
        if work.cause not in _BY_OTHERS:
            return
        known = await self.memory.recall(work.cluster_id)
        if known is None or not known.is_known:
            return
        if known.last_outcome["outcome"] == OutcomeKind.SKIPPED:
            return  # naptime puts nothing back there
        heard, now = await self._heard(work.cluster_id), self.clock.now()
        touches = Touches.heard(heard.values())
        finding = touches.finding(now)
        if finding and not self.dry_run:
            self._report(work, heard, touches.removals(now))
            if not known.touches_told:
                occasion = Occasion.asked(work.cause, work.asked_at)
                await self.teller.tell([attention_of(known.last_outcome, finding, occasion, now)])
        is_found = finding is not None
        told = {"keepsBeingRemoved": is_found, "touchesTold": is_found and not self.dry_run}
        await self.memory.note_touches(work.cluster_id, {**touches.to_values(), **told})

    async def _heard(self, cluster_id: ClusterId) -> dict[str, Touch]:
        """Read what events said, by the keys of the events."""
        after, before = touched_keys(cluster_id)
        rows = self.table.rows(cluster_id.subscription_id, after=after, before=before)
        return {row.key.removeprefix(after): Touch.of(row.values) async for row in rows}

    def _report(
        self, work: ReconcileCluster, heard: Mapping[str, Touch], removals: Sequence[Touch]
    ) -> None:
        """Report the removal that the work is about; later ones have work of their own."""
        own = heard.get(touch_key(work.event_id or ""))
        until = [each for each in removals if own and each.at <= own.at]
        if own in until and len(until) >= OFTEN:
            self.report(work.cluster_id, until)
