"""What a table makes of answers that the Table service does not give, or hardly ever."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import DecodeError
from azure.data.tables.aio import TableClient
from multidict import CIMultiDict

from shared.clients.storage import asking
from shared.clients.storage.account import is_storage_trouble
from shared.clients.storage.asking import ServiceRefused
from shared.clients.storage.tables import StorageTable
from shared.domain.errors import StorageRefused
from shared.domain.vocabulary.rows import Row
from tests.contract.test_transactions import ACCOUNT

type Use = Callable[[StorageTable], Awaitable[object]]

AT = "Sat, 28 Nov 2026 07:08:36 GMT"
ROW = Row("p", "k", {"n": 1}, "e", datetime(2026, 11, 21, tzinfo=UTC))


async def rows_of(table: StorageTable) -> list[Row]:
    """Read a partition."""
    return [row async for row in table.rows("p")]


READS: dict[str, Use] = {
    "get": lambda table: table.get("p", "k"),
    "rows": rows_of,
    "first": lambda table: table.first("p", 2),
    "across": lambda table: table.across(2),
}
WRITES: dict[str, Use] = {
    "insert": lambda table: table.insert("p", "k", {"n": 1}),
    "replace": lambda table: table.replace(ROW, {"n": 2}),
    "merge": lambda table: table.merge("p", {"k": {"n": 1}}),
    "settle": lambda table: table.settle(ROW, {"n": 2}, {"c": {"n": 1}}),
    "insert_all": lambda table: table.insert_all("p", {"k": {"n": 1}}),
    "replace_all": lambda table: table.replace_all([(ROW, {"n": 2})]),
    "insert_new": lambda table: table.insert_new("p", {"k": {"n": 1}}),
}
REMOVALS: dict[str, Use] = {
    "delete": lambda table: table.delete("p", "k"),
    "remove": lambda table: table.remove(ROW),
}
ALL = READS | WRITES | REMOVALS


class Answer:
    """An answer of the service, or of what stands before it."""

    reason = "Odd"
    request = None

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self.status_code = status
        self.content = body
        self.headers = CIMultiDict(headers)

    def text(self) -> str:
        """Give the body."""
        return self.content.decode()


def error(status: int, code: str) -> Answer:
    """Refuse, as the service does."""
    body = f'{{"odata.error":{{"code":"{code}","message":{{"lang":"en-US","value":"No."}}}}}}'
    return Answer(status, body.encode(), Date=AT)


@pytest.fixture
async def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], StorageTable]:
    """Give a table whose every request is answered so."""

    def table(answer: Answer) -> StorageTable:
        async def answer_of(*_: object, **__: object) -> Answer:
            return answer

        monkeypatch.setattr(asking, "answer_of", answer_of)
        return StorageTable(TableClient.from_connection_string(ACCOUNT, "rows"))

    return table


type Answered = Callable[[Answer], StorageTable]


@pytest.mark.parametrize("use", ALL.values(), ids=ALL.keys())
async def test_a_404_of_somebody_else(use: Use, answered: Answered) -> None:
    """A proxy's 404 is not the service saying that a row, or a table, is not there."""
    with pytest.raises(ServiceRefused):
        await use(answered(Answer(404, b"<html>no such page</html>", Date=AT)))


@pytest.mark.parametrize("use", ALL.values(), ids=ALL.keys())
@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "TableBeingDeleted"), (503, "ServerBusy"), (403, "AuthorizationFailure")],
)
async def test_trouble_says_nothing_of_the_row(
    use: Use, status: int, code: str, answered: Answered
) -> None:
    """A table that is being dropped, a busy service, a missing role: the work comes back later."""
    with pytest.raises(ServiceRefused) as caught:
        await use(answered(error(status, code)))
    assert is_storage_trouble(caught.value)
    assert caught.value.error_code == code


@pytest.mark.parametrize("use", WRITES.values(), ids=WRITES.keys())
async def test_what_is_too_large(use: Use, answered: Answered) -> None:
    """What the service will never take is told apart from trouble, with the service's own code."""
    with pytest.raises(StorageRefused, match="EntityTooLarge"):
        await use(answered(error(400, "EntityTooLarge")))


@pytest.mark.parametrize("use", ALL.values(), ids=ALL.keys())
@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"[]", b"{}", b'{"value": [7]}'])
async def test_a_200_that_is_no_answer(use: Use, body: bytes, answered: Answered) -> None:
    """What is no answer is trouble: nothing is believed to be missing, written or removed."""
    with pytest.raises(DecodeError) as caught:
        await use(answered(Answer(200, body, Date=AT)))
    assert is_storage_trouble(caught.value)


@pytest.mark.parametrize("use", ["insert", "replace", "insert_all", "replace_all", "settle"])
async def test_a_write_that_tells_no_etag(use: str, answered: Answered) -> None:
    """A row that was written is known by its ETag: without that nobody could go on with it."""
    status = 202 if use in {"insert_all", "replace_all", "settle"} else 204
    with pytest.raises(DecodeError):
        await WRITES[use](answered(Answer(status, b"", Date=AT)))


async def test_an_answer_without_a_date(answered: Answered) -> None:
    """Without the service's own time nothing that is compared with it may go on."""
    body = b'{"odata.etag": "e", "PartitionKey": "p", "RowKey": "k"}'
    with pytest.raises(DecodeError, match="no date") as caught:
        await READS["get"](answered(Answer(200, body)))
    assert is_storage_trouble(caught.value)


@pytest.mark.parametrize("date", ["Sat, 28 Nov 2026 10:00:00 -0000", "28 Nov 2026 11:00:00 +0100"])
async def test_a_date_of_another_zone_is_an_instant_of_utc(date: str, answered: Answered) -> None:
    """What is compared with other instants has their zone, however the service writes it."""
    body = b'{"odata.etag": "e", "PartitionKey": "p", "RowKey": "k"}'
    reading = await answered(Answer(200, body, Date=date)).get("p", "k")
    assert reading.at.isoformat() == "2026-11-28T10:00:00+00:00"


@pytest.mark.parametrize(
    "body",
    [
        "<m:error xmlns:m='http://x'><m:code>AuthenticationFailed</m:code></m:error>",
        "<error xmlns='http://x'><code>AuthenticationFailed</code></error>",
        "\ufeff<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>",
        '{"odata.error": {"code": "AuthenticationFailed"}}',
    ],
)
async def test_the_code_is_read_in_every_form(body: str, answered: Answered) -> None:
    """The service's code is told, whichever of its forms an error has."""
    with pytest.raises(ServiceRefused, match=r"403 AuthenticationFailed$"):
        await answered(Answer(403, body.encode(), Date=AT)).get("p", "k")


BARE = Row("p", "k", {"n": 1}, "")


@pytest.mark.parametrize(
    "use",
    [
        lambda table: table.replace(BARE, {"n": 2}),
        lambda table: table.settle(BARE, {"n": 2}, {"c": {"n": 1}}),
        lambda table: table.replace_all([(ROW, {"n": 2}), (BARE, {"n": 2})]),
        lambda table: table.remove(BARE),
    ],
    ids=["replace", "settle", "replace_all", "remove"],
)
async def test_a_row_without_an_etag_is_not_written(use: Use, answered: Answered) -> None:
    """Without its ETag a row would be replaced, or removed, whatever has become of it."""
    table = answered(Answer(204, b"", Date=AT, ETag="e"))
    with pytest.raises(ValueError, match="without its ETag"):
        await use(table)
