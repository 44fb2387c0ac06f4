"""Runs as the HTTP API shows them: the newest first, and one with its progress and its rows."""

import json
from dataclasses import dataclass
from functools import partial

from shared.domain.pages import PAGE_SIZE, Page, from_token, to_token
from shared.domain.rows import Value
from shared.domain.run import RunState, month_of
from shared.domain.run_records import Json
from shared.domain.shard import Shard
from shared.domain.shard_records import ShardRecord
from shared.reconcile.at_once import at_once
from shared.reconcile.close_run import shards_of, summary
from shared.reconcile.run_store import RunStore


@dataclass(frozen=True, slots=True)
class RunViewer:
    """Answers `GET /runs` and `GET /runs/{id}`; writes nothing."""

    store: RunStore

    async def runs(self, where: dict[str, str], token: str) -> Page:
        """Give a page of runs with these values (`state`, `cause`), the newest first."""
        month, after = from_token(token, 2)
        shown: list[Json] = []
        for each in await self.store.months():
            if month and each > month:
                continue
            place = after if each == month else ""
            room = PAGE_SIZE - len(shown)
            found = await self.store.runs_of(each, room, place, where)
            shown += [record.to_json() for record in found]
            if len(found) == room:
                return Page(shown, to_token(each, found[-1].run.id))
        return Page(shown)

    async def run(self, run_id: str, where: dict[str, str], token: str) -> Json | None:
        """Give one run with a page of its clusters; None if there is no such run.

        The clusters can be narrowed to an `outcome`, a `reason`, or both.
        """
        place = from_token(token, 2)
        stored = await self.store.run(run_id) if month_of(run_id) else None
        if stored is None:
            return None
        subscriptions, finished = await self.store.parts(run_id)
        shards = sorted(shards_of(subscriptions))
        shown = stored.record.to_json()
        if stored.record.state is RunState.ACTIVE:
            parts = await self._so_far(run_id, shards, finished)
            shown |= summary(subscriptions, parts)
        page = await self._clusters(run_id, shards, where, place)
        return {**shown, "clusters": page.to_json()}

    async def _so_far(
        self, run_id: str, shards: list[Shard], finished: dict[str, ShardRecord]
    ) -> list[ShardRecord]:
        active = [shard for shard in shards if shard.key not in finished]
        read = await at_once([partial(self.store.shard, run_id, shard) for shard in active])
        return [*finished.values(), *(stored.record for stored in read if stored)]

    async def _clusters(
        self, run_id: str, shards: list[Shard], where: dict[str, str], place: list[str]
    ) -> Page:
        """Give a page of the clusters that the run is done with, shard by shard."""
        wanted = _settled(where)
        shown: list[Json] = []
        for shard in shards:
            if shard.key < place[0]:
                continue
            after = place[1] if shard.key == place[0] else ""
            room = PAGE_SIZE - len(shown)
            rows = await self.store.first_clusters(run_id, shard, room, after, wanted)
            shown += [json.loads(row.text("shown")) for row in rows]
            if len(rows) == room:
                return Page(shown, to_token(shard.key, rows[-1].key))
        return Page(shown)


def _settled(where: dict[str, str]) -> dict[str, Value]:
    return {"pending": False, **where}
