"""An account without a connection string: its two services, asked with the identity's token."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from azure.core.exceptions import HttpResponseError

from shared.clients.storage.account import StorageAccount, is_storage_trouble
from shared.clients.storage.account_tables import StorageTables
from shared.clients.storage.queues import StoragePoisonQueues, StorageQueue
from shared.clients.storage.tables import StorageTable
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from shared.ports.storage import SetAside
from shared.storage_settings import StorageSettings
from tests.clusters import cluster_id
from tests.contract.served import served_at_every_path
from tests.contract.test_odd_answers import NoIdentity

CODE = "AuthorizationPermissionMismatch"
OF_A_QUEUE = f"<Error><Code>{CODE}</Code><Message>not allowed</Message></Error>"
OF_A_TABLE = {"odata.error": {"code": CODE, "message": {"value": "not allowed"}}}


class Storage:
    """Both services of an account to which the identity has no role (yet)."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tokens: set[str] = set()

    async def serve(self, request: web.Request) -> web.Response:
        """Refuse, and keep what was asked with which token."""
        self.asked.append(f"{request.method} {request.path}")
        self.tokens.add(request.headers.get("Authorization", ""))
        if request.path.startswith("/t"):
            return web.json_response(OF_A_TABLE, status=403)
        return web.Response(status=403, text=OF_A_QUEUE, content_type="application/xml")


@pytest.fixture
async def served() -> AsyncIterator[tuple[Storage, StorageAccount]]:
    """Serve it over TLS, and give it with the clients' account."""
    storage = Storage()
    async with served_at_every_path(storage.serve) as url:
        account = StorageAccount(StorageSettings(None, f"{url}/q", f"{url}/t"), NoIdentity)
        yield storage, account
        await account.close()


async def test_what_an_identity_may_not_do_is_asked_for_again(
    served: tuple[Storage, StorageAccount],
) -> None:
    """Each client asks its own service with the token; a role that is missing may still arrive."""
    storage, account = served
    queue = StorageQueue[ReconcileCluster](account.queue("work"))
    poison, table = StoragePoisonQueues(account), StorageTable(account.table("rows"))
    tables = StorageTables(account)
    work = ReconcileCluster(cluster_id(), Cause.ASKED, datetime(2026, 11, 21, tzinfo=UTC))
    message = SetAside("work", "x", decoded=True, id="1", receipt="2")
    for call in (
        lambda: queue.send(work, timedelta(0)),
        lambda: poison.take("work"),
        lambda: poison.remove(message),
        lambda: table.get("p", "k"),
        lambda: tables.names("t"),
    ):
        with pytest.raises(HttpResponseError) as refused:
            await call()
        assert is_storage_trouble(refused.value)
    assert storage.tokens == {"Bearer made-up"}
    assert storage.asked == [
        "POST /q/work/messages",
        "GET /q/work-poison/messages",
        "DELETE /q/work-poison/messages/1",
        "GET /t/rows(PartitionKey='p',RowKey='k')",
        "GET /t/Tables",
    ]
    for client in (queue, poison, table, tables):
        await client.close()
