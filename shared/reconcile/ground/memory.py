"""The last known state of every cluster: beside the claims in their table, in rows of its own.

Rows of its own, because a fleet run writes many at once without asking, and a change of a claimed
row would take the claim away from whoever holds it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from shared.domain.deciding.last_outcome import schedule_to_text
from shared.domain.deciding.observed import SeenSchedule
from shared.domain.deciding.outcome import Outcome
from shared.domain.deciding.written import Written, record_to_text
from shared.domain.errors import StorageRefused
from shared.domain.fleet.crowding import Crowding
from shared.domain.fleet.last_known import LastKnown, Remembered
from shared.domain.images.age import ImageAge
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Row, Values
from shared.ports.azure import Clock
from shared.ports.storage import Table
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.later_rows import read, read_some

KNOWN, END_OF_KNOWN = "known:", "known;"
HEARD, END_OF_HEARD = "heard:", "heard;"
TOUCHED, END_OF_TOUCHED = "touched:", "touched;"
CROWDING = "crowding"
ROW_KEY = rf"{KNOWN}[0-9a-f]{{32}}"


class ClusterMemory(Struct):
    """Remembers what came of clusters, and tells it again."""

    table: Table
    keeps_dry_runs: bool = False
    """Whether every write is stopped: what would be done is then all that there is to tell."""
    writes: int = 0
    """How often this worker has changed something: an answer of before is another's."""

    async def remember(self, all_known: Iterable[LastKnown]) -> list[LastKnown]:
        """Write down what came of some clusters; of a single dry run nothing did.

        Gives those whose rows no table takes; all others are written.
        """
        rows: defaultdict[str, list[LastKnown]] = defaultdict(list)
        for known in all_known:
            if self._counts(known):
                rows[known.outcome.cluster_id.subscription_id].append(known)
        refused = list[LastKnown]()
        for subscription_id, some in rows.items():
            refused += await self._refused_of(subscription_id, some)
        return refused

    async def _refused_of(
        self, subscription_id: str, some: Sequence[LastKnown]
    ) -> Sequence[LastKnown]:
        """Write rows together, and by halves where that is refused: none is lost for another."""
        try:
            rows = {known_key(each.outcome.cluster_id): each.to_values() for each in some}
            await self._merge(subscription_id, rows)
        except StorageRefused:
            if len(some) == 1:
                return some
            half = len(some) // 2
            first = await self._refused_of(subscription_id, some[:half])
            return [*first, *await self._refused_of(subscription_id, some[half:])]
        return ()

    async def settle(self, row: Row, values: Values, known: LastKnown) -> bool:
        """Replace another row of a cluster, and write down what came of it, all or nothing.

        False where somebody has changed that row since, or no table takes what came of it.
        """
        key, counts = known_key(known.outcome.cluster_id), self._counts(known)
        others = {key: known.to_values()} if counts else {}
        try:
            return await self.table.settle(row, values, others) is not None
        except StorageRefused:
            return False
        finally:
            self.writes += 1

    def _counts(self, known: LastKnown) -> bool:
        return self.keeps_dry_runs or not known.outcome.dry_run

    async def note_images(self, subscription_id: str, ages: Mapping[str, ImageAge]) -> None:
        """Write down the ages of the images of clusters that are remembered, by their keys."""
        rows = {key: age.to_values() for key, age in ages.items()}
        await self._merge(subscription_id, rows)

    async def forget_schedule(self, cluster_id: ClusterId) -> None:
        """Remember that an explicit schedule is not there any more, if the cluster is known."""
        if await self.recall(cluster_id):
            gone = schedule_to_text(SeenSchedule(None))
            values: Values = {"explicit": False, "schedule": gone, "lastWindow": ""}
            await self._merge(cluster_id.subscription_id, {known_key(cluster_id): values})

    async def forget_last(self, cluster_id: ClusterId, now: datetime) -> None:
        """Forget the schedule that was seen last: a person is about to delete it, for good.

        `now` is by the storage service's clock. Looks that may have seen it before do not count.
        """
        if await self.recall(cluster_id):
            values: Values = {"lastWindow": "", "deletedAt": now}
            await self._merge(cluster_id.subscription_id, {known_key(cluster_id): values})

    async def _merge(self, subscription_id: str, rows: Mapping[str, Values]) -> None:
        try:
            await self.table.merge(subscription_id, rows)
        finally:
            self.writes += 1

    async def recall(self, cluster_id: ClusterId) -> Remembered | None:
        """Read what is known of one cluster."""
        reading = await self.table.get(cluster_id.subscription_id, known_key(cluster_id))
        return read(reading.row, Remembered.of) if reading.row else None

    async def note_sending(self, cluster_id: ClusterId, intended: Written) -> None:
        """Write down what is about to be written, so that it is known again if it is accepted."""
        values: Values = {"sending": record_to_text(intended)}
        await self._merge(cluster_id.subscription_id, {known_key(cluster_id): values})

    async def told(self, cluster_id: ClusterId) -> frozenset[Reason]:
        """Tell which findings were told of a cluster, and have been there ever since."""
        known = await self.recall(cluster_id)
        return known.told if known else frozenset()

    async def of_subscription(
        self, subscription_id: str, where: Values | None = None
    ) -> AsyncIterator[Remembered]:
        """Yield what is known of a subscription's clusters."""
        async for row in self.table.rows(
            subscription_id, after=KNOWN, before=END_OF_KNOWN, where=where
        ):
            if known := read(row, Remembered.of):
                yield known

    def in_location(self, subscription_id: str, location: str) -> AsyncIterator[Remembered]:
        """Yield what is known of a subscription's clusters in one location (short name)."""
        return self.of_subscription(subscription_id, {"location": location})

    async def note_event(
        self, cluster_id: ClusterId, now: datetime, touched: Mapping[str, Values] | None = None
    ) -> None:
        """Leave a mark that an event about a cluster has come, before anything is made of it.

        `now` is the worker's; what is read earlier than that is not the last word on the cluster.
        `touched` is what somebody else did, by the key of that.
        """
        rows: dict[str, Values] = {f"{HEARD}{cluster_id.hash}": {"heardAt": now}}
        for key, values in (touched or {}).items():
            rows[touched_keys(cluster_id)[0] + key] = values
        await self.table.merge(cluster_id.subscription_id, rows)

    async def note_touches(self, cluster_id: ClusterId, values: Values) -> None:
        """Write down what others did to a cluster's schedule, beside what came of it."""
        await self._merge(cluster_id.subscription_id, {known_key(cluster_id): values})

    async def heard_at(self, cluster_id: ClusterId) -> datetime | None:
        """Tell when an event about one cluster came last, by the clock of whoever received it."""
        key = f"{HEARD}{cluster_id.hash}"
        reading = await self.table.get(cluster_id.subscription_id, key)
        return reading.row.instant("heardAt") if reading.row else None

    async def heard(self, subscription_id: str) -> dict[str, datetime]:
        """Tell when an event came last, by the hashes of a subscription's clusters."""
        rows = self.table.rows(subscription_id, after=HEARD, before=END_OF_HEARD)
        heard = {row.key.removeprefix(HEARD): row.instant("heardAt") async for row in rows}
        return {key: at for key, at in heard.items() if at}

    async def crowding(self, subscription_id: str) -> Crowding:
        """Tell which starts many of a subscription's clusters shared when they were counted."""
        reading = await self.table.get(subscription_id, CROWDING)
        found = read(reading.row, Crowding.of) if reading.row else None
        return found or Crowding()

    async def note_crowding(self, subscription_id: str, crowding: Crowding) -> None:
        await self._merge(subscription_id, {CROWDING: crowding.to_values()})

    async def first(
        self, subscription_id: str, limit: int, after: str, where: Values
    ) -> list[Remembered]:
        """Read up to `limit` of them from behind a key, "" for the start."""

        async def rows_after(last: Row | None, room: int) -> Sequence[Row]:
            behind = last.key if last else after or KNOWN
            return await self.table.first(
                subscription_id, room, after=behind, before=END_OF_KNOWN, where=where
            )

        return [known for _, known in await read_some(rows_after, Remembered.of, limit)]

    async def note_missing(
        self, subscription_id: str, since: Mapping[str, datetime | None]
    ) -> None:
        """Write down since when listings miss clusters, by their hashes; None where they do not."""
        rows: dict[str, Values] = {
            KNOWN + word: {"missingSince": to_text(at) if at else ""} for word, at in since.items()
        }
        if rows:
            await self._merge(subscription_id, rows)

    async def forget(self, subscription_id: str, keys: Iterable[str]) -> None:
        """Remove what is known of clusters that are no more."""
        try:
            for key in keys:
                await self.table.delete(subscription_id, key)
                await self.table.delete(subscription_id, HEARD + key.removeprefix(KNOWN))
        finally:
            self.writes += 1


class Recorder(Struct, frozen=True):
    """Has outcomes remembered; a cluster whose row no table takes is given up, and it alone."""

    memory: ClusterMemory
    given_up: GivenUpRecords
    clock: Clock

    async def record(
        self, all_known: Iterable[LastKnown], cause: Cause
    ) -> dict[ClusterId, Outcome]:
        """Write down what came of clusters; gives the failures of those that were given up."""
        failures = dict[ClusterId, Outcome]()
        for known in await self.memory.remember(all_known):
            failure, now = known.outcome.not_written_down(), self.clock.now()
            work = ReconcileCluster(failure.cluster_id, cause, now)
            await self.given_up.put(GivenUp.of(failure, work, now, failure.attempts))
            failures[failure.cluster_id] = failure
        return failures


def touched_keys(cluster_id: ClusterId) -> tuple[str, str]:
    """Give what the keys of the rows of what others did to one cluster lie between."""
    return f"{TOUCHED}{cluster_id.hash}:", f"{TOUCHED}{cluster_id.hash};"


def known_key(cluster_id: ClusterId) -> str:
    """Give the key of a cluster's row."""
    return f"{KNOWN}{cluster_id.hash}"
