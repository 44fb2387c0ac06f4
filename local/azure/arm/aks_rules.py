"""What AKS accepts as a maintenance configuration, and what it makes of it.

The rules are those of the REST specification; where it gives no text for an error, the form of
AKS's recorded texts is used. Nothing here is shared with naptime: two readings must agree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from local.azure.arm.aks_schema import read_properties
from local.azure.arm.api_versions import is_legacy, refuses_unknown_fields
from local.azure.arm.errors import AzureRefusal, aks_invalid
from local.azure.json_values import JsonObject, as_list, as_object, as_text, whole_number

NODE_OS = "aksmanagednodeosupgradeschedule"
AUTO_UPGRADE = "aksmanagedautoupgradeschedule"
DEFAULT = "default"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK_INDEXES = ("First", "Second", "Third", "Fourth", "Last")

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WEST, _EAST = -12 * 60, 14 * 60
_MINUTES = 60
_INTERVALS: Mapping[str, tuple[str, int]] = {
    "daily": ("intervalDays", 7),
    "weekly": ("intervalWeeks", 4),
    "absoluteMonthly": ("intervalMonths", 6),
    "relativeMonthly": ("intervalMonths", 6),
}
_WINDOW = "maintenanceWindow"


@dataclass(frozen=True, slots=True)
class Rules:
    """The switches of the rules: whether a startDate before today is accepted."""

    past_start_dates: bool = False

    def accepted(self, name: str, body: JsonObject, api_version: str, now: datetime) -> JsonObject:
        """Give the properties that AKS stores for a body, or raise what it refuses it with."""
        properties = read_properties(body, strict=refuses_unknown_fields(api_version))
        if is_legacy(api_version):
            properties.pop(_WINDOW, None)
            _check_time_in_week(properties)
            return properties
        _check_name(name)
        window = properties.get(_WINDOW)
        if window is None:
            _check_legacy_use(name, properties)
            return properties
        if "timeInWeek" in properties or "notAllowedTime" in properties:
            raise aks_invalid(
                "timeInWeek and notAllowedTime cannot be set together with maintenanceWindow."
            )
        return {_WINDOW: self._accepted_window(name, as_object(window), now)}

    def _accepted_window(self, name: str, window: JsonObject, now: datetime) -> JsonObject:
        _check_schedule(name, as_object(window.get("schedule")))
        _check_number(window, "durationHours", 4, 24)
        if not _TIME.fullmatch(as_text(window.get("startTime"))):
            raise _invalid("startTime", window.get("startTime"), "must be HH:mm, 00:00 to 23:59")
        offset_text = as_text(window.get("utcOffset")) or "+00:00"
        today = (now.astimezone(UTC) + offset_of(offset_text)).date()
        start = as_text(window.get("startDate")) or today.isoformat()
        if _date("startDate", start) < today and not self.past_start_dates:
            raise _invalid("startDate", start, f"must not be earlier than today, {today}")
        for span in as_list(window.get("notAllowedDates")):
            _check_span(as_object(span))
        stored = {**window, "utcOffset": offset_text, "startDate": start}
        return {key: stored[key] for key in _ORDER if key in stored}


_ORDER = ("schedule", "durationHours", "utcOffset", "startDate", "startTime", "notAllowedDates")


def offset_of(text: str) -> timedelta:
    """Read a utcOffset such as +05:30; raises AzureRefusal for one that no place on earth has."""
    matched = _OFFSET.fullmatch(text)
    if not matched or int(matched[3]) >= _MINUTES:
        raise _invalid("utcOffset", text, "must be in the form +HH:mm or -HH:mm")
    minutes = int(matched[1] + "1") * (int(matched[2]) * _MINUTES + int(matched[3]))
    if not _WEST <= minutes <= _EAST:
        raise _invalid("utcOffset", text, "must be between -12:00 and +14:00")
    return timedelta(minutes=minutes)


def _invalid(field: str, value: object, rule: str) -> AzureRefusal:
    shown = f"'{value}'" if value is not None else "missing"
    return aks_invalid(
        f"The value of parameter maintenanceWindow.{field} is invalid. Error details: the value"
        f" is {shown} but it {rule}. Please see https://aka.ms/aks-naming-rules for more details."
    )


def _check_name(name: str) -> None:
    if name.lower() not in {DEFAULT, AUTO_UPGRADE, NODE_OS}:
        # The text of Azure/ARO-HCP#3260.
        raise aks_invalid(
            "Only 'default', 'aksManagedAutoUpgradeSchedule' and 'aksManagedNodeOSUpgradeSchedule'"
            " are allowed configNames for maintenance configuration."
        )


def _check_legacy_use(name: str, properties: JsonObject) -> None:
    if name.lower() != DEFAULT:
        raise aks_invalid(f"maintenanceWindow is required for maintenance configuration: {name}.")
    _check_time_in_week(properties)


def _check_time_in_week(properties: JsonObject) -> None:
    if not properties:
        raise aks_invalid("timeInWeek or notAllowedTime is required for maintenance configuration.")
    for item in as_list(properties.get("timeInWeek")):
        entry = as_object(item)
        if entry.get("day") not in WEEKDAYS:
            raise aks_invalid(f"'{entry.get('day')}' is not a valid day of timeInWeek.")
        for slot in as_list(entry.get("hourSlots")):
            hour = whole_number(slot)
            if hour is None or not 0 <= hour <= 23:  # noqa: PLR2004 - hours of a day
                raise aks_invalid(f"'{slot}' is not a valid hour slot, it must be 0 to 23.")


def _check_schedule(name: str, schedule: JsonObject) -> None:
    if len(schedule) != 1:
        kinds = ", ".join(_INTERVALS)
        raise _invalid("schedule", ", ".join(schedule) or None, f"must have exactly one of {kinds}")
    kind, fields = next((kind, as_object(value)) for kind, value in schedule.items())
    if name.lower() == DEFAULT and kind != "weekly":
        # The text of Azure/AgentBaker#6529.
        raise aks_invalid(
            "Only weekly schedule is supported for control plane upgrade maintenance"
            f" configuration: {name}."
        )
    interval, most = _INTERVALS[kind]
    path = f"schedule.{kind}."
    _check_number(fields, interval, 1, most, path)
    if kind == "absoluteMonthly":
        _check_number(fields, "dayOfMonth", 1, 31, path)
    if kind == "relativeMonthly":
        _check_choice(fields, "weekIndex", WEEK_INDEXES, path)
    if kind in {"weekly", "relativeMonthly"}:
        _check_choice(fields, "dayOfWeek", WEEKDAYS, path)


def _check_number(fields: JsonObject, field: str, least: int, most: int, path: str = "") -> None:
    number = whole_number(fields.get(field))
    if number is None or not least <= number <= most:
        raise _invalid(f"{path}{field}", fields.get(field), f"must be {least} to {most}")


def _check_choice(fields: JsonObject, field: str, choices: tuple[str, ...], path: str) -> None:
    if fields.get(field) not in choices:
        raise _invalid(f"{path}{field}", fields.get(field), f"must be one of {', '.join(choices)}")


def _check_span(span: JsonObject) -> None:
    start = _date("notAllowedDates.start", span.get("start"))
    if _date("notAllowedDates.end", span.get("end")) < start:
        raise _invalid("notAllowedDates.end", span.get("end"), f"must not be before {start}")


def _date(field: str, value: object) -> date:
    text = as_text(value)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise _invalid(field, value, "must be a date in the form yyyy-MM-dd")
