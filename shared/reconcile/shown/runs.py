"""Runs as the HTTP API shows them: the newest first, and one with its progress and its rows."""

from collections.abc import AsyncIterator, Mapping
from copy import replace
from functools import partial

from msgspec import Struct

from shared.domain.deciding.last_outcome import LastOutcomeJson
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.batch import COLUMN, Batch, Place, having
from shared.domain.fleet.run import RunScope, RunState
from shared.domain.fleet.run_records import RunRecordJson
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.fleet.unreadable import next_try_text
from shared.domain.vocabulary.ids import GUID
from shared.domain.vocabulary.instants import ID_OF_MONTH, MONTH, month_of
from shared.domain.vocabulary.pages import Page, PageAsked, PageJson, Question, to_token
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.reconcile.fleet.close import summary
from shared.reconcile.fleet.store import BATCH, RunStore, batches_of, end_of
from shared.reconcile.fleet.subscriptions.patience import ListingPatience
from shared.reconcile.ground.later_rows import read_together

BATCH_KEY = rf"{BATCH}{GUID}\|[a-z0-9-]+\|[0-9]{{3,}}\|[0-2][0-9]{{5,}}"
BATCHES_A_REQUEST = 5


_NO_RUN = (
    "No run has looked at the fleet yet. One starts by itself (NAPTIME_SWEEP_SCHEDULE), or ask for"
    ' it: POST /api/reconcile with {"fleet": true}.'
)
_FIRST_RUN = "The first run is under way: GET /api/runs/{} shows how far it is."


class ShownRunJson(RunRecordJson):
    """A run, and a page of the clusters that it is done with."""

    clusters: PageJson[LastOutcomeJson]


class RunViewer(Struct, frozen=True):
    """Answers `GET /runs` and `GET /runs/{id}`; writes nothing."""

    store: RunStore
    patience: ListingPatience

    async def runs(self, where: Mapping[str, str], asked: PageAsked) -> Page[RunRecordJson]:
        """Give a page of runs with these values (`state`, `cause`), the newest first."""
        question: Question = {"of": "runs", **where}
        month, after = asked.place(question, MONTH, ID_OF_MONTH)
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

    async def none_yet(self) -> str | None:
        """Say why nothing is known of any cluster, if it is because no run has ended."""
        one = PageAsked(size=1)
        if (await self.runs({"state": RunState.FINISHED.value}, one)).items:
            return None
        active = (await self.runs({"state": RunState.ACTIVE.value}, one)).items
        return _FIRST_RUN.format(active[0]["runId"]) if active else _NO_RUN

    async def run(
        self, run_id: str, where: Mapping[str, str], asked: PageAsked
    ) -> ShownRunJson | None:
        """Give one run with a page of its clusters; None if there is no such run.

        The clusters can be narrowed to an `outcome`, a `reason`, or both. Of a run of a later
        version there is what its own row says, and as many clusters as can be read.
        """
        # A table's client is made only for a month that has one: ids are whatever people send.
        month = month_of(run_id)
        known = month is not None and month in await self.store.months()
        stored = await self.store.run(run_id) if known else None
        if stored is None:
            return None
        parts = await read_together(run_id, partial(self.store.parts, run_id))
        subscriptions, shards = parts or ([], {})
        shown = stored.record.to_json()
        if subscriptions:
            shown = {**shown, **summary(subscriptions, shards.values())}
        await self._say_when_next(stored.record.run.scope, shown)
        page = await self._clusters(run_id, shards, where, asked)
        return {**shown, "clusters": page.to_json()}

    async def _say_when_next(self, scope: RunScope, shown: RunRecordJson) -> None:
        """Say when what could not be read is tried next, as of now; null where it is not."""
        tried = [found for found in shown.get("unreadableSubscriptions", ()) if found["nextTryAt"]]
        if not tried or shown["state"] is RunState.ACTIVE:
            return
        refusals = await self.patience.refusals()
        for found in tried:
            of = replace(scope, subscription_id=found["subscriptionId"])
            found["nextTryAt"] = next_try_text(refusals.get(of.key))

    async def _clusters(
        self,
        run_id: str,
        shards: Mapping[str, ShardRecord],
        where: Mapping[str, str],
        asked: PageAsked,
    ) -> Page[LastOutcomeJson]:
        """Give a page of the clusters that the run is done with, shard by shard."""
        question: Question = {"of": run_id, **where}
        place = Place(*asked.place(question, BATCH_KEY, COLUMN))
        shown: list[LastOutcomeJson] = []
        async for following, outcome in self._settled(run_id, shards, place, where):
            if len(shown) == asked.size:
                return Page(shown, to_token(question, *place))
            shown.append(outcome)
            place = following
        return Page(shown)

    async def _settled(
        self, run_id: str, shards: Mapping[str, ShardRecord], place: Place, where: Mapping[str, str]
    ) -> AsyncIterator[tuple[Place, LastOutcomeJson]]:
        """Yield what the run is done with, from behind a place on, with where each is."""
        counted = {batches_of(shard.shard, shard.listing) for shard in shards.values()}
        async for batch in self._batches(run_id, place.batch, where):
            if batch.key.removesuffix(end_of(batch)) in counted:
                for column, cluster in batch.settled.items():
                    at = Place(batch.key, column)
                    if at > place and _is_wanted(cluster.shown, where):
                        yield at, cluster.shown

    async def _batches(
        self, run_id: str, key: str, where: Mapping[str, str]
    ) -> AsyncIterator[Batch]:
        """Yield a batch, of which something may be left, and those behind it."""
        if key and (batch := await read_together(run_id, partial(self.store.batch, run_id, key))):
            yield batch
        wanted = having(where.get("outcome"), where.get("reason"))
        while found := await read_together(
            run_id, partial(self.store.batches_of_run, run_id, BATCHES_A_REQUEST, key, wanted)
        ):
            for batch in found:
                yield batch
            key = found[-1].key


def runs_with(state: RunState | None, cause: Cause | None) -> dict[str, str]:
    """Give the values of the rows of such runs."""
    return _given({"state": state, "cause": cause})


def clusters_with(outcome: OutcomeKind | None, reason: Reason | None) -> dict[str, str]:
    """Give the values of what a run shows of such clusters."""
    return _given({"outcome": outcome, "reason": reason})


def _given(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _is_wanted(shown: LastOutcomeJson, where: Mapping[str, str]) -> bool:
    kept = {"outcome": shown["outcome"], "reason": shown["reason"]}
    return all(kept[name] == value for name, value in where.items())
