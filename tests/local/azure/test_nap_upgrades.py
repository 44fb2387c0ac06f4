"""Upgrades of Kubernetes that take the newest images along, whatever the node OS window says."""

from copy import replace
from datetime import UTC, datetime, timedelta

from local.azure.arm.clusters import Sight
from local.azure.arm.state import KubernetesVersion
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.nap.gate import Gate
from local.azure.nap.history import Roll, rolls
from local.azure.nap.upgrades import Upgrade, upgrades
from tests.local.azure.conftest import Served
from tests.local.azure.test_controls import refused
from tests.local.azure.test_nap_gate import schedule
from tests.local.azure.test_nap_history import DAY, FIRST, IMAGE, LIST_KEPT, WEEK, on, release
from tests.local.azure.world import AUTO_UPGRADE, CLUSTER, NODE_OS, NOW, weekly

SUNDAY = datetime(2026, 8, 30, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VERSION = KubernetesVersion(NOW + 2 * DAY, "westeurope", "1.35.1")
RELEASED = release(NOW + DAY, "202608.20.0")


def on_a_channel(since: datetime = NOW, other: JsonObject | None = None) -> Sight:
    """See a cluster whose node OS window is on Sundays, and that AKS upgrades by itself."""
    return replace(on(since, schedule()), upgraded=True, upgrade_schedule=other)


def history(sights: list[Sight], *versions: KubernetesVersion, until: datetime) -> list[Roll]:
    """Roll for one release, with the upgrades that come."""
    found = upgrades(sights, versions, until)
    return rolls(sights, [RELEASED], FIRST, until, found)


def test_an_upgrade_at_any_hour_takes_the_images_along() -> None:
    """Without the other schedule the images come mid-week, with the window closed."""
    (roll,) = history([on_a_channel()], VERSION, until=NOW + WEEK)
    assert roll.at == VERSION.at
    assert (roll.judgement.gate, roll.judgement.start) == (Gate.BYPASSED, SUNDAY)
    assert roll.upgrade
    assert roll.upgrade.version == "1.35.1"
    assert roll.images[0][1].endswith("202608.20.0")


def test_the_other_schedule_holds_it_back() -> None:
    """With it the upgrade begins in its window, and the images come within a quarter of an hour."""
    sight = on_a_channel(other=schedule(schedule=weekly("Saturday"), startTime="22:10"))
    (roll,) = history([sight], VERSION, until=NOW + WEEK)
    saturday = datetime(2026, 8, 29, 22, 10, tzinfo=UTC)
    assert roll.upgrade == Upgrade(saturday, "1.35.1", "within aksManagedAutoUpgradeSchedule")
    assert saturday <= roll.at <= saturday + 15 * MINUTE


def test_the_image_itself_waits_no_longer_for_it() -> None:
    """Where the window comes before the upgrade, it takes the image, and the upgrade takes none."""
    sight = on_a_channel(other=schedule(schedule=weekly("Monday")))
    (roll,) = history([sight], VERSION, until=NOW + WEEK)
    assert (roll.at, roll.upgrade) == (SUNDAY + 5 * MINUTE, None)


def test_a_list_is_fetched_anew_with_an_upgrade() -> None:
    """A release too late for the old list comes with the upgrade; 72 hours count from it."""
    late = replace(RELEASED, at=VERSION.at - MINUTE)
    found = upgrades([on_a_channel()], [VERSION], NOW + WEEK)
    (roll,) = rolls([on_a_channel()], [late], FIRST, NOW + WEEK, found)
    assert roll.at == VERSION.at
    after = release(VERSION.at + MINUTE, "202608.21.0", previous="202608.20.0")
    both = rolls([on_a_channel()], [late, after], FIRST, NOW + 2 * WEEK, found)
    # The next list is three days after the upgrade: after the Sunday.
    assert VERSION.at + LIST_KEPT > SUNDAY + timedelta(hours=4)
    assert both[1].at == SUNDAY + WEEK + 5 * MINUTE


def test_who_is_not_upgraded() -> None:
    """A cluster without a channel waits for its window; by hand it is upgraded at once."""
    quiet = replace(on_a_channel(), upgraded=False, version="1.34.2")
    (roll,) = history([quiet], VERSION, until=NOW + WEEK)
    assert roll.upgrade is None
    by_hand = replace(quiet, since=NOW + 2 * DAY + 7 * MINUTE, version="1.35.1")
    (roll,) = history([quiet, by_hand], until=NOW + WEEK)
    assert roll.upgrade == Upgrade(by_hand.since, "1.35.1", "somebody asked for it")
    assert roll.at == NOW + 2 * DAY + 15 * MINUTE


def test_a_channel_that_is_turned_on_later() -> None:
    """What waited is taken then; a schedule that was made meanwhile counts."""
    quiet = replace(on_a_channel(), upgraded=False)
    later = on_a_channel(VERSION.at + DAY)
    assert [each.at for each in upgrades([quiet, later], [VERSION], NOW + WEEK)] == [later.since]
    held = on_a_channel(VERSION.at + DAY, schedule())
    assert [each.at for each in upgrades([quiet, held], [VERSION], NOW + WEEK)] == [SUNDAY]


async def test_the_controls(served: Served) -> None:
    """A version that comes to a location upgrades the clusters there; it is said when and why."""
    body = {
        "location": "westeurope",
        "properties": {
            "nodeProvisioningProfile": {"mode": "Auto"},
            "autoUpgradeProfile": {"upgradeChannel": "rapid"},
        },
    }
    await served.control("PUT", f"state{CLUSTER}", body)
    await served.control("PUT", f"state{NODE_OS}", {"properties": schedule()})
    hour = {"advance": 3600}
    await served.control("POST", "clock", hour)
    image = {**dict(zip(("os", "sku"), IMAGE, strict=True)), "version": "202609.01.0"}
    await served.control("POST", "node-images", {"location": "westeurope", **image})
    await served.control("POST", "clock", hour)
    order = {"location": "West Europe", "version": "1.35.1"}
    (version,) = as_list((await served.control("POST", "kubernetes", order))["value"])
    assert as_object(version)["location"] == "westeurope"
    pools = {"pools": [{"name": "p", "nodes": 10}]}
    await served.control("PUT", f"nap{CLUSTER}/pools", pools)
    await served.control("POST", "clock", hour)
    found = await served.control("GET", f"nap{CLUSTER}")
    (roll,) = map(as_object, as_list(found["rolls"]))
    assert (roll["gate"], as_object(roll["upgrade"])["version"]) == ("bypassed", "1.35.1")
    (upgrade,) = map(as_object, as_list(found["upgrades"]))
    assert upgrade["why"] == "nothing says when: it comes at any hour"
    replaced = await served.control("GET", f"nap{CLUSTER}/replacements")
    assert replaced["outside"] == replaced["count"] != 0
    # From now on the other schedule holds back what comes.
    await served.control("PUT", f"state{AUTO_UPGRADE}", {"properties": schedule()})
    await served.control("POST", "kubernetes", {**order, "version": "1.35.2"})
    await served.control("POST", "clock", {"advance": 7 * 86400})
    found = await served.control("GET", f"nap{CLUSTER}")
    last = as_object(as_list(found["upgrades"])[-1])
    assert (last["at"], last["version"]) == ("2026-08-30T01:00:00Z", "1.35.2")


async def test_orders_that_are_refused(served: Served) -> None:
    """What is missing of an order is named."""
    status, why = await refused(served, "POST", "kubernetes", {"location": "westeurope"})
    assert (status, why) == (400, "version: must be a string that is not empty")


async def test_an_application_removes_a_schedule(served: Served) -> None:
    """Who a control acts as is in the claims of the event: an application has no name there."""
    app = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
    await served.control("PUT", f"state{NODE_OS}", {"properties": schedule()})
    await served.control("DELETE", f"state{NODE_OS}?app={app}")
    listed = as_list((await served.control("GET", "events"))["value"])
    removed = as_object(as_object(listed[-1])["event"])
    claims = as_object(as_object(removed["data"])["claims"])
    assert (claims["appid"], "name" in claims) == (app, False)
