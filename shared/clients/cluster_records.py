"""One row per cluster: who is at it, and since when its last reconcile counts."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.clients.storage import create_table
from shared.domain.messages.work import AlreadyDone, Busy, Claim, ClusterRecord, Refusal
from shared.domain.vocabulary.ids import ClusterId

CLUSTERS_TABLE = "naptimeclusters"
CLAIM_LASTS = timedelta(minutes=5)
"""Longer than any reconcile takes (a minute of quick retries and one last call), and short enough
that a cluster whose worker was killed waits minutes, not hours."""

ONE_SECOND = timedelta(seconds=1)

type Entity = Mapping[str, object]


class StorageClusterRecords:
    """The table `naptimeclusters`: partition key the subscription, row key a hash of the id.

    All times that are compared are the storage service's own, so workers' clocks do not matter.
    """

    def __init__(self, table: TableClient) -> None:
        """Take a client of the table; it is created by the first claim if it is not there."""
        self._table = table

    async def claim(
        self, cluster_id: ClusterId, since: datetime | None
    ) -> Claim | Busy | AlreadyDone:
        """Claim the cluster, unless it is claimed or has been reconciled since."""
        if since is None:
            # Who needs no answer to that, a run above all, is mostly the first at the cluster.
            claim = await self._claimed(cluster_id, None, lambda: self._insert(cluster_id))
            if isinstance(claim, Claim):
                return claim
        row, answered_at = await self._read(cluster_id)
        if row is None:
            return await self._claimed(cluster_id, None, lambda: self._insert(cluster_id))
        if _is_held(row, answered_at):
            return Busy()
        if refusal := refusal_of(since, _instant(row.get("concludedAt")), answered_at):
            return refusal
        changed_at = _instant(row.metadata.get("timestamp"))
        return await self._claimed(cluster_id, changed_at, lambda: self._update(cluster_id, row))

    async def _claimed(
        self,
        cluster_id: ClusterId,
        changed_at: datetime | None,
        write: Callable[[], Awaitable[Mapping[str, object]]],
    ) -> Claim | Busy:
        try:
            written = await write()
        except (ResourceExistsError, ResourceModifiedError):
            return Busy()
        claimed_at = _instant(written["date"])
        if claimed_at is None:
            raise TypeError("the storage service answered without a date")
        return Claim(cluster_id, str(written["etag"]), claimed_at, changed_at)

    async def _insert(self, cluster_id: ClusterId) -> Mapping[str, object]:
        entity = {**_keys(cluster_id), "clusterId": str(cluster_id), "claimed": True}
        try:
            return await self._table.create_entity(entity)
        except ResourceNotFoundError:
            await create_table(self._table)
            return await self._table.create_entity(entity)

    async def _update(self, cluster_id: ClusterId, row: TableEntity) -> Mapping[str, object]:
        return await self._merge(cluster_id, {"claimed": True}, str(row.metadata["etag"]))

    async def _merge(
        self, cluster_id: ClusterId, changes: Entity, etag: str
    ) -> Mapping[str, object]:
        return await self._table.update_entity(
            {**_keys(cluster_id), **changes},
            mode=UpdateMode.MERGE,
            etag=etag,
            match_condition=MatchConditions.IfNotModified,
        )

    async def release(self, claim: Claim, *, concluded: bool) -> None:
        """Give the claim back, and remember whether it came to an end.

        Nothing is remembered where somebody has claimed the row since: their read is the later one.
        """
        changes: dict[str, object] = {"claimed": False}
        if concluded:
            changes["concludedAt"] = claim.claimed_at
        try:
            await self._merge(claim.cluster_id, changes, claim.token)
        except (ResourceModifiedError, ResourceNotFoundError):
            return

    async def get(self, cluster_id: ClusterId) -> ClusterRecord:
        """Read what is remembered of a cluster."""
        row, answered_at = await self._read(cluster_id)
        if row is None:
            return ClusterRecord(cluster_id)
        return ClusterRecord(
            cluster_id,
            concluded_at=_instant(row.get("concludedAt")),
            claimed=_is_held(row, answered_at),
        )

    async def _read(self, cluster_id: ClusterId) -> tuple[TableEntity | None, datetime]:
        dates: list[datetime] = []
        keys = _keys(cluster_id)
        try:
            row = await self._table.get_entity(
                keys["PartitionKey"],
                keys["RowKey"],
                raw_response_hook=lambda response: dates.append(
                    _http_date(response.http_response.headers.get("Date"))
                ),
            )
        except ResourceNotFoundError:
            return None, dates[-1]
        return row, dates[-1]

    async def close(self) -> None:
        """Close the connection."""
        await self._table.close()


def _keys(cluster_id: ClusterId) -> dict[str, str]:
    digest = sha256(cluster_id.key.encode("ascii")).hexdigest()
    return {"PartitionKey": cluster_id.subscription_id, "RowKey": digest[:32]}


def _is_held(row: TableEntity, answered_at: datetime) -> bool:
    """Tell whether a claim stands: the row's last change was a claim, and it has not expired."""
    changed_at = _instant(row.metadata.get("timestamp")) or answered_at
    return bool(row.get("claimed")) and answered_at < changed_at + CLAIM_LASTS


def _http_date(value: object) -> datetime:
    return parsedate_to_datetime(str(value))


def _instant(value: object) -> datetime | None:
    """Read a time of the service; its own type keeps tenths of microseconds, which are dropped."""
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


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
