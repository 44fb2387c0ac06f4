"""Many want the same shard's row at once, over several workers and the real tables."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shared.clients.clock import SystemClock
from shared.clients.storage.account import StorageAccount
from shared.clients.storage.account_tables import StorageTables
from shared.domain.errors import Paced
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.shard import Grip, Shard
from shared.ports.storage import Table
from shared.reconcile.ground.pacer import ShardPacer
from shared.storage_settings import StorageSettings
from tests.clusters import SUBSCRIPTION
from tests.contract.test_storage import no_credential

SHARD = Shard(SUBSCRIPTION, "westeurope")
WORKERS = 4


@pytest.fixture
async def table(azurite_connection: str) -> AsyncIterator[Table]:
    """Give an empty table of the emulator."""
    account = StorageAccount(StorageSettings(azurite_connection), no_credential)  # type: ignore[arg-type]  # never called
    tables = StorageTables(account)
    yield tables.of(f"t{uuid4().hex}")
    await tables.close()
    await account.close()


async def test_everybody_is_answered(table: Table) -> None:
    """Each of 200 gets its tokens or is told when to come back; no token is given out twice."""
    pace = Pace(150, 0.001)
    pacers = [ShardPacer(table, SystemClock(), lambda: 0.5, pace) for _ in range(WORKERS)]

    async def one(number: int) -> int:
        try:
            draw = await pacers[number % WORKERS].draw_soon(SHARD, 1, 0)
        except Paced as error:
            return 0 if error.retry_after else pace.burst + 1
        return draw.tokens

    drawn = sum(await asyncio.gather(*(one(number) for number in range(200))))
    grip = await pacers[0].grip(SHARD, "202611-a", 1, pace.burst)
    left = grip.draw.tokens if isinstance(grip, Grip) else 0
    assert drawn + left <= pace.burst
    assert drawn >= pace.burst / 2
