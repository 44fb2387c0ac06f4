"""When an image is picked up: tables by hand, and properties for every window and instant.

The image of the tables becomes visible on Wednesday, 2026-08-26, at 12:00 UTC; a list that must
have it is compared by from Saturday, 2026-08-29, 12:05 on.
"""

from copy import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.observed import ObservedSchedule
from shared.domain.images.forecast import (
    LIST_KEPT,
    RECONCILE_EVERY,
    AnyTime,
    Forecast,
    InWindow,
    PickUp,
    Unknown,
    forecast,
    forecast_of_none,
)
from shared.domain.images.known_image import SeenImage
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.window import DateSpan, MaintenanceWindow, Occurrence
from shared.reconcile.shown.forecast_json import forecast_body
from tests.unit.domain.examples import DAY, HOUR, MINUTE, SUNDAYS, at, cluster
from tests.unit.domain.images.test_node_image import version
from tests.unit.domain.strategies import instants, plain_windows, windows

VISIBLE = at("2026-08-26 12:00")
LISTED = LIST_KEPT + RECONCILE_EVERY


def expected(
    window: MaintenanceWindow, now: datetime = VISIBLE, visible_since: datetime = VISIBLE
) -> PickUp:
    return forecast(cluster(), ObservedSchedule(window), visible_since, now).pick_up


def weekly(
    day: Weekday, start: time = time(1), not_allowed_dates: tuple[DateSpan, ...] = ()
) -> MaintenanceWindow:
    return MaintenanceWindow(Weekly(1, day), start, 4, not_allowed_dates=not_allowed_dates)


def blocked(*spans: tuple[str, str]) -> tuple[DateSpan, ...]:
    return tuple(
        DateSpan(date.fromisoformat(start), date.fromisoformat(end)) for start, end in spans
    )


def local(recurrence: Recurrence, start: str, hours: int) -> MaintenanceWindow:
    moment = datetime.fromisoformat(f"2026-01-01T{start}")
    offset = moment.utcoffset() or timedelta()
    return MaintenanceWindow(recurrence, moment.time(), hours, offset)


@pytest.mark.parametrize(
    ("window", "not_before", "to", "certain_by"),
    [
        # Four days may bring it, the fourth, from which on the list must have it, does.
        (local(Daily(1), "01:00+00:00", 4), "08-27 01:00", "08-27 05:00", "08-30 05:00"),
        # The day's window ends at 13:00, fifty-five minutes after the list must have it.
        (local(Daily(1), "09:00+00:00", 4), "08-26 12:00", "08-26 13:00", "08-29 13:00"),
        (local(Daily(1), "08:00+00:00", 4), "08-27 08:00", "08-27 12:00", "08-30 12:00"),
        (local(Daily(1), "12:00+00:00", 24), "08-26 12:00", "08-27 12:00", "08-30 12:00"),
        (weekly(Weekday.SUNDAY), "08-30 01:00", "08-30 05:00", "08-30 05:00"),
        (weekly(Weekday.FRIDAY), "08-28 01:00", "08-28 05:00", "09-04 05:00"),
        (weekly(Weekday.SATURDAY, time(8)), "08-29 08:00", "08-29 12:00", "09-05 12:00"),
        (weekly(Weekday.SATURDAY, time(8, 5)), "08-29 08:05", "08-29 12:05", "09-05 12:05"),
        (weekly(Weekday.SATURDAY, time(8, 6)), "08-29 08:06", "08-29 12:06", "08-29 12:06"),
        # Sunday 01:00 at +05:30 is Saturday 19:30 in UTC, at -08:00 Sunday 09:00.
        (
            local(Weekly(1, Weekday.SUNDAY), "01:00+05:30", 4),
            *("08-29 19:30", "08-29 23:30", "08-29 23:30"),
        ),
        (
            local(Weekly(1, Weekday.SUNDAY), "01:00-08:00", 4),
            *("08-30 09:00", "08-30 13:00", "08-30 13:00"),
        ),
        # Wednesday 23:00 at -12:00 is Thursday 11:00 in UTC; at +14:00 it is Wednesday 09:00.
        (
            local(Weekly(1, Weekday.WEDNESDAY), "23:00-12:00", 4),
            *("08-27 11:00", "08-27 15:00", "09-03 15:00"),
        ),
        (
            local(Weekly(1, Weekday.WEDNESDAY), "23:00+14:00", 4),
            *("08-26 12:00", "08-26 13:00", "09-02 13:00"),
        ),
        (
            local(AbsoluteMonthly(1, 28), "01:00+00:00", 4),
            *("08-28 01:00", "08-28 05:00", "09-28 05:00"),
        ),
        (
            local(AbsoluteMonthly(1, 1), "01:00+02:00", 6),
            *("08-31 23:00", "09-01 05:00", "09-01 05:00"),
        ),
        (
            local(RelativeMonthly(1, WeekIndex.LAST, Weekday.FRIDAY), "22:00+00:00", 4),
            *("08-28 22:00", "08-29 02:00", "09-26 02:00"),
        ),
        (
            local(RelativeMonthly(1, WeekIndex.FIRST, Weekday.SUNDAY), "01:00+00:00", 4),
            *("09-06 01:00", "09-06 05:00", "09-06 05:00"),
        ),
    ],
)
def test_each_recurrence(
    window: MaintenanceWindow, not_before: str, to: str, certain_by: str
) -> None:
    """It comes in the first occurrence, and by the end of the first with an instant 72:05 later."""
    found = expected(window)
    start = at(f"2026-{not_before}")
    assert found == InWindow(
        start, Occurrence(start, at(f"2026-{to}")), at(f"2026-{certain_by}"), window.utc_offset
    )


def test_a_window_that_is_open_now() -> None:
    """An image that becomes visible within a window may come from that moment on."""
    window = weekly(Weekday.WEDNESDAY, time(10))
    found = expected(window)
    assert isinstance(found, InWindow)
    assert found.not_before == VISIBLE
    assert found.possible == Occurrence(VISIBLE, at("2026-08-26 14:00"))
    assert found.certain_by == at("2026-09-02 14:00")


@pytest.mark.parametrize(
    ("now", "possible"),
    [
        ("2026-08-26 12:00", "2026-08-28 01:00"),
        ("2026-08-28 04:59", "2026-08-28 01:00"),
        ("2026-08-28 05:00", "2026-09-04 01:00"),
        ("2026-09-04 04:59", "2026-09-04 01:00"),
        ("2026-09-04 05:00", None),
        ("2027-01-01 00:00", None),
    ],
)
def test_as_time_goes_by(now: str, possible: str | None) -> None:
    """The occurrence in which it may come is the one that is open or next, until it must have."""
    found = expected(weekly(Weekday.FRIDAY), at(now))
    start = at(possible) if possible else None
    assert isinstance(found, InWindow)
    assert found.not_before == at("2026-08-28 01:00")
    assert found.certain_by == at("2026-09-04 05:00")
    assert found.possible == (start and Occurrence(start, start + 4 * HOUR))


def test_not_allowed_dates_are_left_out() -> None:
    """An occurrence that starts on a not-allowed date does not count."""
    window = weekly(Weekday.SUNDAY, not_allowed_dates=blocked(("2026-08-30", "2026-09-05")))
    found = expected(window)
    assert isinstance(found, InWindow)
    assert found.not_before == at("2026-09-06 01:00")
    assert found.certain_by == at("2026-09-06 05:00")


def test_what_may_be_cut_is_possible_but_not_certain() -> None:
    """An occurrence that reaches into a not-allowed date may bring the image; the next one must."""
    window = weekly(
        Weekday.SUNDAY, time(22), not_allowed_dates=blocked(("2026-08-31", "2026-08-31"))
    )
    found = expected(window)
    assert isinstance(found, InWindow)
    start = at("2026-08-30 22:00")
    assert found.possible == Occurrence(start, start + 4 * HOUR, certain=False)
    assert found.certain_by == at("2026-09-07 02:00")


def test_nothing_is_certain_at_the_end_of_the_calendar() -> None:
    """Where the only occurrence left may be cut, nothing is certain."""
    window = weekly(
        Weekday.SUNDAY, time(22), not_allowed_dates=blocked(("2026-08-31", "9999-12-31"))
    )
    found = expected(window)
    assert isinstance(found, InWindow)
    assert (found.possible is not None, found.certain_by) == (True, None)
    assert expected(window, at("2026-09-01 00:00")) == Unknown(
        "The window has no occurrence any more."
    )


def test_a_window_that_never_comes() -> None:
    """Where every occurrence is blocked, nobody knows what happens."""
    window = replace(SUNDAYS, not_allowed_dates=blocked(("2020-01-01", "9999-12-31")))
    assert expected(window) == Unknown("The window has no occurrence any more.")


def test_a_start_date_ahead() -> None:
    """A window that is not active yet counts from its start date, with a word about until then."""
    window = replace(SUNDAYS, start_date=date(2026, 9, 1))
    found = forecast(cluster(), ObservedSchedule(window), VISIBLE, VISIBLE)
    assert isinstance(found.pick_up, InWindow)
    assert found.pick_up.not_before == at("2026-09-06 01:00")
    (note,) = found.notes
    assert "2026-09-01" in note


@pytest.mark.parametrize(
    ("start_date", "offset", "noted"),
    [
        (date(2026, 8, 25), 0, False),
        (date(2026, 8, 26), 0, True),
        (date(2026, 8, 26), 13, False),
        (date(2026, 8, 27), 13, True),
        (None, 0, False),
    ],
)
def test_a_window_younger_than_the_image(
    start_date: date | None, offset: int, *, noted: bool
) -> None:
    """ARM makes the start date the day of the write: one that is not before the image is noted."""
    window = replace(SUNDAYS, start_date=start_date, utc_offset=offset * HOUR)
    found = forecast(cluster(), ObservedSchedule(window), VISIBLE, VISIBLE)
    assert bool(found.notes) is noted


@pytest.mark.parametrize(
    ("now", "certain_by"),
    [
        ("2026-08-29 07:36", "2026-08-29 12:06"),
        ("2026-08-29 07:37", "2026-09-05 12:06"),
        ("2026-08-29 12:00", "2026-09-05 12:06"),
        ("2026-09-01 00:00", "2026-09-05 12:06"),
    ],
)
def test_a_window_of_today(now: str, certain_by: str) -> None:
    """On its start date a window may have been written too late for its occurrence to count."""
    window = replace(weekly(Weekday.SATURDAY, time(8, 6)), start_date=date(2026, 8, 29))
    found = expected(window, at(now))
    assert isinstance(found, InWindow)
    assert found.certain_by == at(certain_by)
    assert found.possible
    earlier = replace(window, start_date=date(2026, 8, 28))
    found = expected(earlier, at(now))
    assert isinstance(found, InWindow)
    assert found.certain_by == at("2026-08-29 12:06")


@pytest.mark.parametrize(
    ("now", "certain_by"),
    [
        (VISIBLE, VISIBLE + LISTED),
        (VISIBLE + 2 * DAY, VISIBLE + LISTED),
        (VISIBLE + 9 * DAY, VISIBLE + 9 * DAY + 5 * MINUTE),
    ],
)
@pytest.mark.parametrize("schedule", [None, ObservedSchedule()])
def test_without_a_window(
    schedule: ObservedSchedule | None, now: datetime, certain_by: datetime
) -> None:
    """Without a schedule, or with one that has no window, the image comes at any hour."""
    found = forecast(cluster(), schedule, VISIBLE, now).pick_up
    assert isinstance(found, AnyTime)
    assert (found.not_before, found.certain_by) == (VISIBLE, certain_by)
    assert "aksManagedNodeOSUpgradeSchedule" in found.why


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        (
            ObservedSchedule(MaintenanceWindow(Weekly(2, Weekday.SUNDAY), time(1), 4)),
            "intervalWeeks",
        ),
        (ObservedSchedule(MaintenanceWindow(AbsoluteMonthly(1, 31), time(1), 4)), "dayOfMonth"),
        (ObservedSchedule(MaintenanceWindow(Daily(3), time(1), 4)), "intervalDays"),
        (
            ObservedSchedule(unreadable=InvalidWindow.because("startTime", "x", "is odd")),
            "startTime",
        ),
    ],
)
def test_a_window_that_cannot_be_read_gives_no_forecast(
    schedule: ObservedSchedule, why: str
) -> None:
    """A window that is ambiguous or cannot be read gives no forecast, and says why."""
    found = forecast(cluster(), schedule, VISIBLE, VISIBLE).pick_up
    assert isinstance(found, Unknown)
    assert why in found.why


@pytest.mark.parametrize(
    ("channel", "noted"), [("NodeImage", False), (None, False), ("None", True), ("Unmanaged", True)]
)
def test_a_node_os_channel_that_is_off(channel: str | None, *, noted: bool) -> None:
    """Whether the window counts without a node OS channel is unknown, and said so."""
    owner = cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": channel})
    notes = forecast(owner, ObservedSchedule(SUNDAYS), VISIBLE, VISIBLE).notes
    assert bool(notes) is noted
    assert forecast(owner, None, VISIBLE, VISIBLE).notes == ()


IMAGE = SeenImage(
    "AKSUbuntu",
    version("202608.26.0"),
    ("2204gen2containerd", "2404gen2containerd"),
    VISIBLE,
    VISIBLE,
)
IMAGE_SHOWN = {
    "os": "AKSUbuntu",
    "version": "202608.26.0",
    "skus": ["2204gen2containerd", "2404gen2containerd"],
    "seenSince": "2026-08-26T12:00:00Z",
    "seenAfter": "2026-08-26T12:00:00Z",
}


def test_a_forecast_in_json() -> None:
    """Instants are shown in UTC and in the window's own offset."""
    window = local(Weekly(1, Weekday.FRIDAY), "01:00+05:30", 4)
    found = forecast(cluster(), ObservedSchedule(window), VISIBLE, VISIBLE)
    assert forecast_body(found, IMAGE) == {
        "image": IMAGE_SHOWN,
        "pickUp": "InWindow",
        "notBefore": {"utc": "2026-08-27T19:30:00Z", "local": "2026-08-28T01:00:00+05:30"},
        "possible": {
            "start": {"utc": "2026-08-27T19:30:00Z", "local": "2026-08-28T01:00:00+05:30"},
            "end": {"utc": "2026-08-27T23:30:00Z", "local": "2026-08-28T05:00:00+05:30"},
            "certain": True,
        },
        "certainBy": {"utc": "2026-09-03T23:30:00Z", "local": "2026-09-04T05:00:00+05:30"},
        "why": None,
        "notes": [],
    }


@pytest.mark.parametrize(
    ("pick_up", "shown"),
    [
        (
            AnyTime(VISIBLE, VISIBLE + DAY, "Because."),
            {
                "pickUp": "AnyTime",
                "notBefore": {"utc": "2026-08-26T12:00:00Z", "local": None},
                "possible": {
                    "start": {"utc": "2026-08-26T12:00:00Z", "local": None},
                    "end": {"utc": "2026-08-27T12:00:00Z", "local": None},
                    "certain": True,
                },
                "certainBy": {"utc": "2026-08-27T12:00:00Z", "local": None},
                "why": "Because.",
            },
        ),
        (
            AnyTime(None, None, "Because."),
            {
                **dict.fromkeys(("notBefore", "possible", "certainBy")),
                "pickUp": "AnyTime",
                "why": "Because.",
            },
        ),
        (
            Unknown("Because."),
            {
                **dict.fromkeys(("notBefore", "possible", "certainBy")),
                "pickUp": "Unknown",
                "why": "Because.",
            },
        ),
        (
            InWindow(VISIBLE, None, None, HOUR),
            {
                "pickUp": "InWindow",
                "notBefore": {"utc": "2026-08-26T12:00:00Z", "local": "2026-08-26T13:00:00+01:00"},
                **dict.fromkeys(("possible", "certainBy", "why")),
            },
        ),
    ],
)
def test_each_kind_in_json(pick_up: PickUp, shown: dict[str, object]) -> None:
    """Every kind of forecast has the same keys; what is not known is null."""
    found = forecast_body(Forecast(pick_up, ("A note.",)), None)
    assert found == {"image": None, **shown, "notes": ["A note."]}


@pytest.mark.parametrize("schedule", [None, ObservedSchedule(SUNDAYS)])
def test_an_image_at_first_sight_may_be_older(schedule: ObservedSchedule | None) -> None:
    """What was there before the first sight may have come already; only the other end is known."""
    found = forecast(cluster(), schedule, VISIBLE, VISIBLE)
    seen, sighted = (forecast_body(found, replace(IMAGE, after=after)) for after in (VISIBLE, None))
    assert seen["notBefore"]
    assert sighted["notBefore"] is None
    assert (sighted["possible"], sighted["certainBy"]) == (seen["possible"], seen["certainBy"])
    assert sighted["image"]
    assert sighted["image"]["seenAfter"] is None
    (note,) = sighted["notes"]
    assert "2026-08-26T12:00:00Z" in note
    assert "picked up already" in note


def test_between_two_looks() -> None:
    """A release between two looks may have come in a window that closed before the second.

    What comes not before counts from the first look, what must have come from the second.
    """
    window = weekly(Weekday.WEDNESDAY, time(7, 50))
    looked = at("2026-08-26 11:45")
    start = at("2026-09-02 07:50")
    after = Occurrence(start, start + 4 * HOUR)
    assert expected(window) == InWindow(start, after, after.end, timedelta())
    found = forecast(cluster(), ObservedSchedule(window), VISIBLE, VISIBLE, looked).pick_up
    assert found == InWindow(looked, after, after.end, timedelta())
    any_time = forecast(cluster(), None, VISIBLE, VISIBLE, looked).pick_up
    assert isinstance(any_time, AnyTime)
    assert (any_time.not_before, any_time.certain_by) == (looked, VISIBLE + LISTED)


nows = st.timedeltas(timedelta(days=-10), timedelta(days=60))


@given(windows, instants, nows)
def test_never_outside(window: MaintenanceWindow, visible: datetime, later: timedelta) -> None:
    """Never before publication, never outside an occurrence, and in order."""
    now = visible + later
    found = expected(window, now, visible)
    if not isinstance(found, InWindow):
        return
    assert found.not_before >= visible
    open_now = next(window.occurrences(found.not_before))
    assert open_now.start <= found.not_before < open_now.end
    if found.possible:
        around = next(window.occurrences(found.possible.start))
        assert around.start <= found.possible.start < found.possible.end == around.end
        assert found.possible.start >= found.not_before
        assert found.possible.end > now
    if found.certain_by:
        assert found.certain_by >= visible + LISTED
        assert found.certain_by >= (found.possible or Occurrence(visible, visible)).end
        assert next(window.occurrences(found.certain_by - timedelta.resolution)).certain
    assert found.possible or (found.certain_by and found.certain_by <= now)


@given(plain_windows, instants, nows)
def test_certain_is_the_first_that_cannot_miss(
    window: MaintenanceWindow, visible: datetime, later: timedelta
) -> None:
    """No certain occurrence before the one named has an instant at which the list must have it."""
    found = expected(window, visible + later, visible)
    if not isinstance(found, InWindow) or found.certain_by is None:
        return
    for occurrence in window.occurrences(visible):
        if occurrence.end == found.certain_by:
            break
        is_first_day = window.local_date(occurrence.start) == window.start_date
        missed = occurrence.end <= visible + LISTED
        assert missed or not occurrence.certain or is_first_day


@given(instants, nows)
def test_without_a_window_too(visible: datetime, later: timedelta) -> None:
    """Without a window the time in which it may come is in order and ends after now."""
    now = (visible + later).astimezone(UTC)
    found = forecast(cluster(), None, visible, now).pick_up
    assert isinstance(found, AnyTime)
    assert found.not_before
    assert found.certain_by
    assert visible <= found.not_before < found.certain_by
    assert found.certain_by > now


@pytest.mark.parametrize("schedule", [None, ObservedSchedule(), ObservedSchedule(SUNDAYS)])
@pytest.mark.parametrize(("channel", "noted"), [("SecurityPatch", True), ("NodeImage", False)])
def test_security_patches_are_not_for_nap(
    schedule: ObservedSchedule | None, channel: str, *, noted: bool
) -> None:
    """The channel SecurityPatch is followed by no NAP node, window or not, and that is said."""
    owner = cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": channel})
    now = at("2026-11-20 12:00")
    notes = (
        *forecast(owner, schedule, now, now).notes,
        *forecast_of_none(owner, schedule, "none").notes,
    )
    assert sum("SecurityPatch" in note for note in notes) == 2 * noted
