"""Who is at which cluster, and since when its last reconcile counts: one row per cluster.

All times that are compared are the storage service's own, so workers' clocks do not matter.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import batched

from msgspec import Struct

from shared.domain.messages.work import AlreadyDone, Busy, Claim, Refusal
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Row, Values
from shared.ports.azure import Clock
from shared.ports.storage import Table
from shared.reconcile.ground.at_once import at_once

CLUSTERS_TABLE = "naptimeclusters"

CLAIM_LASTS = timedelta(minutes=5)
"""Longer than any reconcile takes (a minute of quick retries and one last call), and short enough
that a cluster whose worker was killed waits minutes, not hours."""

CLAIMED_TOGETHER = 50
"""What a shift looks at; a request for so many costs little more than one for a few."""

CLAIMED_APART = 25
"""One that has been claimed before costs the others of so many a request each."""

ONE_SECOND = timedelta(seconds=1)

CLAIM_TRIES = 20
CLAIM_WAIT_SECONDS = 1.0
BUSY_FOR = timedelta(seconds=30)
"""When it makes sense to ask again; a claim whose holder was killed ends after five minutes."""


class ClusterClaims(Struct, frozen=True):
    """The claims in the table of clusters: partition the subscription, key the cluster's hash."""

    table: Table

    async def claim(self, cluster_id: ClusterId, since: datetime | None) -> Claim | Refusal:
        """Claim the cluster, unless it is claimed or has been reconciled since.

        `since` is when the work was asked for, by the storage's clock; None asks for no answer to
        that.
        """
        reading = await self.table.get(cluster_id.subscription_id, cluster_id.hash)
        row = reading.row
        if row is None:
            return await self._insert(cluster_id) or Busy()
        if _is_held(row, reading.at):
            return Busy()
        if refusal := refusal_of(since, row.instant("concludedAt"), reading.at):
            return refusal
        written = await self.table.replace(row, {**row.values, "claimed": True})
        return _claim(cluster_id, written) if written else Busy()

    async def claim_new(self, cluster_id: ClusterId) -> Claim | Refusal:
        """Claim a cluster that probably never was, which then is not read first."""
        return await self._insert(cluster_id) or await self.claim(cluster_id, None)

    async def _insert(self, cluster_id: ClusterId) -> Claim | None:
        values = _claimed(cluster_id)
        made = await self.table.insert(cluster_id.subscription_id, cluster_id.hash, values)
        return _claim(cluster_id, made, is_first=True) if made else None

    @asynccontextmanager
    async def holding_each(
        self, cluster_ids: Sequence[ClusterId]
    ) -> AsyncIterator[Mapping[ClusterId, Claim]]:
        """Claim clusters of a subscription, but for those that somebody else is at, and hold them.

        Most of what a run finds to be claimed has never been: then many rows are one request. The
        claims conclude nothing: work that was asked for meanwhile is still done. What came of the
        clusters is never lost to trouble with their claims: those that are not given back lapse.
        """
        claims: dict[ClusterId, Claim] = {}
        batches = batched(cluster_ids, CLAIMED_TOGETHER, strict=False)
        try:
            found = await self._claim_all(batches)
            claims |= {each.cluster_id: each for each in found if isinstance(each, Claim)}
            if failed := [each for each in found if isinstance(each, BaseException)]:
                raise failed[0]
            yield claims
        finally:
            held = batched(claims.values(), CLAIMED_TOGETHER, strict=False)
            await asyncio.gather(*map(self._release_each, held), return_exceptions=True)

    async def _claim_all(
        self, batches: Iterable[Sequence[ClusterId]]
    ) -> list[Claim | Refusal | BaseException]:
        """Claim each batch to its end: what one has claimed is given back where another fails."""
        ended = await asyncio.gather(*map(self._claim_each, batches), return_exceptions=True)
        return [each for some in ended for each in (some if isinstance(some, list) else [some])]

    async def _claim_each(
        self, cluster_ids: Sequence[ClusterId]
    ) -> list[Claim | Refusal | BaseException]:
        """Claim some together; where one has been claimed before by halves, then each by itself."""
        if len(cluster_ids) > 1:
            rows = {each.hash: _claimed(each) for each in cluster_ids}
            made = await self.table.insert_all(cluster_ids[0].subscription_id, rows)
            if made is not None:
                return [_claim(each, made[each.hash], is_first=True) for each in cluster_ids]
        if len(cluster_ids) > CLAIMED_APART:
            half = len(cluster_ids) // 2
            return await self._claim_all((cluster_ids[:half], cluster_ids[half:]))
        return await asyncio.gather(*map(self.claim_new, cluster_ids), return_exceptions=True)

    async def _release_each(self, claims: Sequence[Claim]) -> None:
        """Give some back together, or where somebody has claimed one since each by itself."""
        rows = [(claim.row, released(claim, concluded=False)) for claim in claims]
        if len(claims) == 1 or not await self.table.replace_all(rows):
            await at_once([partial(self.release, claim, concluded=False) for claim in claims])

    async def release(self, claim: Claim, *, concluded: bool) -> None:
        """Give the claim back; what concluded answers all work from before the claim.

        Nothing is remembered where somebody has claimed the row since: their read is the later one.
        """
        await self.table.replace(claim.row, released(claim, concluded=concluded))


def released(claim: Claim, *, concluded: bool) -> Values:
    """Give the row of a claim that is given back."""
    answers: Values = {"concludedAt": claim.claimed_at} if concluded else {}
    return {**claim.row.values, "claimed": False, **answers}


def _claimed(cluster_id: ClusterId) -> Values:
    return {"clusterId": str(cluster_id), "claimed": True}


def _claim(cluster_id: ClusterId, written: Row, *, is_first: bool = False) -> Claim:
    if written.changed_at is None:
        raise TypeError("the storage service answered without a date")
    return Claim(cluster_id, written, written.changed_at, is_first)


def _is_held(row: Row, answered_at: datetime) -> bool:
    """Tell whether a claim stands: the row's last change was a claim, and it has not expired."""
    changed_at = row.changed_at or answered_at
    return row.flag("claimed") and answered_at < changed_at + CLAIM_LASTS


def refusal_of(
    since: datetime | None, concluded_at: datetime | None, now: datetime
) -> Refusal | None:
    """Tell whether work asked for at `since` has been done by what concluded.

    Queues and HTTP dates know whole seconds only, so within one second it cannot be told which
    came first. Until that second is over such work has to wait; then one more reconcile answers
    all of it.
    """
    if since is None or concluded_at is None:
        return None
    asked = since.replace(microsecond=0)
    if asked < concluded_at:
        return AlreadyDone()
    same = asked == concluded_at == now.replace(microsecond=0)
    return Busy(ONE_SECOND) if same else None


class ClusterBusy(Exception):
    """Somebody else is at the cluster, and has been for as long as a person may be kept waiting."""

    wait = BUSY_FOR


class Holding(Struct):
    """A claim that is held; `concluded` says whether it answers all work from before it."""

    claim: Claim
    concluded: bool = False


@asynccontextmanager
async def holding(
    claims: ClusterClaims, clock: Clock, cluster_id: ClusterId
) -> AsyncIterator[Holding]:
    """Hold the claim on a cluster; raises `ClusterBusy`."""
    claim = await claim_soon(claims, clock, cluster_id)
    if claim is None:
        raise ClusterBusy(str(cluster_id))
    held = Holding(claim)
    try:
        yield held
    finally:
        # It lapses; what was done under it is not denied for that.
        with suppress(Exception):
            await claims.release(claim, concluded=held.concluded)


async def claim_soon(claims: ClusterClaims, clock: Clock, cluster_id: ClusterId) -> Claim | None:
    """Claim the cluster, waiting for whoever is at it, for about 20 seconds."""
    for _ in range(CLAIM_TRIES):
        # Work without a time was never done before: what is no claim is somebody at it.
        if isinstance(claim := await claims.claim(cluster_id, None), Claim):
            return claim
        await clock.sleep(CLAIM_WAIT_SECONDS)
    return None
