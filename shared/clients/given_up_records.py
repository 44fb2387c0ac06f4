"""The table of what was given up: to be read by people, and to be replayed from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.clients.storage import create_table
from shared.domain.messages.given_up import OF_RUNS, GivenUp
from shared.domain.vocabulary.ids import ClusterId
from shared.telemetry.reports import report_given_up

GIVEN_UP_TABLE = "naptimegivenup"
# Azure Table's limit is 64 KiB for a string property, in UTF-16 (two bytes each).
TEXT_LIMIT = 30_000


class StorageGivenUpRecords:
    """One row per cluster, one per part of a run, and one per message of neither kind."""

    def __init__(self, table: TableClient) -> None:
        """Take a client of the table; it is created by the first record if it is not there."""
        self._table = table

    async def put(self, given_up: GivenUp) -> None:
        """Record it; a later one for the same cluster replaces it."""
        entity = _to_entity(given_up)
        try:
            await self._table.upsert_entity(entity, mode=UpdateMode.REPLACE)
        except ResourceNotFoundError:
            await create_table(self._table)
            await self._table.upsert_entity(entity, mode=UpdateMode.REPLACE)
        report_given_up(given_up)

    async def get(self, cluster_id: ClusterId) -> GivenUp | None:
        """Read what was given up for one cluster."""
        try:
            return _from_entity(await self._table.get_entity(*_keys(cluster_id.key, cluster_id)))
        except ResourceNotFoundError:
            return None

    async def forget(self, cluster_id: ClusterId) -> None:
        """Remove it, if it is there."""
        # Absent row and absent table are both fine, and the SDK swallows the former itself.
        try:
            await self._table.delete_entity(*_keys(cluster_id.key, cluster_id))
        except ResourceNotFoundError:
            return

    async def forget_run(self, run_id: str) -> None:
        """Remove all that was given up of a run."""
        partition = OF_RUNS + run_id
        found = self._table.query_entities(
            "PartitionKey eq @partition", parameters={"partition": partition}, select="RowKey"
        )
        try:
            async for entity in found:
                await self._table.delete_entity(partition, entity["RowKey"])
        except ResourceNotFoundError:
            return

    async def page(self, after: str, limit: int) -> Sequence[tuple[str, GivenUp]]:
        """Read up to `limit` records, each with its place, from behind a place; "" is the start."""
        partition, _, key = after.partition("|")
        found: list[tuple[str, GivenUp]] = []
        query = self._table.query_entities(
            "PartitionKey gt @partition or ( PartitionKey eq @partition and RowKey gt @key )",
            parameters={"partition": partition, "key": key},
            results_per_page=limit,
        )
        try:
            async for page in query.by_page():
                found += [(_place(entity), _from_entity(entity)) async for entity in page]
                if len(found) >= limit:
                    break
        except ResourceNotFoundError:
            return []
        return found[:limit]

    async def close(self) -> None:
        """Close the connection."""
        await self._table.close()


def _place(entity: TableEntity) -> str:
    return f"{entity['PartitionKey']}|{entity['RowKey']}"


def _keys_of(given_up: GivenUp) -> tuple[str, str]:
    if given_up.run_id:
        return OF_RUNS + given_up.run_id, _hash_of(given_up.part)
    cluster_id = given_up.cluster_id
    return _keys(cluster_id.key if cluster_id else given_up.work, cluster_id)


def _keys(identity: str, cluster_id: ClusterId | None) -> tuple[str, str]:
    partition = cluster_id.subscription_id if cluster_id else "unreadable"
    return partition, _hash_of(identity)


def _hash_of(identity: str) -> str:
    return sha256(identity.encode("utf-8", "replace")).hexdigest()[:32]


def _to_entity(given_up: GivenUp) -> dict[str, object]:
    cluster_id = given_up.cluster_id
    partition, row = _keys_of(given_up)
    return {
        "PartitionKey": partition,
        "RowKey": row,
        "clusterId": str(cluster_id) if cluster_id else "",
        "reason": given_up.reason,
        "message": given_up.message,
        "advice": given_up.advice,
        "givenUpAt": given_up.given_up_at,
        "attempts": given_up.attempts,
        "work": given_up.work[:TEXT_LIMIT],
        "runId": given_up.run_id,
        "part": given_up.part,
    }


def _from_entity(entity: TableEntity) -> GivenUp:
    given_up_at = entity["givenUpAt"]
    if not isinstance(given_up_at, datetime):
        raise TypeError(f"givenUpAt of {entity['RowKey']} is no time")
    return GivenUp(
        cluster_id=ClusterId.parse(str(entity["clusterId"])) if entity["clusterId"] else None,
        reason=str(entity["reason"]),
        message=str(entity["message"]),
        advice=str(entity["advice"]),
        given_up_at=datetime.fromtimestamp(given_up_at.timestamp(), UTC),
        attempts=int(str(entity["attempts"])),
        work=str(entity["work"]),
        run_id=str(entity.get("runId", "")),
        part=str(entity.get("part", "")),
    )
