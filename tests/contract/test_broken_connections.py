"""What a table does of a connection that breaks once: whatever it asks for, it asks for again."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.clients.identity import new_credential
from shared.clients.storage.account import StorageAccount
from shared.clients.storage.tables import StorageTable
from shared.storage_settings import StorageSettings
from tests.contract.test_odd_tables import REMOVALS, WRITES, Use

DATED = b"Date: Sat, 28 Nov 2026 07:08:36 GMT\r\n"
DONE = b"HTTP/1.1 204 No Content\r\nETag: e\r\n"


class Breaking:
    """A service that takes the first request and says nothing; then it does all that is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Take one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")),
            0,
        )
        body = await reader.readexactly(length)
        self.asked.append(head.partition(b"\r\n")[0])
        if len(self.asked) > 1:
            writer.write(_answer(head, body))
            await writer.drain()
        writer.close()


def _answer(head: bytes, body: bytes) -> bytes:
    if b"$batch" not in head:
        return DONE + DATED + b"\r\n"
    parts = body.count(b"Content-ID:") * (DONE + b"\r\n")
    return b"HTTP/1.1 202 Accepted\r\n" + DATED + b"Content-Length: %d\r\n\r\n" % len(parts) + parts


@asynccontextmanager
async def breaking() -> AsyncIterator[tuple[Breaking, StorageTable]]:
    """Give such a service, and a table of it."""
    service = Breaking()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"
    text = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint={where}"
    account = StorageAccount(StorageSettings(text), new_credential)
    table = StorageTable(account.table("rows"))
    try:
        yield service, table
    finally:
        await table.close()
        await account.close()
        server.close()


@pytest.mark.parametrize("use", (WRITES | REMOVALS).values(), ids=(WRITES | REMOVALS).keys())
async def test_what_breaks_once_is_asked_for_again(use: Use) -> None:
    """A transaction is a POST, which is not asked for again by itself: one break is no trouble."""
    async with breaking() as (service, table):
        await use(table)
    first, second = service.asked
    assert first.split(b"batch_")[0] == second.split(b"batch_")[0]
