"""Made-up windows, instants and JSON for the properties of the domain."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.window import DateSpan, MaintenanceWindow

instants = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy adds the time zone
    max_value=datetime(2029, 1, 1),  # noqa: DTZ001 - the strategy adds the time zone
    timezones=st.just(UTC),
)
dates = st.dates(min_value=date(2024, 1, 1), max_value=date(2029, 1, 1))
weekdays = st.sampled_from(Weekday)
week_indexes = st.sampled_from(WeekIndex)
offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes))
start_times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
durations = st.integers(4, 24)
spans = st.builds(
    lambda start, days: DateSpan(start, start + timedelta(days=days)), dates, st.integers(0, 400)
)

plain_recurrences: st.SearchStrategy[Recurrence] = st.one_of(
    st.just(Daily(1)),
    st.builds(Weekly, st.just(1), weekdays),
    st.builds(AbsoluteMonthly, st.just(1), st.integers(1, 28)),
    st.builds(RelativeMonthly, st.just(1), week_indexes, weekdays),
)
recurrences: st.SearchStrategy[Recurrence] = st.one_of(
    st.builds(Daily, st.integers(1, 7)),
    st.builds(Weekly, st.integers(1, 4), weekdays),
    st.builds(AbsoluteMonthly, st.integers(1, 6), st.integers(1, 31)),
    st.builds(RelativeMonthly, st.integers(1, 6), week_indexes, weekdays),
)
plain_windows = st.builds(
    MaintenanceWindow,
    plain_recurrences,
    start_times,
    durations,
    offsets,
    st.none() | dates,
    st.lists(spans, max_size=3).map(tuple),
)
windows = st.builds(
    MaintenanceWindow,
    recurrences,
    start_times,
    durations,
    offsets,
    st.none() | st.dates(),
    st.lists(spans, max_size=3).map(tuple),
)
settings_windows = st.builds(
    MaintenanceWindow,
    st.one_of(st.just(Daily(1)), st.builds(Weekly, st.just(1), weekdays)),
    start_times,
    durations,
    offsets,
)
leads = st.integers(30, 4 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))

json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=8,
)
