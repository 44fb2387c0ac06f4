"""What a handler gives back: the statuses, and the headers that belong to them.

The return annotation of a handler names them, `Ok[RunJson] | Accepted[RunJson]`, and the type in
the brackets is what the API's own description says of the body.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import ClassVar

from msgspec import Struct

from functions.http.accepting import weights_of

SECONDS_WHERE_NOTHING_IS_KNOWN = 10


class Ok[T](Struct, frozen=True):
    """200 and a body."""

    status: ClassVar[int] = 200
    told: ClassVar[str] = "Done."
    header_texts: ClassVar[Mapping[str, str]] = {}

    body: T

    def headers(self) -> dict[str, str]:
        return {}


class Tagged[T](Struct, frozen=True):
    """200, a body, and the tag by which `If-Match` knows it again."""

    status: ClassVar[int] = 200
    told: ClassVar[str] = "Done."
    header_texts: ClassVar[Mapping[str, str]] = {
        "ETag": "Stands for what was observed, if there is anything; send it back as If-Match.",
    }

    body: T
    etag: str | None
    """None where there is nothing yet that it could stand for."""

    def headers(self) -> dict[str, str]:
        return {"ETag": self.etag} if self.etag else {}


class Accepted[T](Struct, frozen=True):
    """202: the work goes on by itself; where to look, and when."""

    status: ClassVar[int] = 202
    told: ClassVar[str] = "Accepted; the work goes on by itself."
    header_texts: ClassVar[Mapping[str, str]] = {
        "Location": "Where to look for what becomes of it.",
        "Retry-After": "In how many seconds it is worth looking.",
    }

    body: T
    location: str
    wait: timedelta | None = None

    def headers(self) -> dict[str, str]:
        """Give where to look, and when."""
        return {"Location": self.location, **retry_after(self.wait)}


class AsYaml[T](Struct, frozen=True):
    """200 and a body, as text to be kept; as JSON for whoever accepts that and not the text."""

    status: ClassVar[int] = 200
    told: ClassVar[str] = "Done; JSON if `Accept` prefers it."
    header_texts: ClassVar[Mapping[str, str]] = {"Vary": "Accept: it decides between the two."}

    body: T
    text: str
    as_json: bool

    def headers(self) -> dict[str, str]:
        """Say what the answer depends on."""
        return {"Vary": "Accept"}


class Encoded[T](Struct, frozen=True):
    """200, a body that is JSON already, and the tag by which `If-None-Match` knows it again."""

    status: ClassVar[int] = 200
    told: ClassVar[str] = "Done."
    header_texts: ClassVar[Mapping[str, str]] = {
        "ETag": "Stands for this answer; send it back as If-None-Match.",
    }

    body: bytes
    etag: str

    def headers(self) -> dict[str, str]:
        """Give the tag; nobody else's page may read the answer."""
        return {"ETag": weak(self.etag), "Cross-Origin-Resource-Policy": "same-origin"}


class AsCalendar[T](Struct, frozen=True):
    """200 and a calendar, with the tag by which `If-None-Match` knows it again."""

    status: ClassVar[int] = 200
    told: ClassVar[str] = "Done."
    header_texts: ClassVar[Mapping[str, str]] = {"ETag": "Stands for this answer."}

    body: bytes
    etag: str

    def headers(self) -> dict[str, str]:
        return {"ETag": weak(self.etag)}


class NotModified[T](Struct, frozen=True):
    """304: the caller has the answer already."""

    status: ClassVar[int] = 304
    told: ClassVar[str] = "As it was at the ETag that was sent."
    header_texts: ClassVar[Mapping[str, str]] = {"ETag": "Stands for the answer."}

    etag: str

    def headers(self) -> dict[str, str]:
        """Give the tag."""
        return {"ETag": weak(self.etag)}


def weak(etag: str) -> str:
    """Make a tag a weak one: the same thing, in whichever encoding (RFC 9110 8.8.3)."""
    return f"W/{etag}"


YAML = "application/yaml"
"""RFC 9512."""
CALENDAR = "text/calendar"
"""RFC 5545."""

type Answer = (
    Ok[object]
    | Tagged[object]
    | Accepted[object]
    | AsYaml[object]
    | Encoded[object]
    | AsCalendar[object]
    | NotModified[object]
)


def prefers_json(accept: str) -> bool:
    """Say whether an `Accept` header ranks JSON above YAML (RFC 9110 12.5.1)."""
    weights = weights_of(accept)
    other = max(weights.get("*/*", 0.0), weights.get("application/*", 0.0))
    return weights.get("application/json", other) > weights.get(YAML, other)


def retry_after(wait: timedelta | None) -> dict[str, str]:
    """Give the header that says when to come back; ten seconds where nothing better is known."""
    seconds = max(1, ceil(wait.total_seconds())) if wait else SECONDS_WHERE_NOTHING_IS_KNOWN
    return {"Retry-After": str(seconds)}
