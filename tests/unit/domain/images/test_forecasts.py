"""Which images the forecasts for a cluster are about, and what is said without one."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.last_outcome import schedule_to_text
from shared.domain.deciding.observed import ObservedSchedule, SeenSchedule
from shared.domain.images.channels import KnownCluster
from shared.domain.images.known_image import KnownImage, SeenImage, newest_of_each_os
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.forecast_json import (
    forecast_bodies,
    known_forecasts,
)
from tests.unit.domain.examples import DAY, HOUR, SUNDAYS, at, cluster
from tests.unit.domain.images.test_node_image import image, version
from tests.unit.domain.strategies import instants, windows

WEDNESDAY = at("2026-08-26 12:00")


def seen_image(os: str, text: str, sku: str, since: datetime) -> SeenImage:
    return SeenImage(os, version(text), (sku,), since, since - HOUR)


UBUNTU = seen_image("AKSUbuntu", "202608.26.0", "2404gen2containerd", WEDNESDAY)
LINUX = seen_image("AKSAzureLinux", "202608.20.0", "V3gen2", WEDNESDAY - DAY)


def known(name: str, since: datetime = WEDNESDAY, *, release_seen: bool = True) -> KnownImage:
    return KnownImage(image(name), since, release_seen, seen_after=since - HOUR)


def test_the_newest_of_each_os() -> None:
    """Each OS has its own newest version; older kinds beside it and Windows are left out."""
    found = newest_of_each_os(
        [
            known("AKSUbuntu-2404gen2containerd-202608.26.0"),
            known("AKSUbuntu-2204gen2containerd-202608.09.0"),
            known("AKSUbuntu-1804gen2containerd-202503.01.0", WEDNESDAY - 300 * DAY),
            known("AKSAzureLinux-V3gen2-202608.20.0", WEDNESDAY - DAY),
            known("AKSWindows-2022-containerd-gen2-20348.4529.251212"),
        ]
    )
    assert found == (LINUX, UBUNTU)
    assert newest_of_each_os([]) == ()


def test_kinds_that_came_at_different_times_are_told_apart() -> None:
    """The same version of two kinds is one image only where both were seen at the same time."""
    later = WEDNESDAY + HOUR
    names = [f"AKSUbuntu-{sku}-202608.26.0" for sku in ("a", "b", "c")]
    found = newest_of_each_os(
        [known(names[2], later), known(names[1]), known(names[0], later, release_seen=False)]
    )
    assert [(each.skus, each.since, each.after) for each in found] == [
        (("a",), later, None),
        (("b",), WEDNESDAY, WEDNESDAY - HOUR),
        (("c",), later, WEDNESDAY),
    ]


def test_one_forecast_for_each_image() -> None:
    """A cluster's pools may use either OS, so neither is hidden."""
    seen = SeenSchedule(ObservedSchedule(SUNDAYS))
    found = forecast_bodies(cluster(), seen, [LINUX, UBUNTU], WEDNESDAY)
    images = [each["image"] for each in found]
    assert [each and each["os"] for each in images] == ["AKSAzureLinux", "AKSUbuntu"]
    assert {each["pickUp"] for each in found} == {"InWindow"}


UNREADABLE = ObservedSchedule(unreadable=InvalidWindow.because("startTime", "x", "is odd"))


@pytest.mark.parametrize(
    ("seen", "images", "pick_up", "why"),
    [
        (None, (UBUNTU,), "Unknown", "not been seen"),
        (None, (), "Unknown", "not been seen"),
        (SeenSchedule(None), (), "AnyTime", "No configuration"),
        (SeenSchedule(None), (UBUNTU,), "AnyTime", "No configuration"),
        (SeenSchedule(ObservedSchedule()), (), "AnyTime", "no maintenance window"),
        (SeenSchedule(ObservedSchedule(SUNDAYS)), (), "Unknown", "No node image has been seen"),
        (SeenSchedule(UNREADABLE), (), "Unknown", "No node image has been seen"),
        (SeenSchedule(UNREADABLE), (UBUNTU,), "Unknown", "startTime"),
    ],
)
def test_what_is_not_known(
    seen: SeenSchedule | None, images: tuple[SeenImage, ...], pick_up: str, why: str
) -> None:
    """Without a schedule it is any time, image or not; otherwise what is unknown is said."""
    (found,) = forecast_bodies(cluster(), seen, images, WEDNESDAY)
    assert found["pickUp"] == pick_up
    assert why in str(found["why"])
    assert bool(found["image"]) is bool(images)
    if not images:
        assert (found["notBefore"], found["certainBy"]) == (None, None)


def test_kubernetes_upgrades_are_forecast_without_an_image() -> None:
    """What is said of the other schedule is there whatever is known of images."""
    owner = cluster(autoUpgradeProfile={"upgradeChannel": "stable"})
    for seen in (None, SeenSchedule(None), SeenSchedule(ObservedSchedule(SUNDAYS))):
        (found,) = forecast_bodies(owner, seen, (), WEDNESDAY, SeenSchedule(None))
        assert found["byKubernetesUpgrade"]["begins"] == "AnyTime"
        assert "aksManagedAutoUpgradeSchedule" in found["byKubernetesUpgrade"]["why"]


@given(windows, windows, instants, st.sampled_from([None, "stable", "None"]))
def test_what_is_remembered_forecasts_the_same(
    window: MaintenanceWindow, other: MaintenanceWindow, now: datetime, channel: str | None
) -> None:
    """From the row comes what a look at the cluster would give."""
    seen, upgrades = (SeenSchedule(ObservedSchedule(each)) for each in (window, other))
    live = cluster(autoUpgradeProfile={"upgradeChannel": channel, "nodeOSUpgradeChannel": "None"})
    texts = schedule_to_text(seen), schedule_to_text(upgrades)
    row = KnownCluster("None", channel, *texts, sku=live.sku)
    images = (UBUNTU, LINUX)
    assert known_forecasts(row, images, now) == forecast_bodies(live, seen, images, now, upgrades)


def test_callers_share_what_is_equal() -> None:
    """Ten thousand clusters with one window are one forecast a minute."""
    row = KnownCluster(None, None, schedule_to_text(SeenSchedule(ObservedSchedule(SUNDAYS))))
    same = KnownCluster(None, None, row.schedule_text)
    first = known_forecasts(row, (UBUNTU,), WEDNESDAY)
    assert known_forecasts(same, (UBUNTU,), WEDNESDAY) is first
    assert known_forecasts(same, (UBUNTU,), WEDNESDAY + timedelta(minutes=1)) is not first
