"""Clocks change over processes: schedules of naptime's own are written anew while they are closed.

With nothing allowed without an approval (`at_most = 0`): what clocks ask for is not braked.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import SUBSCRIPTION, Json, cluster
from tests.scenarios.clocks.elsewhen import Elsewhen, farm_at
from tests.scenarios.farm import Farm
from tests.scenarios.test_policy import put, window_of

# Each starts its processes once to three times, and waits for them in between.
pytestmark = pytest.mark.campaign

BERLIN = ZoneInfo("Europe/Berlin")
DAY, HALF_AN_HOUR = timedelta(days=1), timedelta(minutes=30)
FAST = {"NAPTIME_SHARD_BURST": "10000", "NAPTIME_SHARD_RATE_PER_SECOND": "1000"}
BURST, RATE = 500, 9
PACE = {"NAPTIME_SHARD_BURST": str(BURST), "NAPTIME_SHARD_RATE_PER_SECOND": str(RATE)}
SLOW = {"NAPTIME_SHARD_BURST": "40", "NAPTIME_SHARD_RATE_PER_SECOND": "4"}
RINGS, EACH = ("weekly", "daily", "fixed"), 2

POLICY = """
version = 1

[windows.weekly]
on = "Sunday"
start = "04:00"
hours = 4
zone = "Europe/Berlin"

[windows.daily]
on = "daily"
start = "22:00"
hours = 20
spread = 0
zone = "Europe/Berlin"

[windows.spread]
on = "Sunday"
start = "04:00"
hours = 6
zone = "Europe/Berlin"

[windows.fixed]
on = "Sunday"
start = "04:00"
hours = 4
zone = "Asia/Singapore"

[[rules]]
name = "weekly"
match.tags.ring = "weekly"
window = "weekly"

[[rules]]
name = "daily"
match.tags.ring = "daily"
window = "daily"

[[rules]]
name = "spread"
match.tags.ring = "spread"
window = "spread"

[[rules]]
name = "fixed"
window = "fixed"

[update]
schedules = "owned"
at_most = 0
"""


@dataclass(frozen=True, slots=True)
class Rings:
    """So many clusters of each ring, none of which has a schedule."""

    each: int = EACH
    rings: Sequence[str] = RINGS
    subscriptions: Sequence[str] = (SUBSCRIPTION,)

    def document(self) -> Json:
        """Give the fleet file."""
        return {
            "clusters": [
                cluster(name(ring, number), tags={"ring": ring}, group="rg")
                for ring in self.rings
                for number in range(self.each)
            ]
        }


def name(ring: str, number: int) -> str:
    """Give a cluster's name."""
    return f"aks-{ring}-{number:03}"


@dataclass(frozen=True, slots=True)
class Flip:
    """The Sunday on which the clocks of Berlin change, at one in the morning of UTC."""

    day: date
    before: str
    after: str

    @property
    def at(self) -> datetime:
        """Give the instant."""
        return datetime.combine(self.day, time(1), UTC)

    def closed(self, ring: str) -> tuple[datetime, datetime]:
        """Give the end of the last opening at the old offset, and the first start at the new."""
        opens, hours, last = {
            "weekly": (time(4), 4, self.day - 7 * DAY),
            "daily": (time(22), 20, self.day - DAY),
        }[ring]
        began, begins = (
            datetime.combine(day, opens, BERLIN).astimezone(UTC) for day in (last, self.day)
        )
        return began + timedelta(hours=hours), begins


SPRING, AUTUMN = (
    Flip(date(2027, 3, 28), "+01:00", "+02:00"),
    Flip(date(2027, 10, 31), "+02:00", "+01:00"),
)
both = pytest.mark.parametrize("flip", [SPRING, AUTUMN], ids=["spring", "autumn"])


async def owned(here: Elsewhen) -> None:
    """Put the policy in force, and have every cluster get its schedule."""
    assert (await put(here.running, POLICY))[0] == 200
    run = await here.running.finished(await here.running.start_run())
    assert cast("Json", run["outcomes"]).keys() == {"Created"}


async def offsets(running: Farm) -> dict[str, set[str]]:
    """Give the offsets that the schedules of each ring have in Azure."""
    found: dict[str, set[str]] = {}
    for body in await running.state():
        ring = cast("dict[str, str]", body["tags"])["ring"]
        found.setdefault(ring, set()).add(str(window_of(body)["utcOffset"]))
    return found


async def until_at(here: Elsewhen, ring: str, offset: str) -> None:
    """Wait until all of a ring have an offset."""

    async def have_it() -> bool | None:
        return (await offsets(here.running))[ring] == {offset} or None

    await here.running.until(have_it, holds=f"{ring} at {offset}")


async def accepted(here: Elsewhen, ring: str, number: int = 0) -> list[Json]:
    """Give the writes of a cluster's schedule that ARM accepted, the first of them its creation."""
    path = f"*{name(ring, number)}*"
    journal = await here.running.controls.journal(method="PUT", path=path)
    return [entry for entry in journal if "nextStart" in entry]


async def see_written_in_the_closed_time(here: Elsewhen, flip: Flip, ring: str) -> None:
    """See one write more of each, at least half an hour before it opens at its zone's time."""
    closes, opens = flip.closed(ring)
    for number in range(EACH):
        _, written = await accepted(here, ring, number)
        at = datetime.fromisoformat(str(written["time"]))
        assert closes <= at <= opens - HALF_AN_HOUR, written
        assert datetime.fromisoformat(str(written["nextStart"])) == opens


async def said_of(here: Elsewhen, ring: str) -> set[str]:
    """Give the reasons that the app gives for a cluster, looked at now."""
    found = ClusterId.of(SUBSCRIPTION, "rg", name(ring, 0))
    place = f"clusters/{found.subscription_id}/{found.resource_group}/{found.name}"
    status, shown = await here.running.api("GET", place)
    assert status == 200, shown
    findings = cast("list[Json]", cast("Json", shown["decision"])["findings"])
    return {str(each["reason"]) for each in findings}


async def see_mended_by_the_next_look(here: Elsewhen, flip: Flip, rings: Sequence[str]) -> None:
    """See that what was missed is said, and written right by the next run, once."""
    for ring in rings:
        assert {"Outdated", "OffsetStale"} <= await said_of(here, ring)
    await here.running.finished(await here.running.start_run())
    for ring in rings:
        await until_at(here, ring, flip.after)
        assert not {"Outdated", "OffsetStale"} & await said_of(here, ring)
        for number in range(EACH):
            assert len(await accepted(here, ring, number)) == 2


async def see_that_nothing_is_left(here: Elsewhen, flip: Flip) -> None:
    """See every schedule at its zone's offset, no run that waits for anybody, and no 429."""
    expected = {"weekly": {flip.after}, "daily": {flip.after}, "fixed": {"+08:00"}}
    assert await offsets(here.running) == expected
    run = await here.running.finished(await here.running.start_run())
    assert run["outcomes"] == {"Unchanged": EACH * len(RINGS)}
    _, page = await here.running.api("GET", "runs?pageSize=100")
    states = {str(each["state"]) for each in cast("list[Json]", page["value"])}
    assert states == {"Finished"}
    for number in range(EACH):
        assert len(await accepted(here, "fixed", number)) == 1
    assert 429 not in await here.running.statuses()


@both
async def test_up_all_the_time(tmp_path: Path, flip: Flip) -> None:
    """Each is written once, between its last opening at the old offset and its first at the new."""
    async with farm_at(flip.at - 13 * DAY, tmp_path, Rings(), settings=FAST) as here:
        await owned(here)
        for ring in ("weekly", "daily"):
            closes, opens = flip.closed(ring)
            await here.move_to(closes - timedelta(minutes=10))
            await here.minded()
            assert (await offsets(here.running))[ring] == {flip.before}
            await here.move_to(closes + timedelta(minutes=1))
            await until_at(here, ring, flip.after)
            await here.move_to(opens + timedelta(minutes=1))
            await here.minded()
        for ring in ("weekly", "daily"):
            await see_written_in_the_closed_time(here, flip, ring)
        await here.move_to(flip.at + 8 * DAY)
        await here.minded()
        await see_that_nothing_is_left(here, flip)


@both
async def test_down_before(tmp_path: Path, flip: Flip) -> None:
    """Away from before the last opening until hours before the change: written when it is back."""
    async with farm_at(flip.at - 13 * DAY, tmp_path, Rings(), settings=FAST) as here:
        await owned(here)
        await here.down_until(flip.at - timedelta(hours=9))
        await until_at(here, "weekly", flip.after)
        # Its last opening before the change is still to come.
        assert (await offsets(here.running))["daily"] == {flip.before}
        await here.move_to(flip.closed("daily")[0] + timedelta(minutes=1))
        await until_at(here, "daily", flip.after)
        for ring in ("weekly", "daily"):
            await see_written_in_the_closed_time(here, flip, ring)
        await see_that_nothing_is_left(here, flip)


@both
async def test_down_at(tmp_path: Path, flip: Flip) -> None:
    """Away over all of the closed time: an opening is off, that is said, and the next look mends.

    An hour off is what a fixed offset is by the wall clock then: nothing was written meanwhile.
    """
    async with farm_at(flip.at - 13 * DAY, tmp_path, Rings(), settings=FAST) as here:
        await owned(here)
        await here.down_until(datetime.combine(flip.day + 3 * DAY, time(18), UTC))
        await here.minded()
        await see_mended_by_the_next_look(here, flip, ("weekly", "daily"))
        await see_that_nothing_is_left(here, flip)


@both
async def test_down_after(tmp_path: Path, flip: Flip) -> None:
    """What was written before the change is right after it; what was not yet is said and mended."""
    async with farm_at(flip.at - 13 * DAY, tmp_path, Rings(), settings=FAST) as here:
        await owned(here)
        await here.move_to(flip.closed("weekly")[0] + timedelta(minutes=1))
        await until_at(here, "weekly", flip.after)
        await here.down_until(datetime.combine(flip.day + 3 * DAY, time(18), UTC))
        await see_written_in_the_closed_time(here, flip, "weekly")
        await see_mended_by_the_next_look(here, flip, ("daily",))
        await see_that_nothing_is_left(here, flip)


async def test_four_hundred(tmp_path: Path) -> None:
    """Two calls each, at most half of the pace in any stretch of time, and no 429.

    With ten times the limits of Azure, and ten times naptime's pace: with its own it takes half an
    hour.
    """
    fleet, flip = Rings(400, ("weekly",)), SPRING
    async with farm_at(
        *(flip.at - 13 * DAY, tmp_path, fleet, "--throttle", "--throttle-scale=10"),
        settings=PACE,
    ) as here:
        await owned(here)
        began = flip.closed("weekly")[0]
        await here.move_to(began)
        await here.running.until(partial(ended_for_clocks, here), holds="the run for the clocks")
        assert await offsets(here.running) == {"weekly": {flip.after}}
        journal = await here.running.controls.journal(path="*maintenanceConfigurations*")
        calls = [each for each in journal if datetime.fromisoformat(str(each["time"])) > began]
        assert Counter(str(each["method"]) for each in calls) == {"GET": 400, "PUT": 400}
        assert {each["status"] for each in calls} == {200}
        see_half_of_the_pace([datetime.fromisoformat(str(each["time"])) for each in calls])
        assert 429 not in await here.running.statuses()


async def ended_for_clocks(here: Elsewhen) -> bool | None:
    """Say whether the run that the clocks have asked for is over; asked for each second."""
    await asyncio.sleep(1)
    _, page = await here.running.api("GET", "runs?cause=ClocksChanged")
    found = cast("list[Json]", page["value"])
    return True if found and found[0]["state"] == "Finished" else None


def see_half_of_the_pace(times: Sequence[datetime]) -> None:
    """See it over every stretch from one call to another."""
    for begin in range(0, len(times), 10):
        for end in range(begin, len(times), 10):
            seconds = (times[end] - times[begin]).total_seconds()
            # What is drawn is spent within eight seconds; storage's instants are whole seconds.
            assert end - begin <= BURST / 2 + RATE / 2 * (seconds + 10)


async def test_spread_over_two_hours(tmp_path: Path) -> None:
    """Each is written in the closed time of its own: the first while the last is open still."""
    flip, fleet = SPRING, Rings(12, ("spread",))
    async with farm_at(flip.at - 13 * DAY, tmp_path, fleet, settings=FAST) as here:
        await owned(here)
        first, _ = flip.closed("weekly")
        # The minder asks again an hour after the first run, and two hours after the second.
        for minutes in (1, 65, 190):
            await here.move_to(first + timedelta(minutes=minutes))
            await here.minded()
            await here.running.until(partial(ended_for_clocks, here), holds="a run for the clocks")
        await until_at(here, "spread", flip.after)
        starts: set[str] = set()
        for number in range(fleet.each):
            created, written = await accepted(here, "spread", number)
            opened = datetime.fromisoformat(str(created["nextStart"]))
            at, opens = (
                datetime.fromisoformat(str(written[each])) for each in ("time", "nextStart")
            )
            assert opened + timedelta(hours=4) <= at <= opens - HALF_AN_HOUR
            assert opens == opened + 7 * DAY - timedelta(hours=1)
            starts.add(str(written["nextStart"]))
        assert len(starts) > 3


async def has_written(here: Elsewhen, least: float) -> bool | None:
    """Say whether ARM has accepted so many writes, creations included."""
    return sum(map(len, (await here.running.writes()).values())) >= least or None


async def test_killed_in_the_middle(tmp_path: Path) -> None:
    """Killed twice while it writes: all is written in time, and never two things of one."""
    flip, fleet = SPRING, Rings(40, ("weekly",))
    closes, opens = flip.closed("weekly")
    async with farm_at(
        *(flip.at - 13 * DAY, tmp_path, fleet), settings=SLOW, lease_seconds=3
    ) as here:
        await owned(here)
        await here.move_to(closes + timedelta(minutes=1))
        for written in (45, 60):
            await here.running.until(partial(has_written, here, written), holds=f"{written} writes")
            await here.running.kill_host()
        await here.running.until(partial(ended_for_clocks, here), holds="the run for the clocks")
        assert await offsets(here.running) == {"weekly": {flip.after}}
        for bodies in (await here.running.writes()).values():
            _, first, *again = bodies
            assert all(body == first for body in again)
        for entry in await here.running.controls.journal(method="PUT"):
            at = datetime.fromisoformat(str(entry["time"]))
            assert at < closes - DAY or closes <= at <= opens - HALF_AN_HOUR
