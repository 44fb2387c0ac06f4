"""The rows of one table, by the requests that the Table service knows."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.core.rest import AsyncHttpResponse

from shared.clients.table_batch import BATCH_HEADERS, Change, batch_of, read_batch
from shared.clients.table_entities import Entity, to_entity
from shared.clients.table_service import TableService, answered_at, refusal
from shared.domain.rows import Values

REPLACE, MERGE, INSERT = "PUT", "PATCH", "POST"
"""Merging keeps the values that are not named."""

_JSON: Final = {"Content-Type": "application/json"}
_ANY: Final = {"If-Match": "*"}


@dataclass(frozen=True, slots=True)
class Written:
    """The new ETag of a row, and the service's own time."""

    etag: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TableRows:
    """One table; it is made by the first write that finds it missing.

    Raises what TableService.send raises.
    """

    service: TableService
    name: str

    async def get(self, partition: str, key: str) -> tuple[Entity | None, datetime]:
        """Read one row, None where there is none, and the service's own time."""
        try:
            response = await self.service.send("GET", self._path(partition, key))
        except ResourceNotFoundError as error:
            if not isinstance(error.response, AsyncHttpResponse):
                raise
            return None, answered_at(error.response)
        return json.loads(response.content), answered_at(response)

    async def insert(self, partition: str, key: str, values: Values) -> Written:
        """Make a row."""
        return await self._making(lambda: self._write(INSERT, self.name, partition, key, values))

    async def upsert(self, partition: str, key: str, values: Values, method: str) -> Written:
        """Make or change a row, by REPLACE or MERGE."""
        path = self._path(partition, key)
        return await self._making(lambda: self._write(method, path, partition, key, values))

    async def update(
        self, partition: str, key: str, values: Values, method: str, etag: str
    ) -> Written:
        """Change a row that nobody has changed since it had that ETag, by REPLACE or MERGE."""
        path = self._path(partition, key)
        return await self._write(method, path, partition, key, values, {"If-Match": etag})

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        try:
            await self.service.send("DELETE", self._path(partition, key), headers=_ANY)
        except ResourceNotFoundError:
            return

    async def pages(
        self, clauses: Sequence[str], size: int | None = None
    ) -> AsyncIterator[Sequence[Entity]]:
        """Yield pages of the rows for which all clauses hold, by their keys; none of no table."""
        query = {"$filter": " and ".join(clauses)} if clauses else {}
        query |= {"$top": str(size)} if size else {}
        following: Mapping[str, str] | None = {}
        while following is not None:
            try:
                response = await self.service.send(
                    "GET", f"{self.name}()", query={**query, **following}
                )
            except ResourceNotFoundError:
                return
            yield json.loads(response.content)["value"]
            following = _following(response)

    def change(
        self, method: str, partition: str, key: str, values: Values, etag: str = ""
    ) -> Change:
        """Describe a write as a part of a transaction."""
        path = self.name if method == INSERT else self._path(partition, key)
        body = to_entity(partition, key, values)
        return Change(method, f"{self.service.endpoint}/{path}", body, etag)

    async def apply(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """Do up to a hundred changes of one partition, all or nothing; give the new ETags."""
        response = await self.service.send(
            "POST", "$batch", headers=BATCH_HEADERS, content=batch_of(changes)
        )
        answer = read_batch(response.content)
        if answer.refused:
            raise refusal(answer.status, response, answer.code)
        return answer.etags

    async def apply_making(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """Do the same; a table that is missing is made."""
        return await self._making(lambda: self.apply(changes))

    async def _making[T](self, write: Callable[[], Awaitable[T]]) -> T:
        try:
            return await write()
        except ResourceNotFoundError:
            await self._make()
            return await write()

    async def _make(self) -> None:
        body = json.dumps({"TableName": self.name}).encode()
        try:
            await self.service.send("POST", "Tables", headers=_JSON, content=body)
        except ResourceExistsError:
            return

    async def _write(  # noqa: PLR0913, PLR0917 - a request and a row
        self,
        method: str,
        path: str,
        partition: str,
        key: str,
        values: Values,
        headers: Mapping[str, str] | None = None,
    ) -> Written:
        body = to_entity(partition, key, values)
        response = await self.service.send(
            method, path, headers={**_JSON, **(headers or {})}, content=body
        )
        return Written(response.headers["ETag"], answered_at(response))

    def _path(self, partition: str, key: str) -> str:
        return f"{self.name}(PartitionKey={_quoted(partition)},RowKey={_quoted(key)})"


def _quoted(key: str) -> str:
    doubled = key.replace("'", "''")
    return f"'{quote(doubled, safe='')}'"


def _following(response: AsyncHttpResponse) -> Mapping[str, str] | None:
    """Say where the next page begins; it may be empty, and still have one that follows."""
    names = ("NextPartitionKey", "NextRowKey")
    found = {name: response.headers.get(f"x-ms-continuation-{name}") for name in names}
    return {name: text for name, text in found.items() if text} or None
