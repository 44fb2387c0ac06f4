"""What becomes of work where the storage account, or what stands before it, has a bad day."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiohttp import web
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.transport import AioHttpTransport

from shared.clients.storage import account as account_module
from shared.clients.storage.account import (
    StorageAccount,
    create_queue,
    create_table,
    is_storage_trouble,
    refusals,
)
from shared.clients.storage.account_tables import StorageTables
from shared.clients.storage.queues import StoragePoisonQueues, StorageQueue
from shared.clients.storage.tables import StorageTable
from shared.ports.storage import SetAside
from shared.storage_settings import StorageSettings
from tests.contract.test_odd_tables import ALL, WRITES, Use
from tests.contract.test_storage import Text, no_credential

type Answer = Callable[[], web.Response]
type Call = Callable[[], Awaitable[object]]

WAITS_OF_EVENT_GRID = 30
"""Seconds until it takes a webhook for one that does not answer."""

SERVICES_TAKE = 30
"""Seconds; then they answer that it took too long."""


def of_tables(status: int, code: str) -> Answer:
    """Answer as the Table service does."""
    error = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "No."}}}
    return lambda: web.json_response(error, status=status)


def of_queues(status: int, code: str) -> Answer:
    """Answer as the Queue service does."""
    text = f"\ufeff<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>"
    headers = {"x-ms-error-code": code}
    return lambda: web.Response(
        status=status, text=text, headers=headers, content_type="application/xml"
    )


def of_nobody(status: int) -> Answer:
    """Answer as a proxy does, or a server that does not know the name."""
    return lambda: web.Response(status=status, text="<html>No.</html>", content_type="text/html")


@dataclass
class Storage:
    """Answers one request after the other, while it does; `asked` are those that came."""

    answers: list[Answer] = field(default_factory=lambda: [of_nobody(500)])
    asked: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.Response:
        """Give the next answer, the last one for ever."""
        self.asked.append(f"{request.method} {request.path}")
        self.queries.append(dict(request.query))
        await self.answering.wait()
        return self.answers[min(len(self.asked), len(self.answers)) - 1]()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have nobody wait, and keep for how long each would have."""
    waited: list[float] = []

    async def sleep(_: AioHttpTransport, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(AioHttpTransport, "sleep", sleep)
    return waited


@pytest.fixture
async def storage(waits: list[float]) -> AsyncIterator[tuple[Storage, StorageAccount]]:
    """Serve it, and give it with the account that the clients are made of."""
    assert not waits
    storage = Storage()
    storage.answering.set()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", storage.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/one"
    connection = f"AccountName=one;AccountKey=b25l;TableEndpoint={url};QueueEndpoint={url}"
    account = StorageAccount(StorageSettings(connection), no_credential)  # type: ignore[arg-type]  # never called
    yield storage, account
    storage.answering.set()
    await account.close()
    await runner.cleanup()


async def test_a_queue_that_is_being_deleted(storage: tuple[Storage, StorageAccount]) -> None:
    """A message for a queue whose name is not free yet comes back; nobody takes it for there."""
    service, account = storage
    service.answers = [of_queues(404, "QueueNotFound"), of_queues(409, "QueueBeingDeleted")]
    with pytest.raises(HttpResponseError) as refused:
        await StorageQueue[Text](account.queue("work")).send(Text("x"))
    assert is_storage_trouble(refused.value)
    assert service.asked == ["POST /one/work/messages", "PUT /one/work"]


async def test_a_queue_that_somebody_else_just_made(
    storage: tuple[Storage, StorageAccount],
) -> None:
    """Of two who make a queue at once both send their messages."""
    service, account = storage
    service.answers = [
        of_queues(404, "QueueNotFound"),
        of_queues(409, "QueueAlreadyExists"),
        lambda: web.Response(status=201),
    ]
    await StorageQueue[Text](account.queue("work")).send(Text("x"))
    assert len(service.asked) == 3


async def test_a_queue_that_goes_again_at_once(storage: tuple[Storage, StorageAccount]) -> None:
    """Where a queue that was just made is not there, its message comes back."""
    service, account = storage
    service.answers = [
        of_queues(404, "QueueNotFound"),
        lambda: web.Response(status=201),
        of_queues(404, "QueueNotFound"),
    ]
    with pytest.raises(HttpResponseError) as refused:
        await StorageQueue[Text](account.queue("work")).send(Text("x"))
    assert is_storage_trouble(refused.value)
    assert len(service.asked) == 3


MAKING = ["insert", "insert_all", "insert_new", "merge"]


@pytest.mark.parametrize("use", [WRITES[name] for name in MAKING], ids=MAKING)
async def test_a_table_is_made_once(use: Use, storage: tuple[Storage, StorageAccount]) -> None:
    """A table that is said to be there and not to be there is not asked for over and over."""
    service, account = storage
    there, not_there = of_tables(409, "TableAlreadyExists"), of_tables(404, "TableNotFound")
    service.answers = [not_there, there, not_there, there, not_there, of_nobody(500)]
    with pytest.raises(HttpResponseError) as refused:
        await use(StorageTable(account.table("rows")))
    assert is_storage_trouble(refused.value)
    assert len(service.asked) == 3


@pytest.mark.parametrize("status", [302, 400, 404, 407, 410, 421, 505])
async def test_somebody_else_says_nothing_of_the_work(
    status: int, storage: tuple[Storage, StorageAccount]
) -> None:
    """What a proxy refuses is neither too large for storage nor a bug: it comes back later."""
    service, account = storage
    service.answers = [of_nobody(status)]
    queue, table = StorageQueue[Text](account.queue("work")), StorageTable(account.table("rows"))
    calls: list[Call] = [
        lambda: queue.send(Text("x")),
        *(partial(use, table) for use in ALL.values()),
    ]
    for call in calls:
        with pytest.raises(HttpResponseError) as refused:
            await call()
        assert is_storage_trouble(refused.value)


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_a_token_that_is_not_given_says_nothing_of_the_work(status: int) -> None:
    """An identity that is refused its token may get one later; its row is not too large."""
    error = ClientAuthenticationError("no token")
    error.status_code = status
    with pytest.raises(ClientAuthenticationError) as refused, refusals():
        raise error
    assert is_storage_trouble(refused.value)


async def test_a_busy_queue_is_told_of_in_time(
    storage: tuple[Storage, StorageAccount], waits: list[float]
) -> None:
    """A webhook answers that its queue is busy before Event Grid has stopped listening."""
    service, account = storage
    service.answers = [of_queues(503, "ServerBusy")]
    with pytest.raises(HttpResponseError) as refused:
        await StorageQueue[Text](account.queue("work")).send(Text("x"))
    assert is_storage_trouble(refused.value)
    assert len(service.asked) == 3
    assert 0 < sum(waits) < WAITS_OF_EVENT_GRID / 2


async def test_a_queue_that_was_busy_gets_its_message(
    storage: tuple[Storage, StorageAccount],
) -> None:
    """A message that a queue does not take at first is sent again."""
    service, account = storage
    service.answers = [of_queues(503, "ServerBusy"), lambda: web.Response(status=201)]
    await StorageQueue[Text](account.queue("work")).send(Text("x"))
    assert service.asked == ["POST /one/work/messages"] * 2


async def test_a_service_that_hangs(
    storage: tuple[Storage, StorageAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits much longer than the services take for an answer, at most."""
    assert SERVICES_TAKE < account_module.READ_SECONDS < 2 * SERVICES_TAKE
    monkeypatch.setattr(account_module, "READ_SECONDS", 0.05)
    service, account = storage
    service.answering.clear()
    calls: list[Call] = [
        lambda: StorageTable(account.table("rows")).insert("p", "k", {}),
        lambda: StorageQueue[Text](account.queue("work")).send(Text("x")),
    ]
    for call in calls:
        with pytest.raises(ServiceResponseTimeoutError) as hung:
            await call()
        assert is_storage_trouble(hung.value)


def of_messages(number: int) -> Answer:
    """Give messages as the Queue service does."""
    at = "Sat, 28 Nov 2026 07:08:36 GMT"
    one = (
        f"<QueueMessage><MessageId>1</MessageId><InsertionTime>{at}</InsertionTime>"
        f"<ExpirationTime>{at}</ExpirationTime><PopReceipt>r</PopReceipt><DequeueCount>1"
        f"</DequeueCount><TimeNextVisible>{at}</TimeNextVisible><MessageText>eA==</MessageText>"
        "</QueueMessage>"
    )
    text = f"\ufeff<?xml version='1.0'?><QueueMessagesList>{one * number}</QueueMessagesList>"
    return lambda: web.Response(text=text, content_type="application/xml")


async def test_what_was_set_aside_is_taken_together(
    storage: tuple[Storage, StorageAccount],
) -> None:
    """After a bad day there is much of it: a request takes 32 messages, not one."""
    service, account = storage
    service.answers = [of_messages(32), of_nobody(500)]
    poison = StoragePoisonQueues(account)
    assert [each.text for each in await poison.take("work")] == ["x"] * 32
    assert service.asked == ["GET /one/work-poison/messages"]
    assert service.queries[0]["numofmessages"] == "32"
    await poison.close()


PLACES = [
    {"NextPartitionKey": "1!8!cA--", "NextRowKey": "1!16!a/b+c=%20&d"},
    {"nextpartitionkey": "1!4!cQ--"},
    {"NEXTPARTITIONKEY": "1!4!cQ--", "NEXTROWKEY": "1!8!MTI-"},
    {},
]
"""Where pages end: whichever way headers are written, and with the row's key left out."""


def of_rows(keys: list[str], place: dict[str, str]) -> Answer:
    """Give a page as the Table service does, in pieces, with where the next begins."""
    rows = [{"odata.etag": "W/\"datetime'x'\"", "PartitionKey": "p", "RowKey": key} for key in keys]
    body = {"odata.metadata": "https://one/$metadata#rows", "value": rows}

    def answer() -> web.Response:
        kind = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
        headers = {f"x-ms-continuation-{name}": at for name, at in place.items()}
        found = web.Response(
            body=json.dumps(body).encode(), headers={"Content-Type": kind, **headers}
        )
        found.enable_chunked_encoding()
        return found

    return answer


async def test_pages_are_followed_as_the_sdk_follows_them(
    storage: tuple[Storage, StorageAccount],
) -> None:
    """Pages without a row that are not the last, and places in every form, lose no row."""
    service, account = storage
    pages = [[], ["a", "b"], [], ["c"]]
    service.answers = [of_rows(*page) for page in zip(pages, PLACES, strict=True)] * 2
    ours = [row.key async for row in StorageTable(account.table("rows")).rows("p")]
    found = account.table("rows").query_entities("PartitionKey eq 'p'")
    theirs = [str(row["RowKey"]) async for row in found]
    assert ours == theirs == ["a", "b", "c"]
    assert service.asked == ["GET /one/rows()"] * 8
    assert service.queries[:4] == service.queries[4:]
    assert service.queries[1]["NextRowKey"] == "1!16!a/b+c=%20&d"


def of_bytes(status: int, body: bytes, **headers: str) -> Answer:
    """Answer what only bytes say; `_` stands for `-` in a header's name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.Response(status=status, body=body, headers=named)


UNREADABLE = {
    "latin": of_bytes(400, "für Unbefugte".encode("latin-1"), Content_Type="text/html"),
    "latin, 200": of_bytes(200, "für Unbefugte".encode("latin-1"), Content_Type="text/html"),
    "no gzip": of_bytes(200, b"busy", Content_Encoding="gzip"),
    "no list": of_bytes(200, b"{}", Content_Type="application/json"),
    "a page": of_bytes(200, b"<html><br>busy</html>", Content_Type="application/xml"),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_trouble(
    answer: Answer, storage: tuple[Storage, StorageAccount]
) -> None:
    """Whichever operation it answers, one of the SDK's own as well: the work comes back later."""
    service, account = storage
    service.answers = [answer]
    queue, table, tables = account.queue("work"), account.table("rows"), StorageTables(account)
    poison, message = StoragePoisonQueues(account), SetAside("work", "x", decoded=True, id="1")
    for call in (
        partial(create_queue, queue),
        partial(create_table, table),
        partial(tables.names, "rows"),
        partial(tables.drop, "rows"),
        partial(poison.take, "work"),
        partial(poison.remove, message),
    ):
        with pytest.raises(AzureError) as trouble:
            await call()
        assert is_storage_trouble(trouble.value)
    await poison.close()
    await tables.close()
