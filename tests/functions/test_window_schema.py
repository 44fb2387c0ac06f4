"""The description of a maintenance window and the domain's own reading of it agree."""

import copy
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import jsonschema_rs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.api.window_schema import WINDOW_SCHEMA
from shared.domain.deciding.wish import read_wish
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from tests.examples import examples
from tests.unit.domain.examples import SUNDAYS
from tests.unit.domain.strategies import json_values, windows

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DESCRIBED = jsonschema_rs.validator_for(WINDOW_SCHEMA)
BODY = write_window(SUNDAYS)

type Json = dict[str, object]


def accepted(body: object) -> bool:
    """Say whether the domain reads a window, its start date aside."""
    try:
        read_wish({"maintenanceWindow": body}, NOW)
    except InvalidWindow:
        return False
    return True


def objects(value: object) -> Iterator[Json]:
    """Yield every object in a JSON value."""
    inner: Iterable[object] = ()
    match value:
        case dict():
            yield value
            inner = value.values()
        case list():
            inner = value
        case _:
            pass
    for each in inner:
        yield from objects(each)


@st.composite
def spoilt(draw: st.DrawFn) -> Json:
    """Take a good body and change one value in it, or add one."""
    body = copy.deepcopy(write_window(draw(windows)))
    place = draw(st.sampled_from(list(objects(body))))
    name = draw(st.sampled_from([*place, "daily", "weekly", "colour"]))
    place[name] = draw(json_values | st.sampled_from(["+99:99", "24:00", "sunday", 0, 32]))
    return body


@given(windows)
def test_every_window_fits_the_description(window: MaintenanceWindow) -> None:
    """Whatever can be constructed is written as the description says."""
    assert list(DESCRIBED.iter_errors(write_window(window))) == []


@settings(max_examples=examples(100, 500))
@given(spoilt())
@example({**BODY, "startDate": None, "colour": None})
@example(
    {**BODY, "schedule": {"daily": None, "weekly": {"intervalWeeks": 1, "dayOfWeek": "SUNDAY"}}}
)
@example({**BODY, "utcOffset": "+99:99"})
@example({**BODY, "startTime": "24:00"})
@example({**BODY, "durationHours": 4.0})
@example({**BODY, "durationHours": True})
def test_what_does_not_fit_is_refused(body: Json) -> None:
    """What the domain accepts fits the description: nothing wrong by it gets through."""
    if accepted(body):
        assert list(DESCRIBED.iter_errors(body)) == []


def test_the_description_is_not_empty() -> None:
    """The description refuses what is wrong in each part."""
    wrong: list[Json] = [
        {**BODY, "durationHours": 3},
        {**BODY, "startTime": "25:00"},
        {**BODY, "schedule": {}},
        {**BODY, "schedule": {"daily": {"intervalDays": 8}}},
        {**BODY, "notAllowedDates": [{"start": "2026-01-01"}]},
        {**BODY, "colour": "blue"},
        {name: value for name, value in BODY.items() if name != "durationHours"},
    ]
    assert not [body for body in wrong if DESCRIBED.is_valid(body)]
