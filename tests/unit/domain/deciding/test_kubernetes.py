"""When nothing holds back the upgrades of Kubernetes that bring node images with them."""

from collections.abc import Sequence
from copy import replace
from itertools import product

import pytest

from shared.domain.deciding.decision import Action
from shared.domain.deciding.observed import ObservedConfiguration, SeenSchedule
from shared.domain.deciding.policy import decide
from shared.domain.images.by_upgrade import UpgradeTime, forecast_upgrade
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.window.recurrence import Daily
from tests.unit.domain.examples import DESIRED, SUNDAYS, at, cluster, configuration

NOW = at("2026-11-20 12:00")  # a Friday
AUTO_UPGRADE = "aksManagedAutoUpgradeSchedule"

CHANNELS: list[tuple[str | None, bool]] = [
    *((on, True) for on in ("patch", "stable", "rapid", "Patch", "STABLE", "rApId")),
    *((off, False) for off in (None, "none", "None", "node-image", "NODE-IMAGE", "", "new-one")),
]
SKUS = {"Automatic": True, "automatic": True, "AUTOMATIC": True, "Base": False, "": False}
OWN = configuration(SUNDAYS)
CONFIGURATIONS: Sequence[tuple[tuple[ObservedConfiguration, ...], bool]] = [
    ((), False),
    ((OWN,), False),
    ((OWN, configuration(SUNDAYS, "default")), False),
    ((OWN, configuration(SUNDAYS, AUTO_UPGRADE)), True),
    ((configuration(SUNDAYS, AUTO_UPGRADE), OWN), True),
    ((OWN, configuration(SUNDAYS, AUTO_UPGRADE.lower())), True),
    ((OWN, configuration(SUNDAYS, AUTO_UPGRADE.upper())), True),
    # Not naptime's to judge, but somebody has said when.
    ((OWN, configuration({"schedule": "?"}, AUTO_UPGRADE)), True),
    # There by name alone: perhaps linked to a shared window, which this version does not show.
    ((OWN, ObservedConfiguration(AUTO_UPGRADE, {})), False),
    ((OWN, configuration(None, AUTO_UPGRADE)), False),
]


@pytest.mark.parametrize(("configurations", "held_back"), CONFIGURATIONS)
def test_the_table(configurations: Sequence[ObservedConfiguration], *, held_back: bool) -> None:
    """Found where Kubernetes is upgraded by channel or sku and no window of its own says when."""
    for (channel, by_channel), (sku, by_sku) in product(CHANNELS, SKUS.items()):
        body = cluster(autoUpgradeProfile={"upgradeChannel": channel})
        decision = decide(replace(body, sku=sku), configurations, DESIRED, NOW)
        found = {finding.reason for finding in decision.findings}
        expected = (by_channel or by_sku) and not held_back
        assert (Reason.KUBERNETES_UPGRADE_ANY_TIME in found) is expected, (channel, sku)
        # It is said, and changes nothing of what is done about the node OS schedule.
        is_there = any(each.is_node_os_schedule for each in configurations)
        assert decision.action is (Action.LEAVE if is_there else Action.CREATE)


def test_a_person_should_look_at_it() -> None:
    """It needs attention, is the cluster's reason where nothing else is found, and says why."""
    body = cluster(autoUpgradeProfile={"upgradeChannel": "Stable"})
    decision = decide(body, [OWN], DESIRED, NOW)
    assert decision.reason is Reason.KUBERNETES_UPGRADE_ANY_TIME
    assert decision.reason in NEEDS_ATTENTION
    assert "The auto-upgrade channel is Stable." in decision.finding.message
    assert f"no configuration is named {AUTO_UPGRADE}." in decision.finding.message
    linked = decide(body, [OWN, ObservedConfiguration(AUTO_UPGRADE, {})], DESIRED, NOW)
    assert "perhaps it links to a shared one." in linked.finding.message
    automatic = replace(body, sku="Automatic", upgrade_channel=None)
    assert "AKS Automatic always" in decide(automatic, [OWN], DESIRED, NOW).finding.message


@pytest.mark.parametrize(
    ("channel", "sku", "seen", "begins"),
    [
        *((off, "Base", None, "OnlyByHand") for off in (None, "none", "NONE", "node-image")),
        ("none", "Automatic", SeenSchedule(None), "AnyTime"),
        *((on, "", SeenSchedule(None), "AnyTime") for on in ("patch", "Stable", "RAPID")),
        ("stable", "", SeenSchedule(ObservedConfiguration("x", {}).schedule), "AnyTime"),
        ("stable", "", SeenSchedule(OWN.schedule), "InWindow"),
        ("stable", "", None, "Unknown"),
        # A channel that nobody knows yet may upgrade Kubernetes; what it does is not known.
        ("something-new", "", None, "Unknown"),
        ("something-new", "", SeenSchedule(OWN.schedule), "InWindow"),
        ("stable", "", SeenSchedule(configuration({"schedule": "?"}).schedule), "Unknown"),
        (
            "stable",
            "",
            SeenSchedule(configuration(replace(SUNDAYS, recurrence=Daily(3))).schedule),
            "Unknown",
        ),
    ],
)
def test_when_an_upgrade_begins(
    channel: str | None, sku: str, seen: SeenSchedule | None, begins: str
) -> None:
    """The forecast says when, by the window of its own schedule only, and always why."""
    body = replace(cluster(autoUpgradeProfile={"upgradeChannel": channel}), sku=sku)
    found = forecast_upgrade(body, seen, NOW)
    assert found.begins == begins
    assert found.why.endswith(".")
    assert (found.possible is not None) is (found.begins is UpgradeTime.IN_WINDOW)


def test_the_time_in_which_an_upgrade_begins() -> None:
    """It is the occurrence that is open, or else the next."""
    body = cluster(autoUpgradeProfile={"upgradeChannel": "patch"})
    seen = SeenSchedule(OWN.schedule)
    for now in (NOW, at("2026-11-22 01:00"), at("2026-11-22 04:59")):
        possible = forecast_upgrade(body, seen, now).possible
        assert possible
        assert (possible.start, possible.end) == (at("2026-11-22 01:00"), at("2026-11-22 05:00"))
