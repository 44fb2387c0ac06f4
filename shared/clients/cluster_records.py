"""One row per cluster: who is at it, and since when its last reconcile counts."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256

from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from shared.clients.table_entities import Entity, changed_at, etag_of, instant
from shared.clients.table_rows import MERGE, TableRows, Written
from shared.domain.claims import AlreadyDone, Busy, Claim, ClusterRecord, Refusal
from shared.domain.cluster_id import ClusterId
from shared.domain.rows import Value, Values

CLUSTERS_TABLE = "naptimeclusters"
CLAIM_LASTS = timedelta(minutes=5)
"""Longer than any reconcile takes (a minute of quick retries and one last call), and short enough
that a cluster whose worker was killed waits minutes, not hours."""

ONE_SECOND = timedelta(seconds=1)


class StorageClusterRecords:
    """The table `naptimeclusters`: partition key the subscription, row key a hash of the id.

    All times that are compared are the storage service's own, so workers' clocks do not matter.
    """

    def __init__(self, rows: TableRows) -> None:
        """Take the table's rows; it is created by the first claim if it is not there."""
        self._rows = rows

    async def claim(
        self, cluster_id: ClusterId, since: datetime | None
    ) -> Claim | Busy | AlreadyDone:
        """Claim the cluster, unless it is claimed or has been reconciled since."""
        row, answered_at = await self._rows.get(*_keys(cluster_id))
        if row is None:
            return await self._claimed(cluster_id, None, lambda: self._insert(cluster_id))
        if _is_held(row, answered_at):
            return Busy()
        if refusal := refusal_of(since, _concluded_at(row), answered_at):
            return refusal
        claim = lambda: self._merge(cluster_id, {"claimed": True}, etag_of(row))  # noqa: E731
        return await self._claimed(cluster_id, changed_at(row), claim)

    async def _claimed(
        self,
        cluster_id: ClusterId,
        last_changed_at: datetime | None,
        write: Callable[[], Awaitable[Written]],
    ) -> Claim | Busy:
        try:
            written = await write()
        except (ResourceExistsError, ResourceModifiedError):
            return Busy()
        return Claim(cluster_id, written.etag, written.at, last_changed_at)

    async def _insert(self, cluster_id: ClusterId) -> Written:
        values: Values = {"clusterId": str(cluster_id), "claimed": True}
        return await self._rows.insert(*_keys(cluster_id), values)

    async def _merge(self, cluster_id: ClusterId, changes: Values, etag: str) -> Written:
        return await self._rows.update(*_keys(cluster_id), changes, MERGE, etag)

    async def release(self, claim: Claim, *, concluded: bool) -> None:
        """Give the claim back, and remember whether it came to an end.

        Nothing is remembered where somebody has claimed the row since: their read is the later one.
        """
        changes: dict[str, Value] = {"claimed": False}
        if concluded:
            changes["concludedAt"] = claim.claimed_at
        try:
            await self._merge(claim.cluster_id, changes, claim.token)
        except (ResourceModifiedError, ResourceNotFoundError):
            return

    async def get(self, cluster_id: ClusterId) -> ClusterRecord:
        """Read what is remembered of a cluster."""
        row, answered_at = await self._rows.get(*_keys(cluster_id))
        if row is None:
            return ClusterRecord(cluster_id)
        return ClusterRecord(
            cluster_id, concluded_at=_concluded_at(row), claimed=_is_held(row, answered_at)
        )


def _keys(cluster_id: ClusterId) -> tuple[str, str]:
    digest = sha256(cluster_id.key.encode("ascii")).hexdigest()
    return cluster_id.subscription_id, digest[:32]


def _is_held(row: Entity, answered_at: datetime) -> bool:
    """Tell whether a claim stands: the row's last change was a claim, and it has not expired."""
    return bool(row.get("claimed")) and answered_at < changed_at(row) + CLAIM_LASTS


def _concluded_at(row: Entity) -> datetime | None:
    return instant(row["concludedAt"]) if "concludedAt" in row else None


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
