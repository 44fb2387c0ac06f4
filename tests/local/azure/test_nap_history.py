"""Which clusters NAP rolled when: weeks of releases, windows and changes, without waiting."""

from datetime import UTC, datetime, timedelta

from local.azure.arm.clusters import Sight
from local.azure.arm.state import Release
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.nap.gate import END_KEY, START_KEY, Gate
from local.azure.nap.history import Roll, rolls, versions_at
from tests.local.azure.conftest import Served
from tests.local.azure.test_controls import refused
from tests.local.azure.test_nap_gate import schedule
from tests.local.azure.world import CLUSTER, NODE_OS, NOW, weekly

IMAGE = ("AKSUbuntu", "2404gen2containerd")
FIRST = {IMAGE: "202608.06.1"}
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
LIST_KEPT = timedelta(hours=72, minutes=5)


def release(at: datetime, version: str, previous: str = "202608.06.1") -> Release:
    return Release(at, "westeurope", *IMAGE, version, previous)


def history(sights: list[Sight], *releases: Release, until: datetime) -> list[Roll]:
    return rolls(sights, releases, FIRST, until)


def on(since: datetime = NOW, properties: JsonObject | None = None) -> Sight:
    return Sight(since, nap=True, schedule=properties)


def test_unprotected_rolls_with_the_next_list() -> None:
    """Without a schedule a new image is taken when the list of images is fetched anew."""
    (roll,) = history([on()], release(NOW + DAY, "202608.20.0"), until=NOW + WEEK)
    assert (roll.at, roll.judgement.gate) == (NOW + LIST_KEPT, Gate.FAIL_OPEN)
    assert roll.images == (
        (
            "AKSUbuntu-2404gen2containerd-202608.06.1",
            "AKSUbuntu-2404gen2containerd-202608.20.0",
        ),
    )
    assert roll.released == NOW + DAY


def test_protected_rolls_within_its_window() -> None:
    """With a schedule it waits for the window, and is taken at the first comparison inside."""
    sights = [on(properties=schedule())]
    (roll,) = history(sights, release(NOW + DAY, "202608.20.0"), until=NOW + 2 * WEEK)
    assert roll.at == datetime(2026, 8, 30, 1, 5, tzinfo=UTC)
    assert roll.judgement.gate is Gate.OPEN


def test_an_image_too_new_for_the_window_waits_a_week() -> None:
    """An image released after the last list before the window waits for the window after."""
    sights = [on(properties=schedule())]
    late = NOW + LIST_KEPT + timedelta(minutes=1)
    (roll,) = history(sights, release(late, "202608.20.0"), until=NOW + 3 * WEEK)
    assert roll.at == datetime(2026, 9, 6, 1, 5, tzinfo=UTC)


def test_a_list_that_ages_within_the_window() -> None:
    """A list fetched anew while the window is open is taken at that comparison."""
    # The list is fetched anew at 12:00 + 72:05 = Saturday 12:05.
    saturday = schedule(schedule=weekly("Saturday"), startTime="12:00")
    (roll,) = history(
        [on(properties=saturday)], release(NOW + DAY, "202608.20.0"), until=NOW + WEEK
    )
    assert roll.at == NOW + LIST_KEPT


def test_a_window_that_starts_at_a_comparison() -> None:
    """A comparison at the very start of the window finds it closed still."""
    sights = [on(NOW.replace(minute=0), schedule(startTime="12:00"))]
    (roll,) = history(sights, release(NOW + DAY, "202608.20.0"), until=NOW + 2 * WEEK)
    assert (roll.at.hour, roll.at.minute) == (12, 5)


def test_removing_the_schedule_opens_the_gate() -> None:
    """A schedule that is deleted lets a waiting image in at the next comparison."""
    monday = schedule(schedule=weekly("Tuesday"))
    removed = NOW + LIST_KEPT + timedelta(minutes=1)
    sights = [on(properties=monday), on(removed)]
    (roll,) = history(sights, release(NOW + DAY, "202608.20.0"), until=NOW + WEEK)
    assert roll.at == NOW + LIST_KEPT + timedelta(minutes=5)
    assert roll.judgement.gate is Gate.FAIL_OPEN


def test_frozen_and_unknown_never_roll() -> None:
    """Half a window freezes images for ever; what nobody knows is not claimed to roll."""
    half = Sight(NOW, nap=True, schedule=None, forced={START_KEY: NOW.isoformat()})
    biweekly = on(properties=schedule(schedule=weekly(interval=2)))
    for sight in (half, biweekly):
        assert history([sight], release(NOW + DAY, "202608.20.0"), until=NOW + 20 * WEEK) == []


def test_a_past_window_that_nobody_renews() -> None:
    """A forced window in the past stays closed; one ahead opens once."""
    past = {START_KEY: "2026-08-01T00:00:00Z", END_KEY: "2026-08-01T04:00:00Z"}
    ahead = {START_KEY: "2026-09-01T00:00:00Z", END_KEY: "2026-09-01T04:00:00Z"}
    released = release(NOW + DAY, "202608.20.0")
    closed = Sight(NOW, nap=True, schedule=None, forced=past)
    assert history([closed], released, until=NOW + 20 * WEEK) == []
    opens = Sight(NOW, nap=True, schedule=None, forced=ahead)
    (roll,) = history([opens], released, until=NOW + 20 * WEEK)
    assert roll.at == datetime(2026, 9, 1, 0, 5, tzinfo=UTC)


def test_turning_nap_on_takes_the_newest() -> None:
    """The first list is taken whatever the window says; without NAP nothing rolls."""
    off = Sight(NOW, nap=False, schedule=None)
    released = release(NOW + DAY, "202608.20.0")
    assert history([off], released, until=NOW + 20 * WEEK) == []
    assert history([off, on(NOW + 2 * DAY)], released, until=NOW + 20 * WEEK) == []
    again = [on(), Sight(NOW + DAY / 2, nap=False, schedule=None), on(NOW + 2 * DAY)]
    assert history(again, released, until=NOW + 20 * WEEK) == []


def test_several_releases_before_one_window() -> None:
    """Of several releases before a window only the newest is taken, in one roll."""
    sights = [on(properties=schedule())]
    newest = release(NOW + 6 * timedelta(hours=1), "202609.1.10", "202609.1.9")
    found = history(
        sights,
        release(NOW + timedelta(hours=1), "202609.1.9"),
        newest,
        until=NOW + WEEK,
    )
    assert [roll.images[0][1] for roll in found] == ["AKSUbuntu-2404gen2containerd-202609.1.10"]
    assert found[0].released == newest.at


def test_versions_are_compared_as_numbers() -> None:
    """The newest version counts, by its numbers, also when an older one comes later."""
    releases = [release(NOW, "202609.01.10"), release(NOW + DAY, "202609.01.9")]
    assert versions_at(releases, FIRST, NOW + WEEK)[IMAGE] == "202609.01.10"


def test_a_year_of_weekly_releases() -> None:
    """Over a year a protected cluster rolls in its window only, an unprotected one at any hour."""
    releases = [release(NOW + n * WEEK, f"2026{n:02d}.01.0") for n in range(1, 52)]
    guarded = history([on(properties=schedule())], *releases, until=NOW + 52 * WEEK)
    assert len(guarded) > 40
    assert {(roll.at.strftime("%A"), roll.at.hour) for roll in guarded} <= {
        ("Sunday", hour) for hour in (1, 2, 3, 4)
    }
    bare = history([on()], *releases, until=NOW + 52 * WEEK)
    assert {roll.at.strftime("%A") for roll in bare} != {"Sunday"}


async def release_image(served: Served) -> None:
    os, sku = IMAGE
    order = {"location": "westeurope", "os": os, "sku": sku, "version": "202609.01.0"}
    await served.control("POST", "node-images", order)


async def test_the_controls_tell_who_rolled(served: Served) -> None:
    """GET nap lists rolls: the unprotected cluster's at an odd hour, the protected one's inside."""
    await served.control("PUT", f"state{NODE_OS}", {"properties": schedule()})
    await served.control("POST", "clock", {"advance": 3600})
    await release_image(served)
    await served.control("POST", "clock", {"advance": 14 * 86400})
    told = [as_object(each) for each in as_list((await served.control("GET", "nap"))["value"])]
    shown = {str(each["clusterId"]).rpartition("/")[2]: each for each in told}
    assert set(shown) == {"nap-1", "nap-2"}
    assert (shown["nap-2"]["gate"], shown["nap-2"]["hoursAfterRelease"]) == ("fail-open", 71.08)
    assert (shown["nap-1"]["gate"], shown["nap-1"]["at"]) == ("open", "2026-08-30T01:05:00Z")
    earlier = await served.control("GET", "nap?at=2026-08-27T00:00:00Z")
    assert earlier["count"] == 0


async def test_the_controls_tell_of_one_cluster(served: Served) -> None:
    """GET nap/{cluster id} says what the gate is and whether an image would be picked up."""
    bare = await served.control("GET", f"nap{CLUSTER}")
    assert (bare["gate"], bare["wouldPickUp"], bare["window"]) == ("fail-open", True, None)
    await served.control("PUT", f"state{NODE_OS}", {"properties": schedule()})
    closed = await served.control("GET", f"nap{CLUSTER}")
    assert (closed["gate"], closed["wouldPickUp"]) == ("closed", False)
    assert closed["window"] == {"start": "2026-08-30T01:00:00Z", "end": "2026-08-30T05:00:00Z"}
    inside = await served.control("GET", f"nap{CLUSTER}?at=2026-08-30T03:00:00%2B00:00")
    assert inside["gate"] == "open"
    manual = await served.control("GET", f"nap{CLUSTER.replace('nap-1', 'manual-1')}")
    assert manual["nap"] is False


async def test_a_window_can_be_forced(served: Served) -> None:
    """PUT nap/{cluster id} makes NAP read what is given, DELETE what AKS writes again."""
    forced = await served.control("PUT", f"nap{CLUSTER}", {START_KEY: "2026-08-26T00:00:00Z"})
    assert forced["gate"] == "frozen"
    assert (await served.control("DELETE", f"nap{CLUSTER}"))["gate"] == "fail-open"
    assert (await refused(served, "PUT", f"nap{CLUSTER}", {START_KEY: 1}))[0] == 400
    assert (await refused(served, "POST", f"nap{CLUSTER}", {}))[0] == 405
    assert (await refused(served, "GET", "nap/subscriptions/x"))[0] == 404
    assert (await refused(served, "GET", f"nap{CLUSTER}?at=later"))[0] == 400
