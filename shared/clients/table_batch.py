"""Entity group transactions: many changes of one partition in one request, all or nothing.

learn.microsoft.com, "Performing entity group transactions".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

_BATCH, _CHANGES = "batch_naptime", "changeset_naptime"
BATCH_HEADERS: Final = {"Content-Type": f"multipart/mixed; boundary={_BATCH}"}
_LINE: Final = "\r\n"
_STATUS: Final = re.compile(rb"^HTTP/1\.1 (\d{3})\b[^\r\n]*", re.MULTILINE)
_ETAG: Final = re.compile(rb"^ETag: *([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_CODE: Final = re.compile(rb'"code" *: *"(\w+)"')


@dataclass(frozen=True, slots=True)
class Change:
    """One request of a transaction; the URL is absolute, and so is unquoted JSON the content."""

    method: str
    url: str
    content: bytes
    etag: str = ""

    def lines(self) -> Iterable[str]:
        """Write it as a part."""
        yield from (f"--{_CHANGES}", "Content-Type: application/http")
        yield from ("Content-Transfer-Encoding: binary", "", f"{self.method} {self.url} HTTP/1.1")
        yield from ("Accept: application/json;odata=minimalmetadata", "DataServiceVersion: 3.0")
        yield from ("Content-Type: application/json", "Prefer: return-no-content")
        if self.etag:
            yield f"If-Match: {self.etag}"
        yield from ("", self.content.decode())


def batch_of(changes: Iterable[Change]) -> bytes:
    """Write the body of the request."""
    lines = [f"--{_BATCH}", f"Content-Type: multipart/mixed; boundary={_CHANGES}", ""]
    for change in changes:
        lines += change.lines()
    return _LINE.join([*lines, f"--{_CHANGES}--", f"--{_BATCH}--", ""]).encode()


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What became of a transaction: the status and code of what was refused, or the ETags."""

    status: int
    code: str
    etags: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Say whether nothing was changed."""
        return self.status >= HTTPStatus.BAD_REQUEST


def read_batch(content: bytes) -> BatchAnswer:
    """Read the answer; one that was refused has one part, which says why."""
    statuses = [int(found) for found in _STATUS.findall(content)]
    code = _CODE.search(content)
    etags = tuple(found.decode().strip() for found in _ETAG.findall(content))
    return BatchAnswer(max(statuses, default=500), code[1].decode() if code else "", etags)
