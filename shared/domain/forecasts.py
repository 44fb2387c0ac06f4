"""The forecasts for one cluster: one for each image that is the newest of its OS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from shared.domain.forecast import Channels, Forecast, Unknown, forecast, forecast_of_none
from shared.domain.forecast_body import ForecastJson, forecast_body
from shared.domain.known_schedule import schedule_from_text
from shared.domain.observed import SeenSchedule
from shared.domain.seen_image import SeenImage

_MOST_KEPT = 1024
"""Forecasts of a minute that are kept: most clusters of a fleet share their window with others."""

_NOT_SEEN = "The cluster's node OS schedule has not been seen yet."
_NO_IMAGE = "No node image has been seen in this location yet."


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """As much of what is remembered of a cluster as its forecasts need."""

    node_os_channel: str | None
    upgrade_channel: str | None
    schedule_text: str
    """As `schedule_to_text` wrote it; empty if nothing was seen."""


@lru_cache(_MOST_KEPT)
def known_forecasts(
    cluster: KnownCluster, images: tuple[SeenImage, ...], minute: datetime
) -> list[ForecastJson]:
    """Give the forecasts for what is remembered, as of a full minute; callers share the answer."""
    return forecast_bodies(cluster, schedule_from_text(cluster.schedule_text), images, minute)


def forecast_bodies(
    cluster: Channels, seen: SeenSchedule | None, images: Sequence[SeenImage], now: datetime
) -> list[ForecastJson]:
    """Give the forecasts ready for JSON, at least one: without an image it is about none.

    `seen` None means that nobody has looked at the cluster's configurations yet.
    """
    if not images:
        return [forecast_body(_of_none(cluster, seen), None)]
    return [forecast_body(_of(cluster, seen, image, now), image) for image in images]


def _of_none(cluster: Channels, seen: SeenSchedule | None) -> Forecast:
    if seen is None:
        return Forecast(Unknown(_NOT_SEEN), ())
    return forecast_of_none(cluster, seen.schedule, _NO_IMAGE)


def _of(cluster: Channels, seen: SeenSchedule | None, image: SeenImage, now: datetime) -> Forecast:
    if seen is None:
        return Forecast(Unknown(_NOT_SEEN), ())
    return forecast(cluster, seen.schedule, image.since, now, image.after)
