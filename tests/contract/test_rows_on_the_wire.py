"""Rows, queries and messages on the wire: what the SDK would send, and what it reads."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import DecodeError
from azure.core.rest import HttpRequest
from azure.data.tables import UpdateMode
from azure.data.tables._deserialize import _convert_to_entity
from azure.data.tables.aio import TableClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from shared.clients.storage.queues import StorageQueue
from shared.clients.storage.tables import StorageTable
from shared.clients.storage.wire import row_of, written
from shared.domain.vocabulary.rows import Row, Value, Values
from tests.contract.test_storage import Text
from tests.contract.test_transactions import ACCOUNT, ETAG, KEYS, NAMES, VALUES, Sent, Written

ACCOUNT_OF_QUEUES = (
    "DefaultEndpointsProtocol=http;AccountName=one;AccountKey=b25l;"
    "QueueEndpoint=http://127.0.0.1:1/one;"
)
SIGNED = (
    "QueueEndpoint=https://one.queue.core.windows.net/;"
    "SharedAccessSignature=sv=2024-11-04&ss=q&srt=so&sp=racwup&sig=a%2Bb%2Fc%3D"
)

type Call[T] = Callable[[T], Awaitable[object]]
type Wire = tuple[str, URL, str, str, object]


class Kept(Written):
    """Keeps the request that would be sent."""

    request: HttpRequest

    async def send(self, request: HttpRequest, **_: object) -> object:
        """Keep it."""
        self.request = request
        raise Sent


def sent(call: Call[TableClient]) -> Wire:
    """Give what would be sent: method, address, version, condition, values."""
    transport = Kept()

    async def go() -> None:
        await call(TableClient.from_connection_string(ACCOUNT, "rows", transport=transport))

    with pytest.raises(Sent):
        asyncio.run(go())
    request = transport.request
    version = request.headers["x-ms-version"]
    return (
        request.method,
        URL(request.url),
        version,
        request.headers.get("If-Match", ""),
        _values(request.content),
    )


def _values(content: object) -> object:
    """Read the values; that text is text is said by the SDK alone."""
    if not content:
        return None
    assert isinstance(content, str | bytes)
    read = json.loads(content)
    return {name: value for name, value in read.items() if value != "Edm.String"}


async def _all_of(found: object) -> None:
    async for _ in found:  # type: ignore[attr-defined]  # rows of either kind
        pass


@given(KEYS, KEYS, st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_row_is_asked_for_as_the_sdk_asks(partition: str, key: str, values: Values) -> None:
    """Read, made, replaced, merged, removed: method, address, condition, values are the SDK's."""
    row = Row(partition, key, values, ETAG)
    entity: dict[str, Value] = {"PartitionKey": partition, "RowKey": key, **values}
    as_read: dict[str, Any] = {"etag": ETAG, "match_condition": MatchConditions.IfNotModified}
    pairs: list[tuple[Call[TableClient], Call[TableClient]]] = [
        (lambda t: StorageTable(t).get(partition, key), lambda t: t.get_entity(partition, key)),
        (
            lambda t: StorageTable(t).insert(partition, key, values),
            lambda t: t.create_entity(entity),
        ),
        (
            lambda t: StorageTable(t).replace(row, values),
            lambda t: t.update_entity(entity, UpdateMode.REPLACE, **as_read),
        ),
        (
            lambda t: StorageTable(t).merge(partition, {key: values}),
            lambda t: t.upsert_entity(entity, UpdateMode.MERGE),
        ),
        (
            lambda t: StorageTable(t).delete(partition, key),
            lambda t: t.delete_entity(partition, key),
        ),
        (
            lambda t: StorageTable(t).remove(row),
            lambda t: t.delete_entity(partition, key, **as_read),
        ),
    ]
    for ours, theirs in pairs:
        assert sent(ours) == sent(theirs)


# The SDK takes 0 and 1 for False and True in a filter, and splits what it is given at each space.
WANTED = st.one_of(
    st.text(st.sampled_from("abz019|:'~é-"), min_size=1, max_size=12),
    st.booleans(),
    st.integers(2, 2**31 - 1),
    st.floats(2.5, 1e6),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the bounds are without one
)


@given(KEYS, KEYS, KEYS, st.dictionaries(NAMES, WANTED, max_size=3))
def test_rows_are_asked_for_as_the_sdk_asks(
    partition: str, after: str, before: str, where: Values
) -> None:
    """Between two keys, with equal values, some values only, the first of them: as the SDK asks."""
    clauses = "PartitionKey eq @p and RowKey gt @a and RowKey lt @b"
    clauses += "".join(f" and {name} eq @v{place}" for place, name in enumerate(where))
    parameters: dict[str, Value] = {"p": partition, "a": after, "b": before}
    parameters |= {f"v{place}": value for place, value in enumerate(where.values())}
    between = {"after": after, "before": before, "where": where}
    pairs: list[tuple[Call[TableClient], Call[TableClient]]] = [
        (
            lambda t: _all_of(StorageTable(t).rows(partition, only=("n",), **between)),  # type: ignore[arg-type]
            lambda t: _all_of(
                t.query_entities(
                    clauses, parameters=parameters, select=["PartitionKey", "RowKey", "n"]
                )
            ),
        ),
        (
            lambda t: StorageTable(t).first(partition, 7, **between),  # type: ignore[arg-type]
            lambda t: _all_of(t.query_entities(clauses, parameters=parameters, results_per_page=7)),
        ),
    ]
    for ours, theirs in pairs:
        assert sent(ours) == sent(theirs)


TAGGED = {"odata.etag": ETAG, "Timestamp": "2026-11-28T07:08:36.2810001Z"}


@given(KEYS, KEYS, st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_row_is_read_as_the_sdk_reads_it(partition: str, key: str, values: Values) -> None:
    """What the service has of a row is read back: keys, values, ETag and when it was changed."""
    answered = json.loads(json.dumps({**TAGGED, **written(partition, key, values)}))
    theirs = _convert_to_entity(answered)  # type: ignore[no-untyped-call]
    ours = row_of(answered)
    assert (ours.partition, ours.key) == (theirs["PartitionKey"], theirs["RowKey"])
    assert ours.etag == theirs.metadata["etag"]
    assert ours.changed_at == theirs.metadata["timestamp"]
    assert ours.values == {k: v for k, v in theirs.items() if k not in {"PartitionKey", "RowKey"}}
    assert ours.values == values


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("Edm.Int64", "5000000000", 5_000_000_000),
        ("Edm.Double", 2, 2.0),
        ("Edm.DateTime", "2008-07-10T00:00:00", datetime(2008, 7, 10, tzinfo=UTC)),
        ("Edm.DateTime", "2008-07-10T00:00:00Z", datetime(2008, 7, 10, tzinfo=UTC)),
        (
            "Edm.Guid",
            "c9da6455-213d-42c9-9a79-3e9149a57833",
            "c9da6455-213d-42c9-9a79-3e9149a57833",
        ),
        ("Edm.Binary", "b25l", "b25l"),
    ],
)
def test_a_type_that_others_write(name: str, value: object, read: Value) -> None:
    """A row that somebody has changed by hand is read, whatever types it has."""
    found = row_of({"PartitionKey": "p", "RowKey": "k", "v@odata.type": name, "v": value})
    assert found.values == {"v": read}


def test_a_value_that_the_row_does_not_have() -> None:
    """Of the values that were named the service gives null for those that a row does not have."""
    found = row_of({"odata.etag": "e", "PartitionKey": "p", "RowKey": "k", "n": 1, "m": None})
    assert found == Row("p", "k", {"n": 1}, "e")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "x",
        {"RowKey": "k"},
        {"PartitionKey": "p"},
        {"PartitionKey": "p", "RowKey": "k", "v": "soon", "v@odata.type": "Edm.DateTime"},
        {"PartitionKey": "p", "RowKey": "k", "Timestamp": "soon"},
    ],
)
def test_what_is_no_row(answer: object) -> None:
    """An answer that is no row is trouble of storage, and never a row without values."""
    with pytest.raises(DecodeError):
        row_of(answer)


def message(send: Call[QueueClient], account: str = ACCOUNT_OF_QUEUES) -> tuple[object, ...]:
    """Give what would be sent of a message: method, address, headers, text."""
    transport = Kept()

    async def go() -> None:
        policy = TextBase64EncodePolicy()
        await send(
            QueueClient.from_connection_string(
                account, "work", transport=transport, message_encode_policy=policy
            )
        )

    with pytest.raises(Sent):
        asyncio.run(go())
    request = transport.request
    text = re.search("<MessageText>(.*)</MessageText>", str(request.content))
    names = ("x-ms-version", "Content-Type", "Accept")
    assert text
    url = URL(request.url)
    where = (url.with_query(None), sorted(url.query.items()))
    return request.method, *where, *(request.headers[name] for name in names), text[1]


@given(st.text(min_size=1, max_size=30), st.integers(0, 100))
def test_a_message_is_sent_as_the_sdk_sends_it(text: str, seconds: int) -> None:
    """Its address, headers and text are those of the SDK that encodes in base64."""
    lives = 7 * 24 * 3600 + seconds
    ours = message(lambda q: StorageQueue[Text](q).send(Text(text), timedelta(seconds=seconds)))
    theirs = message(lambda q: q.send_message(text, visibility_timeout=seconds, time_to_live=lives))
    assert ours == theirs


def test_a_message_goes_with_its_signature() -> None:
    """Where the connection string has a shared access signature and no key, messages go with it."""
    ours = message(lambda q: StorageQueue[Text](q).send(Text("x")), SIGNED)
    theirs = message(
        lambda q: q.send_message("x", visibility_timeout=0, time_to_live=604800), SIGNED
    )
    assert ours == theirs
    assert "('sig', 'a+b/c=')" in str(ours)
