"""What the operator decides, read once from the environment; an error names the variable.

Not read at import: app settings have been reported missing from the environment while the worker
loads the app (Azure/azure-functions-python-worker issues 1588 and 1770).
"""

import re
from datetime import time, timedelta, timezone

from msgspec import Struct

from shared.domain.deciding.decision import Desired
from shared.domain.fleet.pace import Pace
from shared.domain.images.age import DAYS_OF_SUPPORT
from shared.domain.policy.choose import Policy, SameWindow
from shared.domain.policy.read_windows import parse_spread
from shared.domain.policy.windows import LEAST_HOURS, MOST_HOURS, NamedWindow, usual_spread
from shared.domain.vocabulary.ids import Scope, parse_scope, parse_subscription_id
from shared.domain.window.body import parse_weekday
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.starts import MINIMUM_LEAD
from shared.domain.window.text import parse_start_time, parse_utc_offset
from shared.environment import (
    PREVIEW,
    Environment,
    api_version,
    flag,
    https_address,
    listed,
    parsed,
    positive,
    refuse,
    text,
    whole,
)
from shared.storage_settings import StorageSettings, read_storage
from shared.timer_schedules import TIMERS, timer_schedule

PUBLIC_ARM = "https://management.azure.com"
MAXIMUM_LEAD = timedelta(days=1)
MOST_BURST = 100_000
NODE_IMAGES_API_VERSION = "2026-04-02-preview"
"""The version of Azure's own documentation; no stable version has `nodeImageVersions`."""
LONGEST_VERIFY_MINUTES = 24 * 60

# nodeProvisioningProfile is in these versions and later (Azure/bicep-types-az); without it naptime
# would take every cluster for one without node auto-provisioning. maintenanceWindow is older
# (Azure/azure-rest-api-specs, aks/stable/2023-05-01 has the first examples of it).
OLDEST_STABLE, OLDEST_PREVIEW = "2025-05-01", "2024-01-02-preview"
FIRST_WITH_WINDOWS = "2023-05-01"


class Settings(Struct, frozen=True):
    """Everything that the environment says, valid or not constructible from it."""

    subscriptions: frozenset[str]
    desired: Desired
    dry_run: bool
    pace: Pace
    read_pace: Pace
    """Of reads from Resource Manager, for each subscription."""
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
    aks_api_version: str | None
    """None: the SDK's own."""
    verify_max_age: timedelta
    entra: bool
    """Whether App Service authentication is on, so that the caller's name can be believed."""
    host_name: str | None = None
    """The name by which the platform says that the app is reached."""

    def allows(self, subscription_id: str) -> bool:
        """Tell whether naptime may act on that subscription, compared without case."""
        return subscription_id.lower() in self.subscriptions


def read_settings(environment: Environment) -> Settings:
    """Read and check every setting; raise `InvalidSetting` that names the variable."""
    for name in TIMERS:
        timer_schedule(environment, name)
    return Settings(
        subscriptions=_subscriptions(environment),
        desired=Desired(
            policy=Policy.of_one(_window(environment), _kubernetes(environment)),
            excluded=_excluded(environment),
            lead=_lead(environment),
            restores=_restores(environment),
        ),
        dry_run=flag(environment, "NAPTIME_DRY_RUN"),
        pace=_pace(environment, "SHARD", Pace()),
        read_pace=_pace(environment, "READ", READ_PACE),
        arm_endpoint=_arm_endpoint(environment),
        storage=read_storage(environment),
        own_client_id=text(environment, "AZURE_CLIENT_ID").lower() or None,
        image_ages=flag(environment, "NAPTIME_IMAGE_AGES"),
        image_old_days=whole(environment, "NAPTIME_IMAGE_OLD_DAYS", 60, 1, DAYS_OF_SUPPORT),
        topic_endpoint=_topic_endpoint(environment),
        event_source=_event_source(environment),
        node_images_api_version=_node_images_api_version(environment),
        aks_api_version=_aks_api_version(environment),
        verify_max_age=_verify_max_age(environment),
        # The platform's own and read-only: anything but its yes is a no, never an error.
        entra=text(environment, "WEBSITE_AUTH_ENABLED").lower() == "true",
        host_name=text(environment, "WEBSITE_HOSTNAME") or None,
    )


def _subscriptions(environment: Environment) -> frozenset[str]:
    name = "NAPTIME_SUBSCRIPTIONS"
    items = listed(environment, name)
    if not items:
        raise refuse(name, "", "must list the subscription ids that naptime may act on")
    return frozenset(parsed(name, item, parse_subscription_id) for item in items)


def _excluded(environment: Environment) -> tuple[Scope, ...]:
    name = "NAPTIME_EXCLUDE"
    return tuple(parsed(name, item, parse_scope) for item in listed(environment, name))


WINDOW_NAME = "settings"
"""The window, and the one rule, of an app that has no policy of its own."""


def _window(environment: Environment) -> NamedWindow:
    hours = whole(environment, "NAPTIME_WINDOW_HOURS", LEAST_HOURS, LEAST_HOURS, MOST_HOURS)
    offset = parsed(
        "NAPTIME_WINDOW_UTC_OFFSET",
        text(environment, "NAPTIME_WINDOW_UTC_OFFSET", "+00:00"),
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


def _kubernetes(environment: Environment) -> SameWindow | None:
    name = "NAPTIME_KUBERNETES_WINDOW"
    value = text(environment, name, "off")
    if value.lower() not in {"off", "same"}:
        raise refuse(name, value, "must be off, or same: the window of the node images")
    return SameWindow() if value.lower() == "same" else None


def _day(environment: Environment) -> Weekday:
    name = "NAPTIME_WINDOW_DAY"
    return parsed(name, text(environment, name, "Sunday"), parse_weekday)


def _start(environment: Environment) -> time:
    name = "NAPTIME_WINDOW_START"
    return parsed(name, text(environment, name, "01:00"), parse_start_time)


def _lead(environment: Environment) -> timedelta:
    minimum, maximum = (int(lead / timedelta(minutes=1)) for lead in (MINIMUM_LEAD, MAXIMUM_LEAD))
    return timedelta(minutes=whole(environment, "NAPTIME_LEAD_MINUTES", 40, minimum, maximum))


def _restores(environment: Environment) -> bool:
    name = "NAPTIME_RESTORE"
    value = text(environment, name, "last").lower()
    if value not in {"last", "policy"}:
        raise refuse(name, value, "must be last or policy")
    return value == "last"


def _spread(environment: Environment, hours: int) -> timedelta:
    name = "NAPTIME_WINDOW_SPREAD_MINUTES"
    value = text(environment, name)
    if not value:
        return usual_spread(hours)

    def parse(written: str) -> timedelta:
        digits = re.fullmatch(r"\d{1,6}", written, re.ASCII)
        return parse_spread(int(written) if digits else written, hours)

    return parsed(name, value, parse)


READ_PACE = Pace(200, 22)
"""Under the 250 and 25 of Resource Manager (learn.microsoft.com, request-limits-and-throttling)."""


def _pace(environment: Environment, kind: str, default: Pace) -> Pace:
    burst = whole(environment, f"NAPTIME_{kind}_BURST", default.burst, 2, MOST_BURST)
    rate = f"NAPTIME_{kind}_RATE_PER_SECOND"
    return Pace(burst, positive(environment, rate, default.rate_per_second))


def _arm_endpoint(environment: Environment) -> str:
    name = "NAPTIME_ARM_ENDPOINT"
    return https_address(name, text(environment, name, PUBLIC_ARM))


def _topic_endpoint(environment: Environment) -> str | None:
    name = "NAPTIME_TOPIC_ENDPOINT"
    value = text(environment, name)
    return https_address(name, value) if value else None


def _event_source(environment: Environment) -> str:
    """Name the app, as the platform's own setting does; other hosts have no such setting."""
    name = "WEBSITE_SITE_NAME"
    value = text(environment, name, "naptime").lower()
    if not re.fullmatch(r"[a-z0-9-]{1,60}", value, re.ASCII):
        raise refuse(name, value, "must be the name of a function app: letters, digits, dashes")
    return f"urn:naptime:{value}"


def _node_images_api_version(environment: Environment) -> str:
    name = "NAPTIME_NODE_IMAGES_API_VERSION"
    return api_version(name, text(environment, name, NODE_IMAGES_API_VERSION))


def _aks_api_version(environment: Environment) -> str | None:
    """Read the version for a cloud that lags; an older one than these could protect nothing."""
    name = "NAPTIME_AKS_API_VERSION"
    value = text(environment, name)
    if not value:
        return None
    oldest = OLDEST_PREVIEW if value.endswith(PREVIEW) else OLDEST_STABLE
    if api_version(name, value) < oldest:
        raise refuse(
            name,
            value,
            f"must be {OLDEST_STABLE} or later ({OLDEST_PREVIEW} for previews): maintenance windows"
            f" for the node OS schedule came with {FIRST_WITH_WINDOWS}, and only from then on do"
            " clusters say whether they have node auto-provisioning",
        )
    return value


def _verify_max_age(environment: Environment) -> timedelta:
    name = "NAPTIME_VERIFY_MAX_AGE_MINUTES"
    return timedelta(minutes=whole(environment, name, 60, 0, LONGEST_VERIFY_MINUTES))
