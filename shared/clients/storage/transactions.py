"""Entity group transactions, written and read here, and sent through the SDK's own pipeline.

The SDK writes and reads each operation as an e-mail (azure-core 1.41, `_prepare_multipart_body`),
which costs twenty times what the request itself does (docs/decisions/0032). Its credential, its
policies and its retries are what they are for every other request.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from azure.core.exceptions import DecodeError, HttpResponseError
from msgspec import Struct

from shared.clients.storage.asking import ask, code_in, date_of
from shared.clients.storage.wire import address, to_json
from shared.domain.vocabulary.rows import Values

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

_LINE: Final = "\r\n"
_ANSWER: Final = re.compile(rb"^HTTP/1\.[01] (\d{3}).*?\r?\n((?:[^\r\n]+\r?\n)*)", re.MULTILINE)
_ETAG: Final = re.compile(rb"^etag:[ \t]*(.*?)\r?$", re.MULTILINE | re.IGNORECASE)


class TransactionRefused(HttpResponseError):
    """One operation was refused, and so none of them was done; `status_code` is that one's."""

    def __init__(self, status: int, code: str) -> None:
        """Take the status and the service's code, empty where there is none."""
        super().__init__(f"A transaction was refused: {status} {code}".rstrip())
        self.status_code = status
        self.error_code = code


class Operation(Struct, frozen=True):
    """One row of a transaction: how it is written, and what the written row has to be before."""

    method: str
    partition: str
    key: str
    values: Values
    etag: str = ""
    """What the row has to have; the service makes a row that has none where it is not there."""


def create(partition: str, key: str, values: Values) -> Operation:
    """Make a row that is not there."""
    return Operation("POST", partition, key, values)


def merge(partition: str, key: str, values: Values) -> Operation:
    """Make a row, or change the values that are named."""
    return Operation("PATCH", partition, key, values)


def replace(partition: str, key: str, values: Values, etag: str) -> Operation:
    """Replace a row that is as it was read."""
    return Operation("PUT", partition, key, values, etag)


MOST_OPERATIONS: Final = 100
MOST_BYTES: Final = 4 * 1024 * 1024
"""What the service takes in one transaction (performing-entity-group-transactions)."""

_OF_AN_OPERATION: Final = 1024
_OF_A_VALUE: Final = 64


def groups(operations: Iterable[Operation]) -> Iterator[Sequence[Operation]]:
    """Put operations together in their order, as many as one transaction takes."""
    some, size = list[Operation](), 0
    for each in operations:
        more = _most_bytes_of(each)
        if some and (len(some) == MOST_OPERATIONS or size + more > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(each)
        size += more
    if some:
        yield some


def _most_bytes_of(operation: Operation) -> int:
    """Say how long an operation is at most; written twice it would cost what it costs again."""
    keys = 8 * (len(operation.partition) + len(operation.key))
    texts = [value for value in operation.values.values() if isinstance(value, str)]
    names = sum(map(len, operation.values))
    around = _OF_AN_OPERATION + keys + 2 * names + _OF_A_VALUE * len(operation.values)
    # A quotation mark is two characters in JSON, half a surrogate pair six.
    return around + sum(len(text) * (2 if _is_plain(text) else 12) for text in texts)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


class Done(Struct, frozen=True):
    """What the service has answered: the ETags of the rows, and when that was."""

    etags: Sequence[str]
    at: datetime


async def submit(table: "TableClient", operations: Sequence[Operation]) -> Done:
    """Do all of it or nothing; raises TransactionRefused, ServiceRefused.

    One partition, and at most 100 operations (learn.microsoft.com, performing-entity-group-
    transactions).
    """
    batch, changes = f"batch_{uuid4()}", f"changeset_{uuid4()}"
    headers = {
        "MaxDataServiceVersion": "3.0;NetFx",
        "Content-Type": f"multipart/mixed; boundary={batch}",
        "Accept": "application/json",
    }
    url = f"{table.url.partition('?')[0]}/{table.table_name}"
    writer = _Writer(url, table.api_version, batch, changes)
    response = await ask(table, "POST", "$batch", writer.body(operations), headers)
    return Done(etags_in(response.content, len(operations)), date_of(response))


def etags_in(answer: bytes, wanted: int) -> list[str]:
    """Read the ETags of all operations; raises TransactionRefused, DecodeError where some lack."""
    parts = list(_ANSWER.finditer(answer))
    for part in parts:
        if not part[1].startswith(b"2"):
            raise TransactionRefused(int(part[1]), code_in(answer[part.end() :]))
    tags = [tag[1].decode("latin-1") for part in parts if (tag := _ETAG.search(part[2]))]
    if len(tags) != wanted:
        raise DecodeError(f"{len(tags)} of {wanted} operations of a transaction were answered")
    return tags


class _Writer(Struct, frozen=True):
    """Writes a transaction: the changes are one part of the batch, and have parts themselves."""

    url: str
    version: str
    batch: str
    changes: str

    def body(self, operations: Iterable[Operation]) -> bytes:
        """Write all of it."""
        kind = f"Content-Type: multipart/mixed; boundary={self.changes}"
        head = _LINE.join((f"--{self.batch}", kind, "", ""))
        parts = [self._part(number, each) for number, each in enumerate(operations)]
        tail = _LINE.join((f"--{self.changes}--", "", f"--{self.batch}--", ""))
        return b"".join([head.encode(), *parts, tail.encode()])

    def _part(self, number: int, operation: Operation) -> bytes:
        """Write one operation as the request that it would be by itself."""
        values = to_json(operation.partition, operation.key, operation.values)
        lines = (
            f"--{self.changes}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            f"Content-ID: {number}",
            "",
            f"{operation.method} {self._address(operation)} HTTP/1.1",
            f"x-ms-version: {self.version}",
            "DataServiceVersion: 3.0",
            "Content-Type: application/json",
            f"Content-Length: {len(values)}",
            "Accept: application/json;odata=minimalmetadata",
            *([f"If-Match: {operation.etag}"] if operation.etag else []),
            *(["Prefer: return-no-content"] if operation.method == "POST" else []),
            "",
            values,
            "",
        )
        return _LINE.join(lines).encode()

    def _address(self, operation: Operation) -> str:
        if operation.method == "POST":
            return self.url
        return f"{self.url}{address(operation.partition, operation.key)}"
