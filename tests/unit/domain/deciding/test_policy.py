from collections.abc import Sequence
from copy import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.decision import Action, Decision, Desired
from shared.domain.deciding.observed import NODE_OS_SCHEDULE, ObservedCluster, ObservedConfiguration
from shared.domain.deciding.policy import ACTIONS, decide, screen
from shared.domain.vocabulary.ids import parse_scope
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.starts import plan_start
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.examples import examples
from tests.policies import always
from tests.unit.domain.examples import (
    CLUSTER_ID,
    DAY,
    DESIRED,
    HOUR,
    SUNDAYS,
    at,
    cluster,
    configuration,
)
from tests.unit.domain.strategies import instants, json_values, leads, settings_windows

NOW = at("2026-11-20 12:00")  # a Friday
GROUP = parse_scope(str(CLUSTER_ID).split("/providers", maxsplit=1)[0])
SIBLINGS = [configuration(SUNDAYS, name) for name in ("default", "aksManagedAutoUpgradeSchedule")]


def reasons(decision: Decision) -> list[str]:
    return [finding.reason.value for finding in decision.findings]


def needs_attention(decision: Decision) -> bool:
    """Say whether a person should look at any of the findings."""
    return not NEEDS_ATTENTION.isdisjoint(finding.reason for finding in decision.findings)


def judged(window: object, now: datetime = NOW, desired: Desired = DESIRED) -> list[str]:
    return reasons(decide(cluster(), [configuration(window)], desired, now))


@pytest.mark.parametrize(
    ("observed", "desired", "action", "reason"),
    [
        (None, DESIRED, "Skip", "ClusterGone"),
        (cluster(nodeProvisioningProfile=None), DESIRED, "Skip", "NotAutoProvisioned"),
        (cluster(tags={"naptime": "off"}), DESIRED, "Skip", "Excluded"),
        (cluster(tags={"NapTime": "OFF"}), DESIRED, "Skip", "Excluded"),
        (cluster(tags={"naptime ": " off "}), DESIRED, "Skip", "Excluded"),
        (cluster(), replace(DESIRED, excluded=(GROUP,)), "Skip", "Excluded"),
        (cluster(provisioningState="Deleting"), DESIRED, "Skip", "ClusterDeleting"),
        (cluster(provisioningState="deleting"), DESIRED, "Skip", "ClusterDeleting"),
        (cluster(provisioningState="Creating"), DESIRED, "Defer", "ClusterCreating"),
        # The first that applies decides.
        (
            cluster(tags={"naptime": "off"}, nodeProvisioningProfile=None),
            DESIRED,
            "Skip",
            "NotAutoProvisioned",
        ),
        (
            cluster(tags={"naptime": "off"}, provisioningState="Creating"),
            DESIRED,
            "Skip",
            "Excluded",
        ),
    ],
)
def test_screens_need_no_look_at_the_configurations(
    observed: ObservedCluster | None, desired: Desired, action: str, reason: str
) -> None:
    """A cluster that is not to be looked after is skipped or deferred, schedule or not."""
    screened = screen(observed, desired, NOW)
    assert screened is not None
    assert (screened.action, reasons(screened)) == (action, [reason])
    assert decide(observed, [], desired, NOW) == screened
    assert screened.next_start(NOW) is None
    assert not needs_attention(screened)


@pytest.mark.parametrize("state", ["Succeeded", "Failed", "Updating", "Upgrading", "Canceled", ""])
def test_every_other_state_is_acted_on(state: str) -> None:
    """A cluster can stay Failed for months; it needs its window all the same."""
    observed = cluster(provisioningState=state)
    assert screen(observed, DESIRED, NOW) is None
    assert decide(observed, [], DESIRED, NOW).action is Action.CREATE


@pytest.mark.parametrize(
    "tags", [{"naptime": "on"}, {"naptime": ""}, {"nap": "off"}, {"off": "naptime"}]
)
def test_other_tags_exclude_nothing(tags: dict[str, str]) -> None:
    """Only the tag naptime with the value off leaves a cluster out."""
    assert screen(cluster(tags=tags), DESIRED, NOW) is None


@pytest.mark.parametrize("configurations", [[], SIBLINGS])
def test_a_missing_schedule_is_created(configurations: Sequence[ObservedConfiguration]) -> None:
    """Where none has the name, the desired window is written, planned for this now."""
    now = at("2026-11-22 00:19:30") + timedelta.resolution
    decision = decide(cluster(), configurations, DESIRED, now)
    assert (decision.action, decision.reason) == (Action.CREATE, Reason.SCHEDULE_MISSING)
    assert decision.window == replace(SUNDAYS, start_date=date(2026, 11, 23))
    start = decision.next_start(now)
    assert start is not None
    assert start.start == at("2026-11-29 01:00")
    assert not needs_attention(decision)


def test_the_attempts_own_time_out_counts_as_lead() -> None:
    """40 minutes of lead and 30 seconds of attempt: a start exactly that far ahead will do."""
    decision = decide(cluster(), [], DESIRED, at("2026-11-22 00:19:30"))
    assert decision.window == SUNDAYS


def test_a_schedule_in_order_is_left_alone() -> None:
    """Somebody else's window is fine as it is, however it differs from the settings."""
    window = MaintenanceWindow(Daily(1), time(2), 8, HOUR * -8, date(2026, 11, 20))
    decision = decide(cluster(), [*SIBLINGS, configuration(window)], DESIRED, NOW)
    assert (decision.action, reasons(decision)) == (Action.LEAVE, ["UpToDate"])
    assert decision.window == window
    assert not needs_attention(decision)


def test_a_schedule_without_a_window_is_not_explicit() -> None:
    """The name alone is no window; it is reported, and not replaced."""
    decision = decide(cluster(), [configuration(None)], DESIRED, NOW)
    assert (decision.action, reasons(decision)) == (Action.LEAVE, ["ScheduleNotExplicit"])
    assert decision.window is None
    assert needs_attention(decision)


def test_a_window_that_cannot_be_read_is_never_overwritten() -> None:
    """The finding says what could not be understood."""
    decision = decide(cluster(), [configuration({"durationHours": 2})], DESIRED, NOW)
    assert (decision.action, reasons(decision)) == (Action.LEAVE, ["WindowUnreadable"])
    assert "durationHours '2'" in decision.finding.message
    assert needs_attention(decision)


@pytest.mark.parametrize(
    ("start_date", "expected"),
    [
        # Friday noon: the Sunday of the 22nd is the first start in time.
        (date(2026, 11, 22), "UpToDate"),
        (date(2026, 11, 23), "InactiveUntil"),
        (date(2026, 11, 29), "InactiveUntil"),
        (date(2030, 1, 1), "InactiveUntil"),
    ],
)
def test_a_start_date_must_not_hold_back_an_occurrence(start_date: date, expected: str) -> None:
    """A window that waits past a start in time leaves the gate open until then."""
    assert judged(replace(SUNDAYS, start_date=start_date)) == [expected]


def test_a_start_date_that_only_holds_back_what_is_too_near_is_fine() -> None:
    """On Sunday at 00:19:31 the start of 01:00 is too near, so that it does no harm to miss it."""
    window = replace(SUNDAYS, start_date=date(2026, 11, 23))
    assert judged(window, at("2026-11-22 00:19:30")) == ["InactiveUntil"]
    assert judged(window, at("2026-11-22 00:19:31")) == ["UpToDate"]
    assert judged(window, at("2026-11-23 00:00")) == ["UpToDate"]


@pytest.mark.parametrize(("days", "found"), [(7, False), (8, True)])
def test_a_start_date_more_than_a_week_ahead_is_far(days: int, found: object) -> None:
    """Even where no occurrence is held back, or none is known, a far start date is reported."""
    start_date = NOW.date() + timedelta(days=days)
    monthly = MaintenanceWindow(AbsoluteMonthly(1, 15), time(1), 4, start_date=start_date)
    fortnightly = MaintenanceWindow(Weekly(2, Weekday.SUNDAY), time(1), 4, start_date=start_date)
    for window in (monthly, fortnightly):
        assert ("InactiveUntil" in judged(window)) is found


def blocked(window: MaintenanceWindow, start: date, end: date) -> MaintenanceWindow:
    return replace(window, not_allowed_dates=(DateSpan(start, end),))


@pytest.mark.parametrize(
    ("window", "end", "found"),
    [
        # From Friday 20 November: Sundays are the 22nd, 29th, 6th, 13th and 20th.
        (SUNDAYS, date(2026, 12, 12), False),
        (SUNDAYS, date(2026, 12, 13), True),
        (SUNDAYS, date.max, True),
        (MaintenanceWindow(Daily(1), time(1), 4), date(2026, 12, 17), False),
        (MaintenanceWindow(Daily(1), time(1), 4), date(2026, 12, 18), True),
        # Of a monthly window the next two must be blocked.
        (MaintenanceWindow(AbsoluteMonthly(1, 1), time(1), 4), date(2026, 12, 31), False),
        (MaintenanceWindow(AbsoluteMonthly(1, 1), time(1), 4), date(2027, 1, 1), True),
    ],
)
def test_four_blocked_weeks_are_found(window: MaintenanceWindow, end: date, found: object) -> None:
    """Holidays are fine; no occurrence for four weeks, or twice in a row, is reported."""
    decided = judged(blocked(window, date(2026, 11, 20), end))
    assert ("BlockedByNotAllowedDates" in decided) is found


def test_blocked_dates_elsewhere_are_no_finding() -> None:
    """Dates that lie in the past, or before a window that has not begun, block nothing."""
    assert judged(blocked(SUNDAYS, date(2020, 1, 1), date(2026, 11, 21))) == ["UpToDate"]
    never = replace(blocked(SUNDAYS, date(2020, 1, 1), date(2020, 1, 2)), start_date=date.max)
    assert judged(never) == ["InactiveUntil"]


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        (Weekly(2, Weekday.SUNDAY), ["LongerThanWeekly", "IntervalAmbiguous"]),
        (Daily(7), ["IntervalAmbiguous"]),
        (AbsoluteMonthly(1, 28), ["LongerThanWeekly"]),
        (AbsoluteMonthly(1, 31), ["LongerThanWeekly", "IntervalAmbiguous"]),
        (RelativeMonthly(1, WeekIndex.LAST, Weekday.SUNDAY), ["LongerThanWeekly"]),
    ],
)
def test_long_and_ambiguous_intervals_are_reported(
    recurrence: Recurrence, expected: list[str]
) -> None:
    """Images are released weekly: what comes less often, or nobody knows when, is reported."""
    decision = decide(
        cluster(),
        [configuration(MaintenanceWindow(recurrence, time(1), 4, start_date=NOW.date()))],
        DESIRED,
        NOW,
    )
    assert reasons(decision) == expected
    assert needs_attention(decision)
    assert (decision.next_start(NOW) is None) is ("IntervalAmbiguous" in expected)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("None", "NodeOSChannelOff"),
        ("unmanaged", "NodeOSChannelOff"),
        ("NodeImage", "UpToDate"),
        ("SecurityPatch", "UpToDate"),
        (None, "UpToDate"),
    ],
)
def test_a_channel_that_is_off_is_reported(channel: str | None, expected: str) -> None:
    """Whether the window counts without a channel is unknown; an unnamed channel says nothing."""
    observed = cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": channel})
    assert reasons(decide(observed, [configuration(SUNDAYS)], DESIRED, NOW)) == [expected]


def test_all_findings_are_reported_in_order() -> None:
    """The first finding decides, and the others are told as well."""
    window = blocked(
        MaintenanceWindow(AbsoluteMonthly(1, 1), time(1), 4, start_date=date(2027, 6, 1)),
        date(2027, 1, 1),
        date(2028, 1, 1),
    )
    observed = cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": "None"})
    decision = decide(observed, [configuration(window)], DESIRED, NOW)
    assert reasons(decision) == [
        "InactiveUntil",
        "BlockedByNotAllowedDates",
        "LongerThanWeekly",
        "NodeOSChannelOff",
    ]
    assert decision.reason is Reason.INACTIVE_UNTIL


def test_a_missing_schedule_is_created_even_where_the_channel_is_off() -> None:
    """The window is written, and the channel is reported beside it."""
    observed = cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": "None"})
    decision = decide(observed, [], DESIRED, NOW)
    assert decision.action is Action.CREATE
    assert reasons(decision) == ["ScheduleMissing", "NodeOSChannelOff"]
    assert needs_attention(decision)


def test_only_a_missing_schedule_writes() -> None:
    """A missing schedule leads to Create, no reason to Update, what needs attention to Leave."""
    assert [reason for reason, action in ACTIONS.items() if action is Action.CREATE] == [
        Reason.SCHEDULE_MISSING,
        Reason.SCHEDULE_RESTORED,
    ]
    assert Action.UPDATE not in ACTIONS.values()
    assert not NEEDS_ATTENTION & set(ACTIONS)


casings = st.sampled_from(
    [NODE_OS_SCHEDULE, NODE_OS_SCHEDULE.lower(), NODE_OS_SCHEDULE.upper(), NODE_OS_SCHEDULE.title()]
)
property_names = st.sampled_from(["maintenanceWindow", "timeInWeek", "maintenanceWindowId"])


@given(casings, st.dictionaries(property_names, json_values), instants)
@settings(max_examples=examples(60, 200), deadline=None)
def test_a_schedule_that_exists_is_never_written(
    name: str, properties: dict[str, object], now: datetime
) -> None:
    """Whatever is in it and however its name is spelt, an existing schedule is left as it is."""
    configurations = [*SIBLINGS, ObservedConfiguration(name, properties)]
    assert decide(cluster(), configurations, DESIRED, now).action is Action.LEAVE


@given(settings_windows, instants, leads, st.timedeltas(timedelta(), 60 * DAY))
@settings(max_examples=examples(80, 300), deadline=None)
def test_what_naptime_wrote_is_up_to_date_ever_after(
    window: MaintenanceWindow, now: datetime, lead: timedelta, later: timedelta
) -> None:
    """Nothing is found in naptime's own schedule, from its writing on."""
    desired = Desired(always(window), lead=lead)
    written = decide(cluster(), [], desired, now).window
    assert written == plan_start(window, now, desired.horizon)
    today = window.local_date(now + desired.attempt_timeout)
    stored = replace(written, start_date=written.start_date or today)
    accepted = now + desired.attempt_timeout
    assert judged(stored, accepted + later, desired) == ["UpToDate"]
