"""What a table makes of a transaction that is refused for no reason of its own rows."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from azure.data.tables.aio import TableClient

from shared.clients.storage import transactions
from shared.clients.storage.account import is_storage_trouble
from shared.clients.storage.tables import StorageTable
from shared.clients.storage.transactions import Operation, TransactionRefused
from shared.domain.vocabulary.rows import Row
from tests.contract.test_transactions import ACCOUNT

ROW = Row("p", "k", {"n": 1}, "e", datetime(2026, 11, 21, tzinfo=UTC))
WRITES: dict[str, Callable[[StorageTable], Awaitable[object]]] = {
    "settle": lambda table: table.settle(ROW, {"n": 2}, {"c": {"n": 1}}),
    "insert_all": lambda table: table.insert_all("p", {"k": {"n": 1}}),
    "replace_all": lambda table: table.replace_all([(ROW, {"n": 2})]),
    "insert_new": lambda table: table.insert_new("p", {"k": {"n": 1}}),
    "merge": lambda table: table.merge("p", {"k": {"n": 1}, "l": {"n": 1}}),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_a_service_that_is_busy_is_no_answer_about_the_rows(
    write: Callable[[StorageTable], Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing of whether a row is there or was changed: the work comes back later."""

    async def busy(_: TableClient, __: Sequence[Operation]) -> None:
        raise TransactionRefused(503, "ServerBusy")

    monkeypatch.setattr(transactions, "submit", busy)
    async with TableClient.from_connection_string(ACCOUNT, "rows") as client:
        with pytest.raises(TransactionRefused) as refused:
            await write(StorageTable(client))
    assert is_storage_trouble(refused.value)
