"""A forecast as it is shown: every instant in UTC and in the window's own offset.

The forecasts for one cluster: one for each image that is the newest of its OS.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal, TypedDict, assert_never

from shared.domain.deciding.last_outcome import schedule_from_text
from shared.domain.deciding.observed import SeenSchedule
from shared.domain.images.by_upgrade import UpgradeForecast, UpgradeTime, forecast_upgrade
from shared.domain.images.channels import Channels, KnownCluster
from shared.domain.images.forecast import (
    AnyTime,
    Forecast,
    InWindow,
    PickUp,
    Unknown,
    forecast,
    forecast_of_none,
)
from shared.domain.images.known_image import SeenImage
from shared.domain.vocabulary import instants
from shared.domain.window.window import Occurrence


class SeenImageJson(TypedDict):
    """The image that a forecast is about: a version of an OS, and the kinds that have it.

    `seenSince` is when naptime first saw it in the location, `seenAfter` when it looked before and
    the image was not there yet; null is the first sight, and the image may be older by any time.
    """

    os: str
    version: str
    skus: list[str]
    seenSince: str
    seenAfter: str | None


class InstantJson(TypedDict):
    """An instant in UTC, and in the window's own offset; `local` is null without a window."""

    utc: str
    local: str | None


class PossibleJson(TypedDict):
    """In which time the image may come; not certain where the occurrence may yet be cut."""

    start: InstantJson
    end: InstantJson
    certain: bool


class PickUpJson(TypedDict):
    """When the image is picked up: at any time, in the window, or nobody knows; null is unknown.

    It does not come before the first, may come while it is possible, and has come by the last.
    """

    pickUp: Literal["AnyTime", "InWindow", "Unknown"]
    notBefore: InstantJson | None
    possible: PossibleJson | None
    certainBy: InstantJson | None
    why: str | None


class ByWindowJson(PickUpJson):
    """When a new node image is picked up, if the schedule stays as it is, and what limits that.

    The image is null where naptime has not seen one in the location yet.
    """

    image: SeenImageJson | None
    notes: list[str]


class ByUpgradeJson(TypedDict):
    """When AKS begins an upgrade of Kubernetes by itself, which brings the newest images with it.

    `possible` is the time, under way or next, in which it may begin, where a window says so.
    """

    begins: UpgradeTime
    possible: PossibleJson | None
    why: str


class ForecastJson(ByWindowJson):
    """When a new node image may come, if both schedules stay as they are, and what limits that.

    By the node OS window, and beside it by an upgrade of Kubernetes, whatever that window says.
    """

    byKubernetesUpgrade: ByUpgradeJson


def forecast_body(forecast: Forecast, image: SeenImage | None) -> ByWindowJson:
    """Give it ready for JSON: camelCase keys, ISO 8601; what is not known is null."""
    shown = _pick_up(forecast.pick_up)
    notes = list(forecast.notes)
    if image is not None and image.after is None:
        # It may have been there before: what counts from then is a bound at one end only.
        shown["notBefore"] = None
        notes.append(_first_sight(image))
    return {"image": _image(image) if image else None, **shown, "notes": notes}


def _by_upgrade(found: UpgradeForecast) -> ByUpgradeJson:
    possible = _occurrence(found.possible, found.utc_offset)
    return {"begins": found.begins, "possible": possible, "why": found.why}


def _first_sight(image: SeenImage) -> str:
    return (
        f"naptime saw the image first at {instants.to_text(image.since)}, not its release: it may "
        "have been there before, and may have been picked up already. So it is not known before "
        "when it cannot have come; by when it must have come is known."
    )


def _image(image: SeenImage) -> SeenImageJson:
    return {
        "os": image.os,
        "version": str(image.version),
        "skus": list(image.skus),
        "seenSince": instants.to_text(image.since),
        "seenAfter": instants.to_text(image.after) if image.after else None,
    }


def _pick_up(pick_up: PickUp) -> PickUpJson:
    match pick_up:
        case AnyTime(not_before, certain_by, why):
            return {
                "pickUp": "AnyTime",
                "notBefore": _instant(not_before),
                "possible": _occurrence(
                    Occurrence(not_before, certain_by) if not_before and certain_by else None
                ),
                "certainBy": _instant(certain_by),
                "why": why,
            }
        case InWindow(not_before, possible, certain_by, offset):
            return {
                "pickUp": "InWindow",
                "notBefore": _instant(not_before, offset),
                "possible": _occurrence(possible, offset),
                "certainBy": _instant(certain_by, offset),
                "why": None,
            }
        case Unknown(why):
            return {
                "pickUp": "Unknown",
                "notBefore": None,
                "possible": None,
                "certainBy": None,
                "why": why,
            }
        case _:
            assert_never(pick_up)


def _occurrence(
    occurrence: Occurrence | None, offset: timedelta | None = None
) -> PossibleJson | None:
    if occurrence is None:
        return None
    return {
        "start": _at(occurrence.start, offset),
        "end": _at(occurrence.end, offset),
        "certain": occurrence.certain,
    }


def _instant(instant: datetime | None, offset: timedelta | None = None) -> InstantJson | None:
    return None if instant is None else _at(instant, offset)


def _at(instant: datetime, offset: timedelta | None) -> InstantJson:
    local = None if offset is None else instant.astimezone(timezone(offset)).isoformat()
    return {"utc": instants.to_text(instant), "local": local}


_MOST_KEPT = 1024
"""Forecasts of a minute that are kept: most clusters of a fleet share their window with others."""

_NOT_SEEN = "The cluster's node OS schedule has not been seen yet."
_NO_IMAGE = "No node image has been seen in this location yet."


@lru_cache(_MOST_KEPT)
def known_forecasts(
    cluster: KnownCluster, images: tuple[SeenImage, ...], minute: datetime
) -> list[ForecastJson]:
    """Give the forecasts for what is remembered, as of a full minute; callers share the answer."""
    seen, upgrades = map(schedule_from_text, (cluster.schedule_text, cluster.auto_upgrade_text))
    return forecast_bodies(cluster, seen, images, minute, upgrades)


def forecast_bodies(
    cluster: Channels,
    seen: SeenSchedule | None,
    images: Sequence[SeenImage],
    now: datetime,
    auto_upgrade: SeenSchedule | None = None,
) -> list[ForecastJson]:
    """Give the forecasts ready for JSON, at least one: without an image it is about none.

    `seen` and `auto_upgrade` None mean that nobody has looked for those schedules yet.
    """
    by_upgrade = _by_upgrade(forecast_upgrade(cluster, auto_upgrade, now))
    return [
        {**forecast_body(_of(cluster, seen, image, now), image), "byKubernetesUpgrade": by_upgrade}
        for image in images or (None,)
    ]


def _of(
    cluster: Channels, seen: SeenSchedule | None, image: SeenImage | None, now: datetime
) -> Forecast:
    if seen is None:
        return Forecast(Unknown(_NOT_SEEN), ())
    if image is None:
        return forecast_of_none(cluster, seen.schedule, _NO_IMAGE)
    return forecast(cluster, seen.schedule, image.since, now, image.after)
