"""When nothing holds back the upgrades of Kubernetes that bring node images with them."""

from collections.abc import Sequence
from copy import replace
from datetime import date, time
from itertools import product

import pytest

from shared.domain.deciding.decision import Action, Desired
from shared.domain.deciding.kubernetes import planned_auto_upgrade
from shared.domain.deciding.observed import ObservedConfiguration, SeenSchedule
from shared.domain.deciding.policy import decide
from shared.domain.images.by_upgrade import UpgradeTime, forecast_upgrade
from shared.domain.policy.choose import Policy, Rule, SameWindow
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.unit.domain.examples import DESIRED, SUNDAYS, at, cluster, configuration

NOW = at("2026-11-20 12:00")  # a Friday
AUTO_UPGRADE = "aksManagedAutoUpgradeSchedule"

CHANNELS: list[tuple[str | None, bool]] = [
    *((on, True) for on in ("patch", "stable", "rapid", "Patch", "STABLE", "rApId")),
    *((off, False) for off in (None, "none", "None", "node-image", "NODE-IMAGE", "", "new-one")),
]
SKUS = {"Automatic": True, "automatic": True, "AUTOMATIC": True, "Base": False, "": False}
OWN = configuration(SUNDAYS)
NEVER = replace(SUNDAYS, not_allowed_dates=(DateSpan(date(2026, 1, 1), date.max),))
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


EARLY = NamedWindow("early", Weekly(1, Weekday.TUESDAY), time(22), 5)
TUESDAYS = MaintenanceWindow(Weekly(1, Weekday.TUESDAY), time(22), 5)
RULES_OWN = NamedWindow("weekend", Weekly(1, Weekday.SUNDAY), time(2), 6)
EVERY_OTHER_WEEK = replace(SUNDAYS, recurrence=Weekly(2, Weekday.SUNDAY))


@pytest.mark.parametrize(
    ("kubernetes", "configurations", "planned"),
    [
        (None, [OWN], None),
        (EARLY, [OWN], TUESDAYS),
        (EARLY, [], TUESDAYS),
        (EARLY, [configuration(SUNDAYS, AUTO_UPGRADE)], None),
        (SameWindow(), [OWN], SUNDAYS),
        (SameWindow(), [], replace(SUNDAYS, start_time=time(2), duration_hours=6)),
        # It is there and does not say when, or not for certain: nothing is the same as it.
        (SameWindow(), [configuration(None)], None),
        (SameWindow(), [configuration(EVERY_OTHER_WEEK)], None),
    ],
)
def test_the_schedule_of_upgrades_that_is_made(
    kubernetes: NamedWindow | SameWindow | None,
    configurations: Sequence[ObservedConfiguration],
    planned: MaintenanceWindow | None,
) -> None:
    """By the window that the rule names, or the same as that of the node images; never over one."""
    policy = Policy({}, (Rule("all", RULES_OWN, kubernetes=kubernetes),))
    patched = cluster(autoUpgradeProfile={"upgradeChannel": "patch"})
    assert planned_auto_upgrade(patched, configurations, Desired(policy), NOW) == planned
    by_hand = cluster(autoUpgradeProfile={"upgradeChannel": "none"})
    assert planned_auto_upgrade(by_hand, configurations, Desired(policy), NOW) is None


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
        ("stable", "", SeenSchedule(configuration(NEVER).schedule), "Unknown"),
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
