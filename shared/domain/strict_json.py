"""JSON from outside, read so that it means one thing only."""

import json
import math
from typing import NoReturn


class NotStrictJson(ValueError):
    """The text is not one JSON object that every reader would read alike; str() is the rule."""


def parse_object(text: str, max_bytes: int) -> dict[str, object]:
    """Parse one JSON object of at most `max_bytes` in UTF-8; raises NotStrictJson, nothing else.

    Duplicate keys, NaN and infinities, lone surrogates and nesting beyond the parser's depth are
    refused: readers differ on them (RFC 8259, sections 4, 6 and 8.2).
    """
    if not _fits(text, max_bytes):
        raise NotStrictJson(f"must be well-formed text of at most {max_bytes} bytes")
    try:
        value = _loads(text)
    except NotStrictJson:
        raise
    except (ValueError, RecursionError) as error:
        # ValueError also covers numbers of more digits than Python converts.
        raise NotStrictJson("must be one JSON object") from error
    if not isinstance(value, dict):
        raise NotStrictJson("must be one JSON object")
    return value


def _loads(text: str) -> object:
    value: object = json.loads(
        text,
        object_pairs_hook=_without_duplicates,
        parse_constant=_not_a_number,
        parse_float=_finite,
    )
    if "\\ud" in text.lower():
        # Escapes can make half of a surrogate pair, which no encoding of the value can hold.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _fits(text: str, max_bytes: int) -> bool:
    try:
        return len(text) <= max_bytes and len(text.encode()) <= max_bytes
    except UnicodeEncodeError:
        return False


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotStrictJson("must not have the same key twice in one object")
    return value


def _not_a_number(_: str) -> NoReturn:
    raise NotStrictJson("must not have NaN or Infinity")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJson("must not have numbers beyond the range of a double")
    return number
