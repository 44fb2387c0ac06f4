"""A part of a request that msgspec reads: its path, query, headers or body."""

from types import NoneType, UnionType
from typing import ClassVar, get_args

import msgspec

BODY_LIMIT = 64 * 1024


def without_none(kind: object) -> object:
    """Take the None off an optional parameter: there is no null outside JSON, only absence."""
    members = [member for member in get_args(kind) if member is not NoneType]
    return members[0] if isinstance(kind, UnionType) and len(members) == 1 else kind


class Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A part of a request: its path, query, headers or body."""

    def check(self) -> None:
        """Refuse combinations that mean nothing; raise `InvalidInput`."""


class TextBody(Part, frozen=True):
    """A body that is text and no JSON, whatever its sender calls it: curl calls it a form."""

    media_type: ClassVar[str]

    text: str
