"""Pages of a long answer: an opaque token says where the next one begins.

A token holds a place, and a mark of the question that it belongs to. It opens nothing: whoever
asks with one sees what they would have seen without it, from a later place on.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypedDict

from msgspec import Struct

from shared.domain.vocabulary.invalid import InvalidInput

PAGE_SIZE = 100
LARGEST_PAGE = 500
GRAMMAR = "[A-Za-z0-9_-]+"
"""What a token looks like; what is in it is nobody's business but ours."""
_FIELD = "continuationToken"
_RULE = "must be a continuationToken of an earlier answer to the same question"

type Question = Mapping[str, str | bool | None]
"""What is asked for, page after page: the kind of thing, and the filters."""


class PageAsked(Struct, frozen=True):
    """Which page is asked for: the one that a token leads to ("" for the first), and its size."""

    token: str = ""
    size: int = PAGE_SIZE

    def place(self, question: Question, *grammars: str) -> list[str]:
        """Read the place that the page begins behind; empty texts for the first page.

        Each part has to match its grammar (a regular expression). Raises InvalidInput.
        """
        if not self.token:
            return [""] * len(grammars)
        place = _held(self.token)
        if len(place) != len(grammars) + 1 or place.pop(0) != _mark(question):
            raise InvalidInput.because(_FIELD, self.token, _RULE)
        if not all(map(_matches, grammars, place)):
            raise InvalidInput.because(_FIELD, self.token, _RULE)
        return place


class PageJson[T](TypedDict):
    """Some items, and the token for what follows (null if nothing does)."""

    value: list[T]
    continuationToken: str | None


class Page[T](Struct, frozen=True):
    """Some items, and the token for what follows (None if nothing does)."""

    items: Sequence[T]
    token: str | None = None

    def to_json(self) -> PageJson[T]:
        """Give it as the HTTP API shows it."""
        return {"value": list(self.items), "continuationToken": self.token}


def to_token(question: Question, *place: str) -> str:
    """Make the token of a place."""
    text = json.dumps([_mark(question), *place], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def _mark(question: Question) -> str:
    """Tell one question from another; not a secret, for a token opens nothing."""
    return sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:8]


def _held(token: str) -> list[str]:
    if not _matches(GRAMMAR, token):
        return []
    try:
        held = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError):
        return []
    return [part for part in held if isinstance(part, str)] if isinstance(held, list) else []


def _matches(grammar: str, part: str) -> bool:
    return re.fullmatch(grammar, part, re.ASCII) is not None
