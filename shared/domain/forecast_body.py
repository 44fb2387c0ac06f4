"""A forecast as the API shows it: every instant in UTC and in the window's own offset."""

from datetime import datetime, timedelta, timezone
from typing import assert_never

from shared.domain import instants
from shared.domain.forecast import AnyTime, Forecast, InWindow, PickUp, Unknown
from shared.domain.spans import Occurrence


def forecast_body(forecast: Forecast) -> dict[str, object]:
    """Give it ready for JSON: camelCase keys; what is not known is null.

    An instant is `{"utc": ..., "local": ...}` in ISO 8601; `local` is null without a window.
    """
    return {
        "imageVisibleSince": instants.to_text(forecast.visible_since),
        **_pick_up(forecast.pick_up),
        "notes": list(forecast.notes),
    }


def _pick_up(pick_up: PickUp) -> dict[str, object]:
    nothing: dict[str, object] = dict.fromkeys(("notBefore", "possible", "certainBy", "why"))
    match pick_up:
        case AnyTime(not_before, certain_by, why):
            possible = Occurrence(not_before, certain_by)
            shown: dict[str, object] = {
                "notBefore": _instant(not_before),
                "possible": _occurrence(possible),
                "certainBy": _instant(certain_by),
                "why": why,
            }
        case InWindow(not_before, in_which, by, offset):
            shown = {
                "notBefore": _instant(not_before, offset),
                "possible": _occurrence(in_which, offset) if in_which else None,
                "certainBy": _instant(by, offset) if by else None,
            }
        case Unknown(why):
            shown = {"why": why}
        case _:
            assert_never(pick_up)
    return {"pickUp": type(pick_up).__name__, **nothing, **shown}


def _occurrence(occurrence: Occurrence, offset: timedelta | None = None) -> dict[str, object]:
    return {
        "from": _instant(occurrence.start, offset),
        "to": _instant(occurrence.end, offset),
        "isCertainToOpen": occurrence.certain,
    }


def _instant(instant: datetime, offset: timedelta | None = None) -> dict[str, object]:
    local = None if offset is None else instant.astimezone(timezone(offset)).isoformat()
    return {"utc": instants.to_text(instant), "local": local}
