"""Node images and the forecasts for them, as rows of the fleet page: those that are equal once."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from shared.domain.fleet.last_known import Remembered
from shared.domain.images.by_upgrade import UpgradeTime
from shared.domain.images.known_image import SeenImage
from shared.domain.vocabulary import instants
from shared.reconcile.shown.forecast_json import ForecastJson, InstantJson, known_forecasts
from shared.reconcile.shown.page.places import Places, Texts
from shared.reconcile.shown.page.rows import NONE, ForecastRow, ImageRow
from shared.reconcile.shown.page.windows import MINUTE


class Waits(Struct):
    """The tables of images and forecasts under way; minutes count from `day`."""

    day: datetime
    minute: datetime
    seen: Mapping[str, tuple[SeenImage, ...]]
    locations: Places[str]
    texts: Texts
    forecasts: Places[ForecastRow] = field(default_factory=Places)
    lists: Places[tuple[int, ...]] = field(default_factory=Places)
    images: Places[ImageRow] = field(default_factory=Places)
    _by_name: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _known: dict[int, tuple[list[ForecastJson], int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for location, images in sorted(self.seen.items()):
            for image in images:
                place = self.images.of(self._image(location, image))
                self._by_name.setdefault((location, image.os, str(image.version)), place)

    def of(self, known: Remembered) -> int:
        """Give the place of a cluster's list of forecasts."""
        images = self.seen.get(known.location, ())
        found = known_forecasts(known.forecast_needs, images, self.minute)
        # Clusters with equal needs share one answer: it is looked through once.
        if id(found) not in self._known:
            rows = [self.forecasts.of(self._forecast(known.location, each)) for each in found]
            self._known[id(found)] = found, self.lists.of(tuple(rows))
        return self._known[id(found)][1]

    def _image(self, location: str, image: SeenImage) -> ImageRow:
        since, after = self._minute(image.since), image.after
        seen_after = self._minute(after) if after else None
        place = self.locations.of(location)
        return ImageRow(place, image.os, str(image.version), since, seen_after)

    def _forecast(self, location: str, shown: ForecastJson) -> ForecastRow:
        # Without a window the last instant moves with the clock, and says nothing but "soon".
        is_held = shown["pickUp"] != "AnyTime"
        possible, image = shown["possible"] if is_held else None, shown["image"]
        upgrade = shown["byKubernetesUpgrade"]
        also = () if upgrade["begins"] is UpgradeTime.ONLY_BY_HAND else (upgrade["why"],)
        notes = (self.texts.of(note) for note in (*shown["notes"], *also))
        return ForecastRow(
            image=self._by_name[location, image["os"], image["version"]] if image else NONE,
            pick_up=shown["pickUp"],
            not_before=self._shown(shown["notBefore"]),
            start=self._shown(possible["start"]) if possible else None,
            end=self._shown(possible["end"]) if possible else None,
            certain_by=self._shown(shown["certainBy"]) if is_held else None,
            why=self.texts.of(shown["why"] or ""),
            notes=tuple(place for place in notes if place != NONE),
        )

    def _shown(self, instant: InstantJson | None) -> int | None:
        return self._minute(instants.from_text(instant["utc"])) if instant else None

    def _minute(self, instant: datetime) -> int:
        return (instant - self.day) // MINUTE
