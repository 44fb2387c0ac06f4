"""Transactions as they go over the wire: what the SDK writes, and what the service answers."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.storage import transactions, wire
from shared.clients.storage.transactions import Operation, TransactionRefused, etags_in
from shared.domain.vocabulary.rows import Value, Values

if TYPE_CHECKING:
    from types import TracebackType

ACCOUNT = (
    "DefaultEndpointsProtocol=http;AccountName=one;AccountKey=b25l;"
    "TableEndpoint=http://127.0.0.1:1/one;"
)
ETAG = "W/\"datetime'2026-11-27T19%3A44%3A36.2289372Z'\""

type Part = tuple[str, str, object]

VALUES = st.one_of(
    st.text(max_size=20),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the bounds are without one
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,9}", fullmatch=True)
KEYS = st.text(st.sampled_from("abz019|:'~é -"), min_size=1, max_size=12)


class Sent(Exception):
    """Ends a call once its request is written."""


class Written(AsyncHttpTransport[HttpRequest, object]):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.body = ""

    async def send(self, request: HttpRequest, **_: object) -> object:
        """Keep it."""
        content = request.content
        self.body = content.decode() if isinstance(content, bytes) else str(content)
        raise Sent

    async def open(self) -> None:
        """Open nothing."""

    async def close(self) -> None:
        """Close nothing."""

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: "TracebackType | None" = None,
    ) -> None:
        """Close nothing."""


def written(submit: Callable[[TableClient], object]) -> list[Part]:
    """Read the operations of a transaction that would be sent: request line, If-Match, values."""
    transport = Written()

    async def go() -> None:
        table = TableClient.from_connection_string(ACCOUNT, "rows", transport=transport)
        await submit(table)  # type: ignore[misc]  # a coroutine of either kind

    with pytest.raises(Sent):
        asyncio.run(go())
    found = re.findall(
        r"^(POST|PATCH|PUT) (\S+) HTTP/1\.1\r?\n(.*?)\r?\n\r?\n(.*?)\r?$",
        transport.body,
        re.MULTILINE | re.DOTALL,
    )
    return [
        (f"{method} {url}", _if_match(head), _values(body)) for method, url, head, body in found
    ]


def _if_match(head: str) -> str:
    found = re.search(r"^If-Match: (.*?)\r?$", head, re.MULTILINE)
    return found[1] if found else ""


def _values(body: str) -> object:
    """Read the values; that text is text is said by the SDK alone."""
    read = json.loads(body)
    return {name: value for name, value in read.items() if value != "Edm.String"}


def _of_the_sdk(operation: Operation) -> tuple[str, dict[str, Value], dict[str, object]]:
    entity = {"PartitionKey": operation.partition, "RowKey": operation.key, **operation.values}
    match operation.method:
        case "POST":
            return "create", entity, {}
        case "PATCH":
            return "upsert", entity, {"mode": UpdateMode.MERGE}
        case _:
            condition = {"etag": operation.etag, "match_condition": MatchConditions.IfNotModified}
            return "update", entity, {"mode": UpdateMode.REPLACE, **condition}


@given(KEYS, st.lists(st.tuples(KEYS, st.dictionaries(NAMES, VALUES, max_size=5)), min_size=3))
def test_it_is_what_the_sdk_writes(partition: str, rows: list[tuple[str, Values]]) -> None:
    """Whatever is made, merged or replaced: method, address, condition and values are the SDK's."""
    operations = [
        transactions.create(partition, key, values)
        if place % 3 == 0
        else transactions.merge(partition, key, values)
        if place % 3 == 1
        else transactions.replace(partition, key, values, ETAG)
        for place, (key, values) in enumerate(rows)
    ]
    ours = written(lambda table: transactions.submit(table, operations))
    theirs = written(lambda table: table.submit_transaction(map(_of_the_sdk, operations)))
    assert len(ours) == len(rows)
    assert ours == theirs


def bytes_of(operations: Sequence[Operation]) -> int:
    """Count what would be sent of a transaction."""
    transport = Written()

    async def go() -> None:
        table = TableClient.from_connection_string(ACCOUNT, "rows", transport=transport)
        await transactions.submit(table, operations)

    with pytest.raises(Sent):
        asyncio.run(go())
    return len(transport.body.encode())


@pytest.mark.parametrize(
    "text", ['"', "\N{EURO SIGN}", "\N{PILE OF POO}", "\ud800", "\x7f", "\0", "x"]
)
@pytest.mark.parametrize("write", [transactions.create, transactions.merge])
def test_a_transaction_is_no_longer_than_the_service_takes(
    text: str, write: Callable[[str, str, Values], Operation]
) -> None:
    """Rows come in their order in transactions of 4 MiB and 100 rows at most, however written."""
    values = {f"text{number}": text * 10_000 for number in range(5)}
    operations = [write("|" * 99, f"{number:03}" + "|" * 99, values) for number in range(101)]
    found = [*transactions.groups(operations)]
    assert [each for some in found for each in some] == operations
    assert len(found) > 1
    assert max(map(len, found)) <= 100
    assert max(map(bytes_of, found)) <= 4 * 1024 * 1024


def test_what_fits_into_one_transaction_is_one() -> None:
    """A hundred rows as naptime has them are not sent in parts; where there is none, nothing is."""
    operations = [transactions.merge("p", f"{n}", {"text": '{"a":1}' * 1000}) for n in range(100)]
    assert [*transactions.groups(operations)] == [operations]
    assert [*transactions.groups([])] == []


def test_a_number_that_no_column_has_is_refused() -> None:
    """A whole number of more than 32 bits is a mistake here, as it is for single rows."""
    operation = transactions.merge("p", "k", {"n": 2**31})
    with pytest.raises(TypeError, match="n: 2147483648"):
        wire.to_json(operation.partition, operation.key, operation.values)


def answer(*parts: str, line: str = "\r\n") -> bytes:
    """Write an answer as the service does."""
    head = ("Content-Type: application/http", "Content-Transfer-Encoding: binary", "")
    bodies = [line.join(("--changesetresponse_1", *head, part, "")) for part in parts]
    start = (
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
    )
    end = "--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    return (start + "".join(bodies) + end).encode()


DONE = f"HTTP/1.1 204 No Content\r\nDataServiceVersion: 1.0;\r\nETag: {ETAG}\r\n\r\n"
TAKEN = (
    "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\n\r\n"
    '{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"1:There."}}}'
)


@pytest.mark.parametrize("name", ["ETag", "etag", "Etag"])
def test_the_etags_of_all_operations(name: str) -> None:
    """Each operation's ETag is read, however its header is written, in the order of the rows."""
    other = DONE.replace("ETag", name).replace("36.22", "37.22")
    assert etags_in(answer(DONE, other), 2) == [ETAG, ETAG.replace("36.22", "37.22")]


def test_a_refused_operation_is_told() -> None:
    """The one operation that was refused gives its status and its code."""
    with pytest.raises(TransactionRefused) as caught:
        etags_in(answer(TAKEN), 2)
    assert (caught.value.status_code, caught.value.error_code) == (409, "EntityAlreadyExists")


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", answer(DONE), answer(DONE)[:120]])
def test_an_answer_that_lacks_something_is_none(body: bytes) -> None:
    """Where not every operation was answered, nobody believes that the rows were written."""
    with pytest.raises(DecodeError):
        etags_in(body, 2)


def test_the_kinds_of_errors() -> None:
    """What is refused is an error of the SDK's kind, so that trouble is told from a mistake."""
    assert issubclass(TransactionRefused, HttpResponseError)
