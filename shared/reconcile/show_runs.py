"""Runs as the HTTP API shows them: the newest first, and one with its progress and its rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from shared.domain.cluster_id import GUID
from shared.domain.last_known import LastOutcomeJson
from shared.domain.pages import Page, PageAsked, PageJson, Question, to_token
from shared.domain.rows import Value
from shared.domain.run import MONTH, RUN_ID, RunState, month_of
from shared.domain.run_records import RunRecordJson
from shared.domain.shard import Shard
from shared.domain.shard_records import ShardRecord
from shared.reconcile.at_once import at_once
from shared.reconcile.close_run import shards_of, summary
from shared.reconcile.run_store import RunStore

SHARD_KEY = rf"{GUID}\|[a-z0-9-]+"
ROW_KEY = "[01][0-9a-f]{32}"
"""A cluster's row: its priority, and a hash of its id."""


class ShownRunJson(RunRecordJson):
    """A run, and a page of the clusters that it is done with."""

    clusters: PageJson[LastOutcomeJson]


@dataclass(frozen=True, slots=True)
class RunViewer:
    """Answers `GET /runs` and `GET /runs/{id}`; writes nothing."""

    store: RunStore

    async def runs(self, where: Mapping[str, str], asked: PageAsked) -> Page[RunRecordJson]:
        """Give a page of runs with these values (`state`, `cause`), the newest first."""
        question: Question = {"of": "runs", **where}
        month, after = asked.place(question, MONTH, RUN_ID)
        shown: list[RunRecordJson] = []
        for each in await self.store.months():
            if month and each > month:
                continue
            place = after if each == month else ""
            room = asked.size - len(shown)
            found = await self.store.runs_of(each, room, place, where)
            shown += [record.to_json() for record in found]
            if len(found) == room:
                return Page(shown, to_token(question, each, found[-1].run.id))
        return Page(shown)

    async def run(
        self, run_id: str, where: Mapping[str, str], asked: PageAsked
    ) -> ShownRunJson | None:
        """Give one run with a page of its clusters; None if there is no such run.

        The clusters can be narrowed to an `outcome`, a `reason`, or both.
        """
        stored = await self.store.run(run_id) if month_of(run_id) else None
        if stored is None:
            return None
        subscriptions, finished = await self.store.parts(run_id)
        shards = sorted(shards_of(subscriptions))
        shown = stored.record.to_json()
        if stored.record.state is RunState.ACTIVE:
            parts = await self._so_far(run_id, shards, finished)
            shown = {**shown, **summary(subscriptions, parts)}
        page = await self._clusters(run_id, shards, where, asked)
        return {**shown, "clusters": page.to_json()}

    async def _so_far(
        self, run_id: str, shards: list[Shard], finished: dict[str, ShardRecord]
    ) -> list[ShardRecord]:
        active = [shard for shard in shards if shard.key not in finished]
        read = await at_once([partial(self.store.shard, run_id, shard) for shard in active])
        return [*finished.values(), *(stored.record for stored in read if stored)]

    async def _clusters(
        self, run_id: str, shards: list[Shard], where: Mapping[str, str], asked: PageAsked
    ) -> Page[LastOutcomeJson]:
        """Give a page of the clusters that the run is done with, shard by shard."""
        question: Question = {"of": run_id, **where}
        first, place = asked.place(question, SHARD_KEY, ROW_KEY)
        wanted = _settled(where)
        shown: list[LastOutcomeJson] = []
        for shard in shards:
            if shard.key < first:
                continue
            after = place if shard.key == first else ""
            room = asked.size - len(shown)
            rows = await self.store.first_clusters(run_id, shard, room, after, wanted)
            shown += [cast("LastOutcomeJson", json.loads(row.text("shown"))) for row in rows]
            if len(rows) == room:
                return Page(shown, to_token(question, shard.key, rows[-1].key))
        return Page(shown)


def _settled(where: Mapping[str, str]) -> dict[str, Value]:
    return {"pending": False, **where}
