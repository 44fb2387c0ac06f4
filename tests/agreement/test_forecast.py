"""What naptime forecasts, against what the simulator's Karpenter does over random histories.

A history: NAP on from the start, one schedule (or none) and later another, releases of an image
that come in between, and versions of Kubernetes that AKS upgrades to, by a channel that is on or
off and in the other schedule, if there is one. The forecast knows only what is there at its own
now, as naptime does.
"""

from collections.abc import Sequence
from copy import replace
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from local.azure.arm.clusters import Sight
from local.azure.arm.state import KubernetesVersion, Release
from local.azure.json_values import JsonObject
from local.azure.nap.history import Roll, rolls
from local.azure.nap.upgrades import Upgrade, upgrades
from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedCluster,
    ObservedConfiguration,
    ObservedSchedule,
    SeenSchedule,
    read_schedule,
)
from shared.domain.images.by_upgrade import (
    FOLLOWS_WITHIN,
    UpgradeForecast,
    UpgradeTime,
    forecast_upgrade,
)
from shared.domain.images.forecast import AnyTime, InWindow, Unknown, forecast
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import read_window
from shared.domain.window.window import MaintenanceWindow
from tests.agreement.test_two_readings import schedules
from tests.examples import examples

IMAGE = ("AKSUbuntu", "2404gen2containerd")
FIRST_VERSION = "202601.01.0"
START = datetime(2026, 8, 26, 12, tzinfo=UTC)
CLUSTER = ObservedCluster(
    ClusterId("1b2c3d4e-0000-4111-8222-0123456789ab", "rg", "nap"),
    "westeurope",
    "Succeeded",
    auto_provisioning=True,
    tags={},
    node_os_channel=None,
    upgrade_channel=None,
)

minutes = st.integers(1, 40 * 24 * 60).map(lambda count: timedelta(minutes=count))
seconds = st.integers(0, 59).map(lambda count: timedelta(seconds=count))
# Every second of forty days, and full minutes more often: Karpenter compares every five.
moments = st.builds(lambda minute, second: minute + second, minutes, st.just(timedelta()) | seconds)
# Of some windows neither side knows when they are; those have no place here.
known = schedules.filter(
    lambda schedule: (
        not read_window({"schedule": schedule, "durationHours": 4, "startTime": "01:00"}).ambiguity
    )
)


@dataclass(frozen=True, slots=True)
class History:
    """What happened, what is known at `now`, and the release that the forecast is about."""

    sights: Sequence[Sight]
    releases: Sequence[Release]
    asked: Release
    now: datetime
    versions: Sequence[KubernetesVersion] = ()

    @property
    def by_upgrade(self) -> UpgradeForecast:
        """What naptime forecasts of upgrades at `now`."""
        sight = [sight for sight in self.sights if sight.since <= self.now][-1]
        cluster = replace(CLUSTER, upgrade_channel="stable" if sight.upgraded else "none")
        other = sight.upgrade_schedule
        seen = SeenSchedule(None if other is None else read_schedule(other))
        return forecast_upgrade(cluster, seen, self.now)

    @property
    def schedule(self) -> ObservedSchedule | None:
        """The node OS schedule as naptime sees it at `now`."""
        seen = [sight for sight in self.sights if sight.since <= self.now][-1].schedule
        if seen is None:
            return None
        return ObservedConfiguration(NODE_OS_SCHEDULE, seen).schedule

    @property
    def window(self) -> MaintenanceWindow | None:
        """The window in it."""
        return self.schedule.window if self.schedule else None

    def pick_up(self, until: datetime) -> Roll | None:
        """Find the first roll to the image that is asked about, or to a newer one."""
        first = {IMAGE: FIRST_VERSION}
        wanted = f"{IMAGE[0]}-{IMAGE[1]}-{self.asked.version}"
        upgraded = upgrades(self.sights, self.versions, until)
        done = rolls(self.sights, self.releases, first, until, upgraded)
        return next((roll for roll in done if roll.images[0][1] >= wanted), None)


@st.composite
def schedules_of(draw: st.DrawFn, written: datetime) -> JsonObject | None:
    """Draw what is in a configuration since an instant; ARM fills in the day of the write."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from([None, {}]))
    window: JsonObject = {
        "schedule": draw(known),
        "durationHours": draw(st.integers(4, 24)),
        "startTime": f"{draw(st.times()):%H:%M}",
        "utcOffset": draw(st.sampled_from(["+00:00", "+05:30", "-08:00", "+14:00", "-12:00"])),
    }
    ahead = draw(st.sampled_from([0, 0, 0, 1, 8, 30]))
    today = read_window(window).local_date(written)
    window["startDate"] = (today + timedelta(days=ahead)).isoformat()
    if draw(st.booleans()):
        window["notAllowedDates"] = [draw(spans(written.date())) for _ in range(2)]
    return {"maintenanceWindow": window}


@st.composite
def spans(draw: st.DrawFn, near: date) -> JsonObject:
    start = near + timedelta(days=draw(st.integers(-3, 40)))
    end = start + timedelta(days=draw(st.sampled_from([0, 0, 1, 3, 10])))
    return {"start": start.isoformat(), "end": end.isoformat()}


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw a history; the forecast is made after the last change of the schedule."""
    changed = START + draw(moments)
    sights = [draw(seen_since(START)), draw(seen_since(changed))]
    times = sorted(draw(st.lists(moments, min_size=1, max_size=4, unique=True)))
    releases = [
        Release(START + at, "westeurope", *IMAGE, f"20260{number + 2}.01.0", FIRST_VERSION)
        for number, at in enumerate(times)
    ]
    asked = draw(st.sampled_from(releases))
    now = max(changed, asked.at) + draw(st.sampled_from([0, 1, 2])) * draw(moments)
    versions = [
        KubernetesVersion(START + at, "westeurope", f"1.35.{number}")
        for number, at in enumerate(sorted(draw(st.lists(moments, max_size=3, unique=True))))
    ]
    return History(sights, releases, asked, now, versions)


@st.composite
def seen_since(draw: st.DrawFn, since: datetime) -> Sight:
    """Draw the schedules and the channel that a cluster has since an instant."""
    return Sight(
        since,
        nap=True,
        schedule=draw(schedules_of(since)),
        upgraded=draw(st.booleans()),
        upgrade_schedule=draw(schedules_of(since)),
    )


def assert_begins(history: History, upgrade: Upgrade) -> None:
    """Compare the beginning of an upgrade that comes with what was forecast."""
    found = history.by_upgrade
    event(f"by an upgrade: {found.begins}")
    assert found.begins in {UpgradeTime.ANY_TIME, UpgradeTime.IN_WINDOW}
    if found.begins is UpgradeTime.ANY_TIME:
        return
    assert found.possible
    assert found.possible.start <= upgrade.at
    other = history.sights[-1].upgrade_schedule
    assert other
    open_then = next(read_window(other).occurrences(upgrade.at))
    assert open_then.start <= upgrade.at < open_then.end


@settings(max_examples=examples(100, 500), deadline=None)
@given(histories())
def test_every_upgrade_that_comes_was_forecast(history: History) -> None:
    """An upgrade begins when the forecast says that one may; where it says none, none comes."""
    for upgrade in upgrades(history.sights, history.versions, history.now + timedelta(days=90)):
        if upgrade.at > history.now:
            assert_begins(history, upgrade)


@settings(max_examples=examples(250, 1500), deadline=None)
@given(histories())
def test_an_image_is_picked_up_when_the_forecast_allows_it(history: History) -> None:
    """An image is picked up when the forecast says that it may be, and by when it must."""
    found = forecast(CLUSTER, history.schedule, history.asked.at, history.now).pick_up
    event(type(found).__name__)
    assume(not isinstance(found, Unknown))
    assert isinstance(found, AnyTime | InWindow)
    horizon = found.certain_by or history.now + timedelta(days=90)
    roll = history.pick_up(horizon + timedelta(microseconds=1))
    if roll is None:
        assert found.certain_by is None
        return
    event("picked up before the forecast" if roll.at <= history.now else "picked up after it")
    if roll.at <= history.now:
        return
    if roll.upgrade is not None:
        assert roll.upgrade.at <= roll.at <= roll.upgrade.at + FOLLOWS_WITHIN
        if roll.upgrade.at > history.now:
            assert_begins(history, roll.upgrade)
        return
    assert found.not_before
    assert found.not_before <= roll.at
    if isinstance(found, AnyTime):
        return
    assert found.possible
    assert roll.at >= found.possible.start
    assert history.window
    open_then = next(history.window.occurrences(roll.at))
    assert open_then.start <= roll.at < open_then.end


@settings(max_examples=examples(100, 500), deadline=None)
@given(histories())
def test_an_image_is_picked_up_by_the_forecast_end(history: History) -> None:
    """Once the forecast says that it is over, the image has been picked up."""
    found = forecast(CLUSTER, history.schedule, history.asked.at, history.now).pick_up
    if isinstance(found, InWindow) and found.possible is None:
        event("over")
        assert history.pick_up(history.now)


@settings(max_examples=examples(80, 300), deadline=None)
@given(histories(), moments)
def test_a_late_first_sight_still_says_by_when(history: History, later: timedelta) -> None:
    """An image that was there before naptime saw it has come by when the forecast says it must."""
    seen = history.asked.at + later
    history = replace(history, now=max(history.now, seen))
    found = forecast(CLUSTER, history.schedule, seen, history.now).pick_up
    assume(isinstance(found, AnyTime | InWindow))
    assert isinstance(found, AnyTime | InWindow)
    if found.certain_by:
        roll = history.pick_up(found.certain_by + timedelta(microseconds=1))
        assert roll
        event("before it was seen" if roll.at < seen else "after it was seen")


@settings(max_examples=examples(80, 300), deadline=None)
@given(histories(), seconds | moments, seconds | moments)
def test_a_release_between_two_looks(
    history: History, earlier: timedelta, later: timedelta
) -> None:
    """Seen some time after a release, and not there some time before: it comes in between ends."""
    looked, seen = history.asked.at - earlier, history.asked.at + later
    history = replace(history, now=max(history.now, seen))
    found = forecast(CLUSTER, history.schedule, seen, history.now, looked).pick_up
    if isinstance(found, Unknown) or found.certain_by is None or found.not_before is None:
        return
    roll = history.pick_up(found.certain_by + timedelta(microseconds=1))
    assert roll
    # What came under a schedule that is no more, the forecast cannot know.
    if roll.at >= history.sights[-1].since and roll.upgrade is None:
        event("between the looks" if roll.at < seen else "after them")
        assert found.not_before <= roll.at


def test_the_first_possible_moment_is_reached() -> None:
    """The bounds are tight: a list fetched at the right moment brings the image at both ends."""
    window: JsonObject = {
        "schedule": {"daily": {"intervalDays": 1}},
        "durationHours": 4,
        "startTime": f"{time(12):%H:%M}",
        "startDate": START.date().isoformat(),
    }
    schedule: JsonObject = {"maintenanceWindow": window}
    fetched = START + timedelta(hours=72, minutes=5)

    def pick_up(released: datetime) -> tuple[Roll, InWindow]:
        asked = Release(released, "westeurope", *IMAGE, "202602.01.0", FIRST_VERSION)
        history = History([Sight(START, nap=True, schedule=schedule)], [asked], asked, released)
        roll = history.pick_up(released + timedelta(days=10))
        found = forecast(CLUSTER, history.schedule, released, released).pick_up
        assert roll
        assert isinstance(found, InWindow)
        return roll, found

    roll, found = pick_up(fetched)
    assert roll.at == found.not_before == fetched
    roll, found = pick_up(fetched + timedelta(seconds=1))
    assert found.certain_by
    assert found.certain_by - timedelta(hours=4) < roll.at < found.certain_by
