"""What a person wishes a schedule to be; its window is read strictly, every problem at once."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.deciding.conditions import Condition
from shared.domain.vocabulary.fields import Fields, object_or_empty
from shared.domain.vocabulary.invalid import InvalidWindow, Problem
from shared.domain.window.body import read_window
from shared.domain.window.starts import past_start_date
from shared.domain.window.text import parse_date, parse_utc_offset
from shared.domain.window.window import MaintenanceWindow

_WINDOW = "maintenanceWindow"

MOST_SPANS = 200
"""naptime's own limit: what is remembered of a cluster has to fit into a table row."""


class Wish(Struct, frozen=True):
    """A window, whether advice against it counts, and what must hold before."""

    window: MaintenanceWindow
    force: bool = False
    condition: Condition = field(default_factory=Condition)


def read_wish(properties: Mapping[str, object], now: datetime) -> MaintenanceWindow:
    """Read the window that the ARM `properties` of a wish hold.

    Raises InvalidWindow with everything that AKS would refuse. A start date in the past counts
    only beside other problems: alone it is no problem if the very same window is there already,
    which only a look at the cluster tells.
    """
    try:
        return _read(properties)
    except InvalidWindow as error:
        problems = (*error.problems, *_past_start_date(properties, now))
        raise InvalidWindow(problems) from None


def _past_start_date(properties: Mapping[str, object], now: datetime) -> Iterator[Problem]:
    """Find it in a window that has other problems; one in the date or the offset is not told."""
    fields = Fields(object_or_empty(properties.get(_WINDOW)), _WINDOW, [])
    offset = fields.optional("utcOffset", parse_utc_offset) or timedelta()
    problem = past_start_date(fields.optional("startDate", parse_date), offset, now)
    if problem:
        yield problem


def _read(properties: Mapping[str, object]) -> MaintenanceWindow:
    if properties.get(_WINDOW) is None:
        # Without this, the window alone would do as well, which ARM does not take.
        fields = Fields(properties, "", [])
        fields.refuse_unknown((_WINDOW,))
        fields.refuse(_WINDOW, None, "is required")
        raise InvalidWindow(fields.problems)
    window = read_window(properties, strict=True)
    if len(window.not_allowed_dates) > MOST_SPANS:
        rule = f"must hold at most {MOST_SPANS} spans, which is naptime's own limit"
        raise InvalidWindow.because(f"{_WINDOW}.notAllowedDates", None, rule)
    return window
