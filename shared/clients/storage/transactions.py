"""Entity group transactions, written and read here, and sent through the SDK's own pipeline.

The SDK writes and reads each operation as an e-mail (azure-core 1.41, `_prepare_multipart_body`),
which costs twenty times what the request itself does (docs/decisions/0032). Its credential, its
policies and its retries are what they are for every other request.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from uuid import uuid4

from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.rest import HttpRequest
from msgspec import Struct

from shared.domain.vocabulary.rows import Value, Values

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

ACCEPTED: Final = 202
_INT32: Final = 2**31
_LINE: Final = "\r\n"
_ANSWER: Final = re.compile(rb"^HTTP/1\.[01] (\d{3}).*?\r?\n((?:[^\r\n]+\r?\n)*)", re.MULTILINE)
_ETAG: Final = re.compile(rb"^etag:[ \t]*(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
_CODE: Final = re.compile(rb'"code"\s*:\s*"(\w{1,80})"')


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


class Done(Struct, frozen=True):
    """What the service has answered: the ETags of the rows, and when that was."""

    etags: Sequence[str]
    at: datetime


async def submit(table: "TableClient", operations: Sequence[Operation]) -> Done:
    """Do all of it or nothing; raises TransactionRefused, HttpResponseError.

    One partition, and at most 100 operations (learn.microsoft.com, performing-entity-group-
    transactions).
    """
    batch, changes = f"batch_{uuid4()}", f"changeset_{uuid4()}"
    headers = {
        "x-ms-version": table.api_version,
        "DataServiceVersion": "3.0",
        "MaxDataServiceVersion": "3.0;NetFx",
        "Content-Type": f"multipart/mixed; boundary={batch}",
        "Accept": "application/json",
    }
    writer = _Writer(f"{table.url}/{table.table_name}", table.api_version, batch, changes)
    # There is no public way to the pipeline that the client has made of its credential.
    pipeline = table._client  # noqa: SLF001
    request = HttpRequest(
        "POST", f"{table.url}/$batch", headers=headers, content=writer.body(operations)
    )
    # As a stream it passes by the SDK's decoding, which knows no such content.
    response = await pipeline.send_request(request, stream=True)
    await response.read()
    if response.status_code != ACCEPTED:
        refused = HttpResponseError(response=response)
        refused.error_code = response.headers.get("x-ms-error-code") or _code_in(response.content)  # type: ignore[attr-defined]  # as the SDK's own
        raise refused
    at = parsedate_to_datetime(response.headers["Date"])
    return Done(etags_in(response.content, len(operations)), at)


def etags_in(answer: bytes, wanted: int) -> list[str]:
    """Read the ETags of all operations; raises TransactionRefused, DecodeError where some lack."""
    parts = list(_ANSWER.finditer(answer))
    for part in parts:
        if not part[1].startswith(b"2"):
            raise TransactionRefused(int(part[1]), _code_in(answer[part.end() :]))
    tags = [tag[1].decode("latin-1") for part in parts if (tag := _ETAG.search(part[2]))]
    if len(tags) != wanted:
        raise DecodeError(f"{len(tags)} of {wanted} operations of a transaction were answered")
    return tags


def _code_in(body: bytes) -> str:
    found = _CODE.search(body)
    return found[1].decode() if found else ""


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
        # As the SDK has it, in ASCII: a text may hold half a surrogate pair.
        values = json.dumps(written(operation), separators=(",", ":"))
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
        keys = f"PartitionKey='{_quoted(operation.partition)}',RowKey='{_quoted(operation.key)}'"
        return f"{self.url}({keys})"


def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def written(operation: Operation) -> dict[str, Value]:
    """Give a row as the service's JSON has it, with the types that JSON does not tell."""
    found: dict[str, Value] = {"PartitionKey": operation.partition, "RowKey": operation.key}
    for name, value in operation.values.items():
        match value:
            case datetime():
                found[name] = f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
                found[f"{name}@odata.type"] = "Edm.DateTime"
            case float():
                found[name] = value
                found[f"{name}@odata.type"] = "Edm.Double"
            case int() if not -_INT32 <= value < _INT32:
                raise TypeError(f"{name}: {value} is no whole number of 32 bits")
            case _:
                found[name] = value
    return found
