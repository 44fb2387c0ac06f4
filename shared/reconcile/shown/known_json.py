"""A cluster of the fleet as it was seen last."""

from datetime import datetime

from shared.domain.deciding.last_outcome import LastOutcomeJson
from shared.domain.fleet.last_known import Remembered
from shared.domain.images.age import ImageAgeJson
from shared.domain.vocabulary import instants
from shared.reconcile.shown.forecast_json import ForecastJson


class KnownClusterJson(LastOutcomeJson):
    """The last known state of a cluster; `readAt` is when its schedule was last read.

    What was found of its node images (`imageAge`) is the last of the findings. The forecasts are
    for the schedule that was seen last. `crowdedStart` is the start (UTC) that it shares with many
    clusters of its subscription and location, as they were counted last; null if it does not.
    """

    location: str | None
    explicitScheduleSeen: bool
    readAt: str | None
    imageAge: ImageAgeJson | None
    forecasts: list[ForecastJson]
    crowdedStart: str | None
    madeBy: str | None
    kubernetesMadeBy: str | None


def known_json(
    known: Remembered, forecasts: list[ForecastJson], crowded_start: datetime | None
) -> KnownClusterJson:
    """Show it with the forecasts for it, and the start that it shares."""
    return {
        **known.last_outcome,
        "findings": known.findings,
        "location": known.location or None,
        "explicitScheduleSeen": known.explicit,
        "readAt": instants.to_text(known.read_at) if known.read_at else None,
        "imageAge": known.image_age.to_json() if known.image_age else None,
        "forecasts": forecasts,
        "crowdedStart": instants.to_text(crowded_start) if crowded_start else None,
        "madeBy": known.made_by,
        "kubernetesMadeBy": known.upgrades_made_by,
    }
