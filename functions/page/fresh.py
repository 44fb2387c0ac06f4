"""What a caller has already, so that nobody is sent the same again."""

from typing import Annotated

from msgspec import Meta, field

from functions.http.parts import Part
from shared.domain.deciding.conditions import is_named

type KnownTag = Annotated[
    str, Meta(description="ETags of earlier answers, or *; one of them again is a 304.")
]


class FreshHeaders(Part, frozen=True):
    """What the caller has already."""

    if_none_match: KnownTag | None = field(name="If-None-Match", default=None)

    def has(self, etag: str) -> bool:
        """Say whether it is what this tag stands for."""
        return is_named(etag, self.if_none_match or "")
