"""The table of what was given up: to be read by people, and to be replayed from."""

from collections.abc import Sequence
from hashlib import sha256

from shared.clients.table_entities import Entity, literal, to_row
from shared.clients.table_rows import REPLACE, TableRows
from shared.domain.cluster_id import ClusterId
from shared.domain.given_up import GivenUp
from shared.domain.rows import Row, Values
from shared.reports import report_given_up

GIVEN_UP_TABLE = "naptimegivenup"
# Azure Table's limit is 64 KiB for a string property, in UTF-16 (two bytes each).
TEXT_LIMIT = 30_000


class StorageGivenUpRecords:
    """One row per cluster; and one per message that names no cluster, under `unreadable`."""

    def __init__(self, rows: TableRows) -> None:
        """Take the table's rows; it is created by the first record if it is not there."""
        self._rows = rows

    async def put(self, given_up: GivenUp) -> None:
        """Record it; a later one for the same cluster replaces it."""
        cluster_id = given_up.cluster_id
        keys = _keys(cluster_id.key if cluster_id else given_up.work, cluster_id)
        await self._rows.upsert(*keys, _to_values(given_up), REPLACE)
        report_given_up(given_up)

    async def get(self, cluster_id: ClusterId) -> GivenUp | None:
        """Read what was given up for one cluster."""
        entity, _ = await self._rows.get(*_keys(cluster_id.key, cluster_id))
        return _from_row(to_row(entity)) if entity else None

    async def forget(self, cluster_id: ClusterId) -> None:
        """Remove it, if it is there."""
        await self._rows.delete(*_keys(cluster_id.key, cluster_id))

    async def page(self, after: str, limit: int) -> Sequence[tuple[str, GivenUp]]:
        """Read up to `limit` records, each with its place, from behind a place; "" is the start."""
        found: list[tuple[str, GivenUp]] = []
        async for page in self._rows.pages([_behind(after)], limit):
            found += [_placed(entity) for entity in page]
            if len(found) >= limit:
                break
        return found[:limit]


def _behind(place: str) -> str:
    partition, _, key = place.partition("|")
    here, further = literal(partition), literal(key)
    return f"PartitionKey gt {here} or (PartitionKey eq {here} and RowKey gt {further})"


def _placed(entity: Entity) -> tuple[str, GivenUp]:
    row = to_row(entity)
    return f"{row.partition}|{row.key}", _from_row(row)


def _keys(identity: str, cluster_id: ClusterId | None) -> tuple[str, str]:
    partition = cluster_id.subscription_id if cluster_id else "unreadable"
    return partition, sha256(identity.encode("utf-8", "replace")).hexdigest()[:32]


def _to_values(given_up: GivenUp) -> Values:
    return {
        "clusterId": str(given_up.cluster_id) if given_up.cluster_id else "",
        "reason": given_up.reason,
        "message": given_up.message,
        "advice": given_up.advice,
        "givenUpAt": given_up.given_up_at,
        "attempts": given_up.attempts,
        "work": given_up.work[:TEXT_LIMIT],
    }


def _from_row(row: Row) -> GivenUp:
    given_up_at = row.instant("givenUpAt")
    if given_up_at is None:
        raise TypeError(f"givenUpAt of {row.key} is no time")
    cluster_id = row.text("clusterId")
    return GivenUp(
        cluster_id=ClusterId.parse(cluster_id) if cluster_id else None,
        reason=row.text("reason"),
        message=row.text("message"),
        advice=row.text("advice"),
        given_up_at=given_up_at,
        attempts=row.whole("attempts"),
        work=row.text("work"),
    )
