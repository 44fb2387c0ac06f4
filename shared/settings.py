"""What the operator decides, read once from the environment; an error names the variable.

Not read at import: app settings have been reported missing from the environment while the worker
loads the app (Azure/azure-functions-python-worker issues 1588 and 1770).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta, timezone
from urllib.parse import urlsplit

from shared.domain.deciding.decision import Desired
from shared.domain.fleet.pace import Pace
from shared.domain.images.age import DAYS_OF_SUPPORT
from shared.domain.policy.choose import Policy
from shared.domain.policy.read_windows import parse_spread
from shared.domain.policy.windows import LEAST_HOURS, MOST_HOURS, NamedWindow, usual_spread
from shared.domain.vocabulary.errors import InvalidInput, InvalidSetting, Problem
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.ids import Scope, parse_scope, parse_subscription_id
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.starts import MINIMUM_LEAD
from shared.domain.window.text import parse_start_time, parse_utc_offset

type Environment = Mapping[str, str]

PUBLIC_ARM = "https://management.azure.com"
MAXIMUM_LEAD = timedelta(days=1)
MOST_BURST = 100_000
NODE_IMAGES_API_VERSION = "2026-04-02-preview"
"""The version of Azure's own documentation; no stable version has `nodeImageVersions`."""
LONGEST_VERIFY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where queues and tables are: a connection string, or the two service URIs and an identity."""

    connection_string: str | None = field(default=None, repr=False)
    queue_uri: str | None = None
    table_uri: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment says, valid or not constructible from it."""

    subscriptions: frozenset[str]
    desired: Desired
    dry_run: bool
    pace: Pace
    arm_endpoint: str
    storage: StorageSettings
    own_client_id: str | None
    image_ages: bool
    image_old_days: int
    topic_endpoint: str | None
    """None: nothing is published."""
    event_source: str
    """The URI that is the source of every event that naptime publishes."""
    node_images_api_version: str
    verify_max_age: timedelta
    entra: bool
    """Whether App Service authentication is on, so that the caller's name can be believed."""

    def allows(self, subscription_id: str) -> bool:
        """Tell whether naptime may act on that subscription, compared without case."""
        return subscription_id.lower() in self.subscriptions


def read_settings(environment: Environment) -> Settings:
    """Read and check every setting; raise `InvalidSetting` that names the variable."""
    return Settings(
        subscriptions=_subscriptions(environment),
        desired=Desired(
            policy=Policy.of_one(_window(environment)),
            excluded=_excluded(environment),
            lead=_lead(environment),
        ),
        dry_run=_flag(environment, "NAPTIME_DRY_RUN"),
        pace=_pace(environment),
        arm_endpoint=_arm_endpoint(environment),
        storage=_storage(environment),
        own_client_id=_text(environment, "AZURE_CLIENT_ID").lower() or None,
        image_ages=_flag(environment, "NAPTIME_IMAGE_AGES"),
        image_old_days=_whole(environment, "NAPTIME_IMAGE_OLD_DAYS", 60, 1, DAYS_OF_SUPPORT),
        topic_endpoint=_topic_endpoint(environment),
        event_source=_event_source(environment),
        node_images_api_version=_node_images_api_version(environment),
        verify_max_age=_verify_max_age(environment),
        # The platform's own and read-only: anything but its yes is a no, never an error.
        entra=_text(environment, "WEBSITE_AUTH_ENABLED").lower() == "true",
    )


def _refuse(name: str, value: str, rule: str) -> InvalidSetting:
    return InvalidSetting((Problem(name, value, rule),))


def _text(environment: Environment, name: str, default: str = "") -> str:
    """Give a setting without the blanks around it; an empty one is one that is not set."""
    return environment.get(name, "").strip() or default


def _list(environment: Environment, name: str) -> list[str]:
    return [item.strip() for item in _text(environment, name).split(",") if item.strip()]


def _parsed[T](name: str, value: str, parse: Callable[[str], T]) -> T:
    """Parse a value; what the parser says is wrong is said of the variable."""
    try:
        return parse(value)
    except BrokenRule as error:
        raise _refuse(name, value, str(error)) from error
    except InvalidInput as error:
        raise _refuse(name, value, error.problems[0].rule) from error


def _subscriptions(environment: Environment) -> frozenset[str]:
    name = "NAPTIME_SUBSCRIPTIONS"
    items = _list(environment, name)
    if not items:
        raise _refuse(name, "", "must list the subscription ids that naptime may act on")
    return frozenset(_parsed(name, item, parse_subscription_id) for item in items)


def _excluded(environment: Environment) -> tuple[Scope, ...]:
    name = "NAPTIME_EXCLUDE"
    return tuple(_parsed(name, item, parse_scope) for item in _list(environment, name))


WINDOW_NAME = "settings"
"""The window, and the one rule, of an app that has no policy of its own."""


def _window(environment: Environment) -> NamedWindow:
    hours = _whole(environment, "NAPTIME_WINDOW_HOURS", LEAST_HOURS, LEAST_HOURS, MOST_HOURS)
    offset = _parsed(
        "NAPTIME_WINDOW_UTC_OFFSET",
        _text(environment, "NAPTIME_WINDOW_UTC_OFFSET", "+00:00"),
        parse_utc_offset,
    )
    return NamedWindow(
        name=WINDOW_NAME,
        on=Weekly(1, _day(environment)),
        start=_start(environment),
        hours=hours,
        zone=timezone(offset),
        spread=_spread(environment, hours),
    )


def _day(environment: Environment) -> Weekday:
    name = "NAPTIME_WINDOW_DAY"
    value = _text(environment, name, "Sunday")
    for day in Weekday:
        if day.value.lower() == value.lower():
            return day
    raise _refuse(name, value, "must be a day of the week in English, Sunday to Saturday")


def _start(environment: Environment) -> time:
    name = "NAPTIME_WINDOW_START"
    return _parsed(name, _text(environment, name, "01:00"), parse_start_time)


def _lead(environment: Environment) -> timedelta:
    minimum, maximum = (int(lead / timedelta(minutes=1)) for lead in (MINIMUM_LEAD, MAXIMUM_LEAD))
    return timedelta(minutes=_whole(environment, "NAPTIME_LEAD_MINUTES", 40, minimum, maximum))


def _spread(environment: Environment, hours: int) -> timedelta:
    name = "NAPTIME_WINDOW_SPREAD_MINUTES"
    value = _text(environment, name)
    if not value:
        return usual_spread(hours)

    def parse(written: str) -> timedelta:
        digits = re.fullmatch(r"\d{1,6}", written, re.ASCII)
        return parse_spread(int(written) if digits else written, hours)

    return _parsed(name, value, parse)


def _pace(environment: Environment) -> Pace:
    default = Pace()
    burst = _whole(environment, "NAPTIME_SHARD_BURST", default.burst, 2, MOST_BURST)
    name = "NAPTIME_SHARD_RATE_PER_SECOND"
    value = _text(environment, name, str(default.rate_per_second))
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", value, re.ASCII) or float(value) <= 0:
        raise _refuse(name, value, "must be a number above 0 and below 10000, such as 0.9")
    return Pace(burst, float(value))


def _whole(environment: Environment, name: str, default: int, low: int, high: int) -> int:
    value = _text(environment, name, str(default))
    if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or not low <= int(value) <= high:
        raise _refuse(name, value, f"must be a whole number from {low} to {high}")
    return int(value)


def _flag(environment: Environment, name: str) -> bool:
    value = _text(environment, name, "false").lower()
    if value not in {"true", "false", "1", "0"}:
        raise _refuse(name, value, "must be true or false")
    return value in {"true", "1"}


def _arm_endpoint(environment: Environment) -> str:
    name = "NAPTIME_ARM_ENDPOINT"
    value = _text(environment, name, PUBLIC_ARM).rstrip("/")
    _require_https(name, value)
    return value


def _topic_endpoint(environment: Environment) -> str | None:
    name = "NAPTIME_TOPIC_ENDPOINT"
    value = _text(environment, name)
    if value:
        _require_https(name, value)
    return value or None


def _event_source(environment: Environment) -> str:
    """Name the app, as the platform's own setting does; other hosts have no such setting."""
    name = "WEBSITE_SITE_NAME"
    value = _text(environment, name, "naptime").lower()
    if not re.fullmatch(r"[a-z0-9-]{1,60}", value, re.ASCII):
        raise _refuse(name, value, "must be the name of a function app: letters, digits, dashes")
    return f"urn:naptime:{value}"


def _node_images_api_version(environment: Environment) -> str:
    name = "NAPTIME_NODE_IMAGES_API_VERSION"
    value = _text(environment, name, NODE_IMAGES_API_VERSION)
    if not re.fullmatch(r"20\d{2}-\d{2}-\d{2}(-preview)?", value, re.ASCII):
        raise _refuse(name, value, f"must be an api-version, such as {NODE_IMAGES_API_VERSION}")
    return value


def _verify_max_age(environment: Environment) -> timedelta:
    name = "NAPTIME_VERIFY_MAX_AGE_MINUTES"
    return timedelta(minutes=_whole(environment, name, 60, 0, LONGEST_VERIFY_MINUTES))


def _require_https(name: str, value: str) -> None:
    # The SDK sends no token over plain http, so such an end point could never work.
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
        raise _refuse(name, value, "must be an https address without user, query or fragment")


def _storage(environment: Environment) -> StorageSettings:
    """Read the connection that the Functions host itself uses, in the three forms that it takes."""
    name = "AzureWebJobsStorage"
    if connection_string := _text(environment, name):
        return StorageSettings(connection_string=connection_string)
    account = _text(environment, f"{name}__accountName")
    queue, table = (
        _text(environment, f"{name}__{service}ServiceUri")
        or (f"https://{account}.{service}.core.windows.net" if account else "")
        for service in ("queue", "table")
    )
    if not queue or not table:
        rule = "must be a connection string, or in parts: __accountName, or __*ServiceUri for both"
        raise _refuse(name, "", rule)
    return StorageSettings(None, queue, table, _text(environment, f"{name}__clientId") or None)
