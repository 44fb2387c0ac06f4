"""What a custom topic takes: CloudEvents 1.0, checked before any of them is accepted.

Structured mode of CloudEvents' HTTP binding; its binary mode, with the attributes in headers, is
not simulated. Statuses and error codes: MicrosoftDocs "Publish events to Event Grid custom topics",
and the errors quoted in Azure/azure-sdk-for-python#15941 and #16055 and microsoft/onefuzz#3285.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus

from local.azure.json_values import JsonObject, as_text, parse

MOST_BYTES = 1024 * 1024
"""The limit of one event, and of all events of one request together."""

BATCH = "application/cloudevents-batch+json"
_SINGLE = frozenset({"application/cloudevents+json", "application/json"})
_SCHEMA = (
    "This resource is configured to receive event in 'CloudEventV10' schema. The JSON received does"
    " not conform to the expected schema."
)
_REQUIRED = ("id", "source", "specversion", "type")
_TEXTS = frozenset({*_REQUIRED, "subject", "datacontenttype", "dataschema", "time", "data_base64"})
# CloudEvents 1.0, "Naming conventions" and "Type system".
_EXTENSION = re.compile(r"[a-z0-9]{1,64}")


class EventsRefusedError(Exception):
    """A request that Event Grid does not take: status, code and the code of its detail."""

    def __init__(self, status: int, code: str, detail: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail


def events_of(content_type: str, body: bytes) -> list[JsonObject]:
    """Read the events of a request; raises EventsRefusedError, and takes none, where one is bad."""
    if len(body) > MOST_BYTES:
        raise EventsRefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "RequestEntityTooLarge",
            "PayloadTooLarge",
            f"Request size '{len(body)}' exceeds the maximum allowed size '{MOST_BYTES}'.",
        )
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != BATCH and media_type not in _SINGLE:
        raise _bad(f"The content type '{content_type}' is none of CloudEvents.")
    events = list(_objects(_parsed(body), is_batch=media_type == BATCH))
    for event in events:
        _check(event)
    return events


def _parsed(body: bytes) -> object:
    try:
        return parse(body)
    except ValueError as error:
        raise _bad(f"{_SCHEMA} It is not JSON.") from error


def _objects(value: object, *, is_batch: bool) -> Iterator[JsonObject]:
    if is_batch != isinstance(value, list):
        expected = ("StartArray", "StartObject")[not is_batch]
        raise _bad(f"{_SCHEMA} Token Expected: {expected}, Actual Token Received: {_token(value)}.")
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            token = _token(each)
            raise _bad(f"{_SCHEMA} Token Expected: StartObject, Actual Token Received: {token}.")
        yield each


def _token(value: object) -> str:
    names = {list: "StartArray", dict: "StartObject", str: "String", type(None): "Null"}
    return names.get(type(value), "Literal")


def _check(event: JsonObject) -> None:
    if "eventType" in event:
        raise _bad(f"{_SCHEMA} Received unexpected property 'eventType'.")
    for name in _REQUIRED:
        if not as_text(event.get(name)):
            raise _bad(f"{_SCHEMA} The required attribute '{name}' must be a string, not empty.")
    if event["specversion"] != "1.0":
        raise _bad(f"{_SCHEMA} The specversion must be '1.0'.")
    if "data" in event and "data_base64" in event:
        raise _bad(f"{_SCHEMA} It has both data and data_base64.")
    for name, value in event.items():
        _check_attribute(name, value)
    _check_time(event.get("time"))


def _check_attribute(name: str, value: object) -> None:
    if name == "data":
        return
    if name in _TEXTS:
        if value is not None and not isinstance(value, str):
            raise _bad(f"{_SCHEMA} The attribute '{name}' must be a string.")
    elif not _EXTENSION.fullmatch(name) or isinstance(value, (dict, list, float)):
        raise _bad(f"{_SCHEMA} Received unexpected property '{name}'.")


def _check_time(time: object) -> None:
    try:
        has_zone = time is None or datetime.fromisoformat(as_text(time)).tzinfo is not None
    except ValueError:
        has_zone = False
    if not has_zone:
        raise _bad(f"{_SCHEMA} The attribute 'time' must be an RFC 3339 timestamp.")


def _bad(message: str) -> EventsRefusedError:
    return EventsRefusedError(HTTPStatus.BAD_REQUEST, "BadRequest", "InputJsonInvalid", message)
