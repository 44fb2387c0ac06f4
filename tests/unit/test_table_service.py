"""Requests to the Table service: signed, tried again, and refused in azure-core's own words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.core.pipeline.policies import AzureSasCredentialPolicy

from shared.clients.storage import StorageAccount
from shared.clients.table_batch import read_batch
from shared.clients.table_place import table_place_of
from shared.clients.table_rows import MERGE, TableRows
from shared.clients.table_service import SharedKeyLite, TableService
from shared.clients.transport import new_session, transport_over
from shared.settings import StorageSettings

KEY = "a2V5"


@dataclass
class Server:
    """A Table service that answers as told, and remembers what it was asked."""

    answers: list[int] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Give the next of the answers, 204 once they are used up."""
        self.asked.append(request)
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"ETag": 'W/"2"'})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Start one on loopback."""
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/account"
    yield server
    await runner.cleanup()


@pytest.fixture
async def rows(server: Server) -> AsyncIterator[TableRows]:
    """Give a table of it, reached with a key."""
    text = f"AccountName=account;AccountKey={KEY};TableEndpoint={server.url}/"
    place = table_place_of(text)
    session = new_session()
    yield TableRows(
        TableService(place.endpoint, place.authentication, transport_over(session)), "t"
    )
    await session.close()


@pytest.mark.parametrize("method", ["PUT", MERGE])
async def test_weather_is_tried_again(server: Server, rows: TableRows, method: str) -> None:
    """A busy service is asked again by azure-core, with a signature of its own each time."""
    server.answers = [503]
    written = await rows.update("p", "k", {"n": 1}, method, 'W/"1"')
    assert written.etag == 'W/"2"'
    assert [request.method for request in server.asked] == [method, method]
    for request in server.asked:
        assert request.headers["Authorization"].startswith("SharedKeyLite account:")
        assert request.headers["If-Match"] == 'W/"1"'


async def test_keys_cannot_break_out_of_a_path(server: Server, rows: TableRows) -> None:
    """A quote, a slash or a question mark in a key stays in the key."""
    await rows.delete("p'|/?#", "k%27&")
    assert server.asked[0].raw_path.partition("/t(")[2] == (
        "PartitionKey='p''%7C%2F%3F%23',RowKey='k%2527&')"
    )


async def test_a_refusal_is_raised(server: Server, rows: TableRows) -> None:
    """What the service refuses is raised with its status, and not tried again."""
    server.answers = [412, 403]
    with pytest.raises(ResourceModifiedError):
        await rows.update("p", "k", {}, MERGE, "old")
    with pytest.raises(HttpResponseError) as refused:
        await rows.update("p", "k", {}, MERGE, "old")
    assert refused.value.status_code == 403
    assert len(server.asked) == 2


async def test_by_identity_requests_carry_a_token(server: Server) -> None:
    """Without a connection string the identity is asked for a token, once for many requests."""
    scopes: list[str] = []

    class Identity:
        async def get_token(self, *asked: str, **_: object) -> AccessToken:
            scopes.extend(asked)
            return AccessToken("token", 4_000_000_000)

    uri = server.url.replace("http:", "https:")
    account = StorageAccount(StorageSettings(table_uri=uri), Identity)  # type: ignore[arg-type]  # as much of one as is used
    service = account.table_service()
    assert service is account.table_service()
    # The policy insists on https, the server has none: the token has been asked for by then.
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await service.send("GET", "Tables")
    assert scopes == ["https://storage.azure.com/.default"]
    await account.close()


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1"),
        ("usedevelopmentstorage=TRUE;", "http://127.0.0.1:10002/devstoreaccount1"),
        (f"AccountName=a;AccountKey={KEY}", "https://a.table.core.windows.net"),
        (
            f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey={KEY};EndpointSuffix=x.cn;",
            "http://a.table.x.cn",
        ),
        (f"AccountName=a;AccountKey={KEY};TableEndpoint=https://x/", "https://x"),
        ("TableEndpoint=https://x;SharedAccessSignature=sv=1&sig=2", "https://x"),
    ],
)
def test_connection_strings(text: str, endpoint: str) -> None:
    """Every documented form names the end point, and what signs requests."""
    place = table_place_of(text)
    assert place.endpoint == endpoint
    kind = AzureSasCredentialPolicy if "Shared" in text else SharedKeyLite
    assert isinstance(place.authentication, kind)


@pytest.mark.parametrize(
    "text", ["", "AccountName", f"AccountKey={KEY}", "AccountName=a", "TableEndpoint=https://x"]
)
def test_a_connection_string_that_says_too_little(text: str) -> None:
    """What is malformed or missing is a ValueError that repeats no secret."""
    with pytest.raises(ValueError, match="onnection string") as refused:
        table_place_of(text)
    assert KEY not in str(refused.value)


def test_the_answer_to_a_transaction() -> None:
    """One that was refused has one part, which says why; the others give their ETags in order."""
    refused = read_batch(
        b"--x\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 409 Conflict\r\n\r\n"
        b'{"odata.error":{"code":"EntityAlreadyExists","message":{"value":"0:exists"}}}\r\n--x--'
    )
    assert (refused.refused, refused.status, refused.code) == (True, 409, "EntityAlreadyExists")
    part = b'HTTP/1.1 204 No Content\r\nETag: W/"%d"\r\n\r\n'
    done = read_batch(b"--x\r\n" + part % 1 + b"--x\r\n" + part % 2)
    assert (done.refused, done.etags) == (False, ('W/"1"', 'W/"2"'))
    assert read_batch(b"gibberish").refused
