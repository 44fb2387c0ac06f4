"""Pages of a long answer: an opaque token says where the next one begins."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.errors import InvalidInput

PAGE_SIZE = 100
_FIELD = "continuationToken"
_RULE = "must be a continuationToken of an earlier answer to the same question"


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and the token for what follows (None if nothing does)."""

    items: Sequence[dict[str, object]]
    token: str | None = None

    def to_json(self) -> dict[str, object]:
        """Give it as the HTTP API shows it."""
        return {"value": list(self.items), _FIELD: self.token}


def to_token(*place: str) -> str:
    """Make a token of a place."""
    text = json.dumps(place, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def from_token(token: str, parts: int) -> list[str]:
    """Read the place, of so many parts, from a token; empty ones for an empty token.

    Raises InvalidInput.
    """
    if not token:
        return [""] * parts
    try:
        place = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError) as error:
        raise InvalidInput.because(_FIELD, token, _RULE) from error
    words = [part for part in place if isinstance(part, str)] if isinstance(place, list) else []
    if len(words) != parts:
        raise InvalidInput.because(_FIELD, token, _RULE)
    return words
