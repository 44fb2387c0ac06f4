"""Faults by name: the orders that `POST /_simulator/faults` takes, and their texts."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from local.azure.arm.errors import Shape
from local.azure.controls.fault_presets import HELD, REFUSALS
from local.azure.controls.faults import Aim, Fault
from local.azure.controls.misfortunes import Harm, Refusal
from local.azure.json_values import (
    JsonObject,
    as_object,
    as_text,
    instant_of,
    is_number,
    whole_number,
)

_PLAIN_REFUSE = Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR, "SimulatedFault", "As ordered.", Shape.ARM
)
_OUTAGE = "outage"
_IDENTITY = "identity-refused"
_ENDLESS = {Harm.SLOW, Harm.STALE_LIST, Harm.MISSING_FROM_LIST, *HELD}
_LISTS: Mapping[str, str] = {
    Harm.STALE_LIST: "*_List*",
    Harm.MISSING_FROM_LIST: "ManagedClusters_List*",
}
_KNOWN = frozenset(
    {"fault", "method", "path", "operation", "cluster", "scope", "times", "every", "skip"}
    | {"seconds", "from", "to", "status", "code", "message", "retryAfter", "shape"}
)
_BY_CODE = {each.code.lower(): name for name, each in REFUSALS.items() if name in HELD}
FAULT_NAMES = (*REFUSALS, *(harm.value for harm in Harm), _OUTAGE, _IDENTITY)


class OrderIsInvalidError(ValueError):
    """An order that cannot be carried out; the text names the field and the rule."""


def fault_of(order: JsonObject) -> Fault:
    """Read an order; raises OrderIsInvalidError."""
    for name in order:
        if name not in _KNOWN:
            raise OrderIsInvalidError(f"{name}: unknown, expected one of {sorted(_KNOWN)}")
    name = _BY_CODE.get(as_text(order.get("fault")).lower(), as_text(order.get("fault")))
    if name not in FAULT_NAMES:
        raise OrderIsInvalidError(f"fault: '{name}' must be one of {', '.join(FAULT_NAMES)}")
    harm = Harm(name) if name in set(Harm) else Harm.REFUSE
    endless = bool({harm, name} & _ENDLESS) or name == _OUTAGE or "every" in order or "to" in order
    hides = harm is Harm.MISSING_FROM_LIST
    return Fault(
        name=name,
        harm=harm,
        aim=_aim(order, name),
        times=_times(order, default=None if endless else 1),
        every=_count(order, "every", 1, least=1),
        skip=_count(order, "skip", 0),
        seconds=_seconds(order),
        refusal=_refusal(order, name) if harm is Harm.REFUSE else None,
        left_out=_text(order, "scope") if hides else "",
    )


def _aim(order: JsonObject, name: str) -> Aim:
    operation = _LISTS.get(name, "")
    scope = "" if name == Harm.MISSING_FROM_LIST else _text(order, "scope")
    path = "*/token" if name == _IDENTITY else ""
    return Aim(
        methods=_text(order, "method") or HELD.get(name, ""),
        path=_text(order, "path") or path,
        operation=_text(order, "operation") or operation,
        cluster=_text(order, "cluster").rpartition("/")[2],
        scope=scope,
        start=_instant(order, "from"),
        end=_instant(order, "to"),
    )


def _refusal(order: JsonObject, name: str) -> Refusal:
    preset = REFUSALS["unavailable"] if name in {_OUTAGE, _IDENTITY} else _PLAIN_REFUSE
    preset = REFUSALS.get(name, preset)
    shape = _text(order, "shape") or preset.shape
    if shape not in set(Shape):
        raise OrderIsInvalidError(f"shape: '{shape}' must be one of {', '.join(Shape)}")
    retry_after = order.get("retryAfter", preset.retry_after)
    return Refusal(
        _count(order, "status", preset.status, least=400, most=599),
        _text(order, "code") or preset.code,
        (_text(order, "message") or preset.message).replace("{held}", _held(order)),
        Shape(shape),
        retry_after=None if retry_after is None else _count(order, "retryAfter", retry_after),
        detail=preset.detail,
    )


def _held(order: JsonObject) -> str:
    # What carries the lock, the policy or the assignment.
    return _text(order, "scope") or "/subscriptions/{subscription}"


def _text(order: JsonObject, field: str) -> str:
    value = order.get(field, "")
    if not isinstance(value, str):
        raise OrderIsInvalidError(f"{field}: {value!r} must be a string")
    return value


def _count(
    order: JsonObject, field: str, default: object, least: int = 0, most: int = 1_000_000
) -> int:
    number = whole_number(order.get(field, default))
    if number is None or not least <= number <= most:
        raise OrderIsInvalidError(f"{field}: must be a whole number of {least} to {most}")
    return number


def _times(order: JsonObject, default: int | None) -> int | None:
    if order.get("times", default) is None:
        return None
    return _count(order, "times", default, least=1)


def _seconds(order: JsonObject) -> float:
    value = order.get("seconds", 0.0)
    if isinstance(value, (int, float)) and is_number(value) and value >= 0:
        return float(value)
    raise OrderIsInvalidError("seconds: must be a number that is not negative")


def _instant(order: JsonObject, field: str) -> datetime | None:
    text = _text(order, field)
    if not text:
        return None
    try:
        return instant_of(text)
    except ValueError as error:
        raise OrderIsInvalidError(f"{field}: '{text}' must be an ISO 8601 instant") from error


def documented_faults() -> JsonObject:
    """List what can be ordered, for `GET faults`."""
    return {
        "faults": list(FAULT_NAMES),
        "fields": sorted(_KNOWN),
        "refusals": {
            name: as_object({"status": int(each.status), "code": each.code, "shape": each.shape})
            for name, each in REFUSALS.items()
        },
    }
