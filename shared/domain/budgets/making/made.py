"""Budgets for one window as they are handed out: as JSON, as YAML, as patches."""

from datetime import datetime, tzinfo
from enum import StrEnum
from typing import TypedDict, assert_never

from msgspec import Struct

from shared.domain.budgets.budget import DisruptionSpecJson, disruption_json
from shared.domain.budgets.making.generate import BudgetWish, Generated, generate
from shared.domain.budgets.making.seasons import Season, for_all_seasons, seasons_of
from shared.domain.budgets.making.written import NOTES, TWO_LISTS, patches_of, yaml_of
from shared.domain.vocabulary.instants import to_text
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow


class TextForm(StrEnum):
    """How budgets are written: as the part of a NodePool, or as patches for all of them."""

    YAML = "yaml"
    PATCH = "patch"


class BudgetListJson(TypedDict):
    """Budgets, and how far they are from the window.

    `letsIn` says in sentences when nodes may roll though the window is closed; `until` is when the
    list has to be made anew, null if it holds for good.
    """

    spec: DisruptionSpecJson
    letsIn: list[str]
    until: str | None


class SeasonJson(BudgetListJson):
    """Budgets for the time in which a place has one offset.

    `begins` is null where it has begun, `ends` where it does not end within a year.
    """

    utcOffset: str
    begins: str | None
    ends: str | None


class MadeJson(BudgetListJson):
    """Budgets for a window: `spec` is what every NodePool takes now.

    `seasons` has a list for each offset of the coming year, the present one first, where a zone was
    asked for: budgets know UTC only. `notes` decide whether any of it works.
    """

    seasons: list[SeasonJson]
    notes: list[str]


class Made(Struct, frozen=True):
    """Budgets for a window as of now, and by season where a place has several offsets."""

    present: Generated
    seasons: tuple[Season, ...] = ()

    def to_json(self) -> MadeJson:
        return {
            **_list_json(self.present),
            "seasons": [_season_json(each) for each in self.seasons],
            "notes": [*([TWO_LISTS] if self.seasons else []), *NOTES],
        }

    def text(self, form: TextForm, title: str) -> str:
        """Write them; the title is the first line of the comments."""
        match form:
            case TextForm.YAML:
                return yaml_of(self.present, title, self.seasons)
            case TextForm.PATCH:
                return patches_of(self.present, title, self.seasons)
            case _:
                assert_never(form)


def make_budgets(
    window: MaintenanceWindow,
    wish: BudgetWish,
    now: datetime,
    zone: tzinfo | None = None,
    *,
    superset: bool = False,
) -> Made:
    """Make budgets for a window, by the clock of a place if one is given.

    `superset` makes one list for all of its offsets. Raises InvalidInput where the wish does not go
    with the window, or the window's offset is none of the place's.
    """
    if zone is None:
        return Made(generate(window, wish, now))
    if superset:
        return Made(for_all_seasons(window, wish, zone, now))
    present, *others = seasons_of(window, wish, zone, now)
    return Made(present.generated, (present, *others) if others else ())


def _list_json(generated: Generated) -> BudgetListJson:
    return {
        "spec": disruption_json(generated.budgets),
        "letsIn": list(generated.lets_in),
        "until": to_text(generated.until) if generated.until else None,
    }


def _season_json(season: Season) -> SeasonJson:
    return {
        **_list_json(season.generated),
        "utcOffset": offset_text(season.utc_offset),
        "begins": to_text(season.since) if season.since else None,
        "ends": to_text(season.until) if season.until else None,
    }
