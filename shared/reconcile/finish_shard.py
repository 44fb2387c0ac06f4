"""The end of a shard's part in a run: crowded starts found, counts made exact, a mark left."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from shared.domain.cloud_event import CloudEvent
from shared.domain.cluster_id import ClusterId
from shared.domain.crowding import crowded_starts, with_crowding
from shared.domain.outcome import OutcomeKind
from shared.domain.reasons import Reason
from shared.domain.rows import Row, Values
from shared.domain.schedule_events import Occasion, crowding_of
from shared.domain.shard_records import ShardRecord, settled_values
from shared.domain.tally import Tally, total
from shared.reconcile.close_run import RunCloser
from shared.reconcile.remember_clusters import KNOWN, ClusterMemory
from shared.reconcile.run_store import OTHERS_A_TRANSACTION, RunStore, Stored
from shared.reconcile.tell_events import EventTeller


@dataclass(frozen=True, slots=True)
class ShardFinisher:
    """Finishes shards; every step can be repeated, and the last one closes the run."""

    store: RunStore
    memory: ClusterMemory
    closer: RunCloser
    crowd_size: int
    teller: EventTeller

    async def finish(
        self, stored: Stored[ShardRecord], record: ShardRecord, settled: Mapping[str, Values]
    ) -> int:
        """Look over all of the shard's clusters; say, with the last of them, that it is finished.

        Gives how many are still to be looked at: then it is not, and nothing is written.
        """
        parts = await self._parts(record, settled)
        if pending := sum(part.pending for part in parts):
            return pending
        crowded = crowded_starts(Counter(part.start for part in parts), self.crowd_size)
        last: Stored[ShardRecord] | None = stored
        if crowded:
            last, settled = await self._settled(stored, record, settled, crowded), {}
        if last is None:
            return 0
        tally = Tally(calls=record.tally.calls, throttled=record.tally.throttled)
        tally += total(part.counted(crowded) for part in parts)
        finished = replace(record, tally=tally, pending=0, finished=True)
        if await self.store.settle(last, finished, settled):
            await self.conclude(finished)
        return 0

    async def _parts(self, record: ShardRecord, settled: Mapping[str, Values]) -> list["_Part"]:
        """Read every cluster's row; what is settled and not written yet counts as written."""
        rows = self.store.clusters(record.run_id, record.shard, _COUNTED)
        written = {row.key: row async for row in rows}
        unwritten = {key: Row("", key, values, "") for key, values in settled.items()}
        return [_Part.of(row) for row in (written | unwritten).values()]

    async def _settled(
        self,
        stored: Stored[ShardRecord],
        record: ShardRecord,
        settled: Mapping[str, Values],
        crowded: set[str],
    ) -> Stored[ShardRecord] | None:
        written = await self.store.settle(stored, record, settled)
        return await self._say_crowded(written, crowded) if written else None

    async def _say_crowded(
        self, stored: Stored[ShardRecord], crowded: set[str]
    ) -> Stored[ShardRecord] | None:
        """Add the finding to every cluster with such a start; None if somebody has taken over."""
        last: Stored[ShardRecord] | None = stored
        found: dict[str, dict[str, object]] = {}
        events: list[CloudEvent] = []
        record = stored.record
        async for row in self.store.clusters(record.run_id, record.shard):
            if row.text("nextStart") in crowded:
                found[row.key] = with_crowding(json.loads(row.text("shown")))
                if not row.flag("crowdTold"):
                    events.append(self._crowding(record, row, found[row.key], stored.read_at))
            if len(found) == OTHERS_A_TRANSACTION:
                last = await self._write(last, found, events) if last else None
                found, events = {}, []
        return await self._write(last, found, events) if last and found else last

    def _crowding(
        self, record: ShardRecord, row: Row, shown: dict[str, object], now: datetime
    ) -> CloudEvent:
        occasion = Occasion.of_run(record.run_id, record.cause)
        return crowding_of(ClusterId.parse(row.text("clusterId")), shown, occasion, now)

    async def _write(
        self,
        stored: Stored[ShardRecord],
        found: dict[str, dict[str, object]],
        events: list[CloudEvent],
    ) -> Stored[ShardRecord] | None:
        record = stored.record
        if self.memory.keeps_dry_runs or not record.dry_run:
            await self.teller.tell(events)
            known = {KNOWN + key[1:]: shown for key, shown in found.items()}
            await self.memory.amend(record.shard.subscription_id, known)
        rows = {key: settled_values(shown, crowd_told=True) for key, shown in found.items()}
        return await self.store.settle(stored, record, rows)

    async def conclude(self, record: ShardRecord) -> None:
        """Leave the mark of a finished shard, and close the run if it was the last."""
        await self.store.mark_finished(record)
        await self.closer.close_if_last(record.run_id)


_COUNTED = ("pending", "nextStart", "outcome", "reason")


@dataclass(frozen=True, slots=True)
class _Part:
    """As much of a cluster's row as counting needs."""

    pending: bool
    start: str
    outcome: str
    reason: str

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            row.flag("pending"), row.text("nextStart"), row.text("outcome"), row.text("reason")
        )

    def counted(self, crowded: set[str]) -> Tally:
        in_crowd = self.start in crowded and self.reason == Reason.UP_TO_DATE
        reason = Reason.WINDOWS_CROWDED if in_crowd else Reason(self.reason)
        return Tally().counting(OutcomeKind(self.outcome), reason)
