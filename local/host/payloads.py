"""What a trigger hands to its function, in the host's wire forms.

The forms follow Azure/azure-functions-host, GrpcMessageConversionExtensions.cs and
ScriptInvocationContextExtensions.cs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from local.host.protos import RpcHttp, TypedData
from local.host.wire_json import invariant, rewritten

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Payload:
    """The value of the trigger's parameter, and the metadata beside it."""

    data: TypedData
    metadata: Mapping[str, TypedData] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueMetadata:
    """What the storage service says about a message; all times in UTC."""

    id: str = "0a1b2c3d-0000-4000-8000-000000000000"
    dequeue_count: int = 1
    insertion_time: datetime = EPOCH
    expiration_time: datetime = EPOCH
    next_visible_time: datetime = EPOCH
    pop_receipt: str = "receipt"


@dataclass(frozen=True, slots=True)
class TimerStatus:
    """When a timer last ran and runs next, in UTC."""

    last: datetime
    next: datetime
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request as a function sees it: header names in lower case, one value per name."""

    method: str = "GET"
    url: str = "http://127.0.0.1/"
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    route_params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def event_grid_payload(event: str) -> Payload:
    """Hand over one event as its JSON text."""
    return Payload(TypedData(json=event))


def queue_payload(text: str, metadata: QueueMetadata) -> Payload:
    """Hand over a message; the members of a JSON object overwrite the metadata of their names.

    Null changes nothing; a time arrives in the invariant culture, which the Python library cannot
    read.
    """
    own = {
        "QueueTrigger": TypedData(string=text),
        "Id": TypedData(string=metadata.id),
        # A long and the times travel as JSON; the worker refuses the kind `int` for them.
        "DequeueCount": TypedData(json=json.dumps(metadata.dequeue_count)),
        "InsertionTime": _json_time(metadata.insertion_time),
        "ExpirationTime": _json_time(metadata.expiration_time),
        "NextVisibleTime": _json_time(metadata.next_visible_time),
        "PopReceipt": TypedData(string=metadata.pop_receipt),
    }
    return Payload(TypedData(string=text), _overwritten(own, _members(text)))


def timer_payload(*, past_due: bool = False, status: TimerStatus | None = None) -> Payload:
    """Hand over a timer's state; the status is null where the timer is not monitored."""
    shown = status and {
        "Last": status.last.isoformat(),
        "Next": status.next.isoformat(),
        "LastUpdated": status.last_updated.isoformat(),
    }
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": shown, "IsPastDue": past_due}
    return Payload(TypedData(json=json.dumps(info)))


def http_payload(call: HttpCall) -> Payload:
    """Hand over a request; without a body the body is unset."""
    request = RpcHttp(
        method=call.method,
        url=call.url,
        headers=call.headers,
        params=call.route_params,
        query={name: value for name, value in call.params.items() if value},
        body=TypedData(bytes=call.body) if call.body else TypedData(),
    )
    return Payload(TypedData(http=request))


def _json_time(instant: datetime) -> TypedData:
    return TypedData(json=json.dumps(instant.astimezone(UTC).isoformat()))


def _members(text: str) -> Mapping[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _overwritten(
    metadata: Mapping[str, TypedData], members: Mapping[str, object]
) -> Mapping[str, TypedData]:
    # The host keeps binding data in a dictionary that ignores case and keeps the first spelling
    # (Azure/azure-webjobs-sdk, Utility.ApplyBindingData and Binder).
    spelling = {name.lower(): name for name in metadata}
    result = dict(metadata)
    for name, value in members.items():
        if value is not None and not isinstance(value, list):
            result[spelling.setdefault(name.lower(), name)] = _shown(value)
    return result


def _shown(value: object) -> TypedData:
    match value:
        case str():
            return TypedData(string=invariant(value))
        case bool():
            return TypedData(string=str(value))
        case dict():
            return TypedData(json=json.dumps(rewritten(value)))
        case _:
            return TypedData(string=json.dumps(value))
