"""Request bodies: strict, typed, with errors that name the field, the value and the rule."""

import re

import azure.functions as func
import msgspec

from shared.domain.errors import InvalidInput

BODY_LIMIT = 64 * 1024


class TooLarge(Exception):
    """The body is longer than any request of this API needs to be."""


class ReconcileRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """The body of `POST /reconcile`."""

    cluster_id: str
    dry_run: bool = False


def read_body[T](request: func.HttpRequest, kind: type[T]) -> T:
    """Decode a JSON body; raise `InvalidInput` or `TooLarge`."""
    body = request.get_body()
    if len(body) > BODY_LIMIT:
        raise TooLarge
    decoded = _decode(body)
    try:
        return msgspec.convert(decoded, kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), decoded) from error


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput.because("body", _text(body), f"must be JSON: {error}") from error


def _invalid(message: str, decoded: object) -> InvalidInput:
    """Name the field: msgspec says ``Object contains unknown field `x` - at `$.y` ``."""
    rule, _, path = message.partition(" - at `$")
    if named := re.search(r"(?:unknown|required) field `([^`]+)`", rule):
        return InvalidInput.because(named[1], _member(decoded, named[1]), rule)
    field = path.strip("`.") or "body"
    return InvalidInput.because(field, _member(decoded, field), rule)


def _member(decoded: object, name: str) -> object:
    if name == "body":
        return decoded
    return decoded.get(name) if isinstance(decoded, dict) else None


def _text(body: bytes) -> str:
    return body[:100].decode("utf-8", "replace")
