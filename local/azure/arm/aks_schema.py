"""The shape of a maintenance configuration's body: names and types of fields, nulls dropped.

Written from the TypeSpec of api-version 2026-08-01 (Azure/azure-rest-api-specs,
MaintenanceConfiguration.tsp). The error texts are those of AKS's decoder, recorded in
Azure/terraform-azurerm-avm-res-containerservice-managedcluster#152 and Azure/azure-cli#13050.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from local.azure.arm.errors import AzureRefusal, Shape
from local.azure.json_values import JsonObject, whole_number


@dataclass(frozen=True, slots=True)
class Struct:
    """A JSON object with known fields, in the order in which AKS writes them."""

    name: str
    fields: Mapping[str, "Field"]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A JSON array of one kind of items."""

    item: "Field"


@dataclass(frozen=True, slots=True)
class Instant:
    """A string that AKS reads as a time and writes again in its own form."""


# Up to nanoseconds, in the form of RFC 3339.
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)

type Field = Struct | ListOf | Instant | type[str | int] | None

_SPAN = Struct("DateSpan", {"start": str, "end": str})
_SCHEDULE = Struct(
    "Schedule",
    {
        "daily": Struct("DailySchedule", {"intervalDays": int}),
        "weekly": Struct("WeeklySchedule", {"intervalWeeks": int, "dayOfWeek": str}),
        "absoluteMonthly": Struct(
            "AbsoluteMonthlySchedule", {"intervalMonths": int, "dayOfMonth": int}
        ),
        "relativeMonthly": Struct(
            "RelativeMonthlySchedule",
            {"intervalMonths": int, "dayOfWeek": str, "weekIndex": str},
        ),
    },
)
# The order of the keys is the recorded one.
_WINDOW = Struct(
    "MaintenanceWindow",
    {
        "schedule": _SCHEDULE,
        "durationHours": int,
        "utcOffset": str,
        "startDate": str,
        "startTime": str,
        "notAllowedDates": ListOf(_SPAN),
    },
)
_TIME_IN_WEEK = Struct("TimeInWeek", {"day": str, "hourSlots": ListOf(int)})
_PROPERTIES = Struct(
    "Properties",
    {
        "timeInWeek": ListOf(_TIME_IN_WEEK),
        "notAllowedTime": ListOf(Struct("TimeSpan", {"start": Instant(), "end": Instant()})),
        "maintenanceWindow": _WINDOW,
    },
)
# id, name, type and systemData are read-only: taken and ignored.
_BODY = Struct(
    "MaintenanceConfiguration",
    {"properties": _PROPERTIES, "id": None, "name": None, "type": None, "systemData": None},
)


def read_properties(body: JsonObject, *, strict: bool) -> JsonObject:
    """Read `properties` from a body: known fields in AKS's order, without nulls and empty lists.

    A field of a wrong type is refused, an unknown one where `strict`. Raises AzureRefusal.
    """
    read = _read_struct(body, _BODY, "", strict=strict)
    properties = read.get("properties")
    return properties if isinstance(properties, dict) else {}


def _read(value: object, field: Field, path: str, *, strict: bool) -> object:
    match field:
        case Struct():
            if not isinstance(value, dict):
                raise _wrong_type(value, path, field.name)
            return _read_struct(value, field, path, strict=strict)
        case ListOf():
            if not isinstance(value, list):
                raise _wrong_type(value, path, "[]")
            return [_read(each, field.item, path, strict=strict) for each in value]
        case Instant():
            return _read_instant(value, path)
        case None:
            return None
        case _:
            return _read_scalar(value, field, path)


def _read_instant(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(value, path, "Time")
    try:
        return _utc(value)
    except (ValueError, OverflowError) as error:
        detail = f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}"'
        raise _unmarshal_error(f"{detail}.") from error


def _utc(text: str) -> str:
    """Write an instant in UTC, without zeros at its end; raises ValueError, OverflowError.

    17:38:35.7262880+08:00 came back as 09:38:35.726288Z (azure-powershell's recording
    Set-AzAksMaintenanceConfiguration, 2023-03).
    """
    matched = _INSTANT.fullmatch(text)
    if not matched:
        raise ValueError(text)
    fraction = (matched[2] or "").rstrip("0").rstrip(".")
    instant = datetime.fromisoformat(matched[1] + matched[3]).astimezone(UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _read_scalar(value: object, field: type[str | int], path: str) -> object:
    if field is int and whole_number(value) is None:
        raise _wrong_type(value, path, "int32")
    if field is str and not isinstance(value, str):
        raise _wrong_type(value, path, "string")
    return value


def _read_struct(value: JsonObject, struct: Struct, path: str, *, strict: bool) -> JsonObject:
    if strict:
        for name in value:
            if name not in struct.fields:
                raise _unknown_field(name)
    read: JsonObject = {}
    for name, field in struct.fields.items():
        given = value.get(name)
        if given is None or given == []:
            continue
        below = f"{path}.{name}" if path else name
        read[name] = _read(given, field, below, strict=strict)
    return read


def _unmarshal_error(detail: str) -> AzureRefusal:
    message = f"UnmarshalEntity encountered error: {detail}"
    return AzureRefusal(HTTPStatus.BAD_REQUEST, "UnmarshalError", message, shape=Shape.AKS)


def _unknown_field(name: str) -> AzureRefusal:
    return _unmarshal_error(
        f'json: unknown field "{name}" Check that the field is in the right location, is spelled'
        " correctly, and is supported in the API version. Visit aka.ms/aks/apiversions for more"
        " API version information.."
    )


def _wrong_type(value: object, path: str, expected: str) -> AzureRefusal:
    kind = "bool"
    match value:
        case bool():
            pass
        case int() | float():
            kind = "number" if isinstance(value, int) else f"number {value}"
        case str():
            kind = "string"
        case list():
            kind = "array"
        case _:
            kind = "object"
    return _unmarshal_error(
        f"json: cannot unmarshal {kind} into Go struct field {path} of type {expected}."
    )
