"""What a caller has already, so that nobody is sent the same again."""

from typing import Annotated

from msgspec import Meta, field

from functions.http.parts import Part

type KnownTag = Annotated[
    str,
    Meta(max_length=200, description="The ETag of the last answer; the same again is a 304."),
]


class FreshHeaders(Part, frozen=True):
    """What the caller has already."""

    if_none_match: KnownTag | None = field(name="If-None-Match", default=None)

    def has(self, etag: str) -> bool:
        """Say whether it is what this tag stands for."""
        # What compresses on the way makes a tag a weak one.
        return (self.if_none_match or "").removeprefix("W/") == etag
