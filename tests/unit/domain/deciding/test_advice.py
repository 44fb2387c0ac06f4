from contextlib import suppress
from copy import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.advice import Advice, Wished, advise, same_effect
from shared.domain.deciding.decision import Action
from shared.domain.deciding.observed import ObservedCluster, ObservedConfiguration
from shared.domain.deciding.wish import MOST_SPANS, read_wish
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.body import write_window
from shared.domain.window.recurrence import AbsoluteMonthly, Daily, Weekday, Weekly
from shared.domain.window.starts import MINIMUM_LEAD, possible_occurrences
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.examples import examples
from tests.unit.domain.examples import DESIRED, SUNDAYS, at, cluster, configuration
from tests.unit.domain.strategies import instants, json_values, leads, plain_windows, windows

FRIDAY_NOON = at("2026-11-20 12:00")
SATURDAYS = replace(SUNDAYS, recurrence=Weekly(1, Weekday.SATURDAY))
NEVER = replace(SUNDAYS, not_allowed_dates=(DateSpan(date(2026, 1, 1), date(9999, 12, 31)),))
LINKED = ObservedConfiguration("aksManagedNodeOSUpgradeSchedule", {})
UNREADABLE = configuration({"schedule": {}})


def asked(
    window: MaintenanceWindow,
    observed: object = None,
    now: datetime = FRIDAY_NOON,
    owner: ObservedCluster | None = None,
) -> Advice:
    there = observed if isinstance(observed, ObservedConfiguration | None) else None
    there = configuration(observed) if isinstance(observed, MaintenanceWindow) else there
    return advise(Wished(owner or cluster(), there, window, DESIRED, now))


def against(advice: Advice) -> list[str]:
    return [finding.reason.value for finding in advice.against]


@pytest.mark.parametrize(
    ("window", "observed", "now", "expected"),
    [
        (SUNDAYS, None, "2026-11-20 12:00", []),
        (SUNDAYS, SATURDAYS, "2026-11-20 12:00", []),
        # 40 minutes and 30 seconds before the start is in time, a second later is not.
        (SUNDAYS, None, "2026-11-22 00:19:30", []),
        (SUNDAYS, None, "2026-11-22 00:19:31", ["StartTooSoon"]),
        (SUNDAYS, None, "2026-11-22 01:00", ["WindowOpen"]),
        (SUNDAYS, None, "2026-11-22 04:59:59", ["WindowOpen"]),
        (SUNDAYS, None, "2026-11-22 05:00", []),
        # The present window: half an hour and the attempt's time-out before its start, to its end.
        (SATURDAYS, SUNDAYS, "2026-11-22 00:29:30", []),
        (SATURDAYS, SUNDAYS, "2026-11-22 00:29:31", ["WindowOpen"]),
        (SATURDAYS, SUNDAYS, "2026-11-22 04:59:59", ["WindowOpen"]),
        (SATURDAYS, SUNDAYS, "2026-11-22 05:00", []),
        # Both at once are both said.
        (replace(SUNDAYS, duration_hours=8), SUNDAYS, "2026-11-22 02:00", ["WindowOpen"] * 2),
        # An interval above 1: the present window may be open, in whichever week.
        (
            SATURDAYS,
            replace(SUNDAYS, recurrence=Weekly(2, Weekday.SUNDAY)),
            "2026-11-22 02:00",
            ["WindowOpen"],
        ),
        (
            replace(SUNDAYS, recurrence=Weekly(2, Weekday.SUNDAY)),
            None,
            "2026-11-20 12:00",
            ["IntervalAmbiguous"],
        ),
        (
            replace(SUNDAYS, start_date=date(2027, 3, 1)),
            None,
            "2026-11-20 12:00",
            ["InactiveUntil"],
        ),
        (
            replace(SUNDAYS, not_allowed_dates=(DateSpan(date(2026, 1, 1), date(2099, 1, 1)),)),
            None,
            "2026-11-20 12:00",
            ["BlockedByNotAllowedDates"],
        ),
        # No start is too soon where there is none, and a window that never opens is never in use.
        (NEVER, None, "2026-11-22 00:19:31", ["BlockedByNotAllowedDates"]),
        (SUNDAYS, NEVER, "2026-11-20 12:00", []),
        (SUNDAYS, LINKED, "2026-11-20 12:00", ["ScheduleNotExplicit"]),
        (SUNDAYS, UNREADABLE, "2026-11-20 12:00", ["WindowUnreadable"]),
    ],
)
def test_what_is_advised_against(
    window: MaintenanceWindow, observed: object, now: str, expected: list[str]
) -> None:
    """Each advice is given exactly where it holds, all of them at once."""
    assert against(asked(window, observed, at(now))) == expected


def test_a_window_that_never_opens_is_waited_for_by_no_offer() -> None:
    """Where the present window has no opening any more, what would do can be sent at once."""
    advice = asked(SUNDAYS, NEVER, at("2026-11-22 00:30"))
    assert against(advice) == ["StartTooSoon"]
    assert advice.offer
    assert advice.offer.send_at == at("2026-11-22 00:30")
    assert advice.offer.start == at("2026-11-29 01:00")


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (cluster(nodeProvisioningProfile=None), ["NotAutoProvisioned"]),
        (cluster(tags={"naptime": "off"}), ["Excluded"]),
        (
            cluster(tags={"naptime": "off"}, nodeProvisioningProfile=None),
            ["NotAutoProvisioned", "Excluded"],
        ),
        (cluster(provisioningState="Creating"), ["ClusterCreating"]),
        (cluster(provisioningState="Deleting"), ["ClusterDeleting"]),
    ],
)
def test_clusters_that_naptime_does_not_look_after(
    owner: ObservedCluster, expected: list[str]
) -> None:
    """A schedule on a cluster that naptime would skip is advised against, and can be forced."""
    advice = asked(SUNDAYS, owner=owner)
    assert against(advice) == expected
    assert advice.offer is None, "no start date would make it better"
    assert advice.decision.action is Action.CREATE


def test_less_than_weekly_is_only_a_warning() -> None:
    """A monthly window is a person's choice; the answer says what it means."""
    advice = asked(replace(SUNDAYS, recurrence=AbsoluteMonthly(1, 15)))
    assert against(advice) == []
    assert [finding.reason.value for finding in advice.warnings] == ["LongerThanWeekly"]


def test_channel_off_is_only_a_warning() -> None:
    """That the window may not count on this cluster is said, and refuses nothing."""
    owner = cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": "None"})
    advice = asked(SUNDAYS, owner=owner)
    assert (against(advice), len(advice.warnings)) == ([], 1)


@pytest.mark.parametrize(
    ("wanted", "observed", "same"),
    [
        (None, "2026-01-01", True),
        (None, "2026-11-20", True),
        (None, "2026-11-21", False),
        (None, None, True),
        ("2026-11-20", "2026-11-20", True),
        ("2026-11-20", "2026-11-19", False),
        ("2026-11-20", None, False),
    ],
)
def test_a_start_date_that_arm_filled_in_is_no_change(
    wanted: str | None, observed: str | None, *, same: bool
) -> None:
    """A start date that was left out equals any that is not ahead; one that was given, itself."""
    dates = [date.fromisoformat(text) if text else None for text in (wanted, observed)]
    left, right = (replace(SUNDAYS, start_date=each) for each in dates)
    assert same_effect(left, right, FRIDAY_NOON) is same


def test_leaving_out_the_start_date_begins_an_interval_anew() -> None:
    """With an interval above 1 ARM would count from today, so an older start date differs."""
    every_other = replace(SUNDAYS, recurrence=Weekly(2, Weekday.SUNDAY))
    older, today = (replace(every_other, start_date=date(2026, 11, day)) for day in (19, 20))
    assert not same_effect(every_other, older, FRIDAY_NOON)
    assert same_effect(every_other, today, FRIDAY_NOON)


def test_an_equal_schedule_is_left_whatever_could_be_said() -> None:
    """What is there already is not written, so nothing is advised, not even in an open window."""
    owner = cluster(tags={"naptime": "off"})
    old = replace(SUNDAYS, start_date=date(2026, 1, 1))
    advice = asked(old, old, at("2026-11-22 02:00"), owner)
    assert (advice.decision.action, advice.against) == (Action.LEAVE, ())


def test_a_start_date_before_today_is_refused_by_name() -> None:
    """A date that AKS would refuse is an error that names field, value and rule."""
    tokyo = replace(SUNDAYS, utc_offset=timedelta(hours=9), start_date=date(2026, 11, 20))
    assert against(asked(tokyo, now=at("2026-11-20 14:59"))) == []
    with pytest.raises(InvalidWindow) as refused:
        asked(tokyo, now=at("2026-11-20 15:00"))
    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == ("maintenanceWindow.startDate", "2026-11-20")
    assert "2026-11-21" in problem.rule


@pytest.mark.parametrize("properties", [{}, {"maintenanceWindow": None}, {"properties": {}}])
def test_a_body_without_a_window(properties: dict[str, object]) -> None:
    """The window alone, or a whole ARM resource, is not what is asked for; the error says so."""
    with pytest.raises(InvalidWindow) as refused:
        read_wish(properties, FRIDAY_NOON)
    assert "maintenanceWindow" in {problem.field for problem in refused.value.problems}


def test_everything_wrong_with_a_body_at_once() -> None:
    """A start date in the past is named beside everything else that is wrong."""
    body = {
        **write_window(SUNDAYS),
        "durationHours": 3,
        "startDate": "2020-02-02",
        "colour": "blue",
    }
    with pytest.raises(InvalidWindow) as refused:
        read_wish({"maintenanceWindow": body}, FRIDAY_NOON)
    names = [problem.field.rpartition(".")[2] for problem in refused.value.problems]
    assert sorted(names) == ["colour", "durationHours", "startDate"]


def test_too_many_spans() -> None:
    """More not-allowed dates than a row can hold are refused by naptime's own rule."""
    span = DateSpan(date(2027, 1, 1), date(2027, 1, 1))
    window = replace(SUNDAYS, not_allowed_dates=(span,) * MOST_SPANS)
    assert read_wish({"maintenanceWindow": write_window(window)}, FRIDAY_NOON) == window
    more = replace(window, not_allowed_dates=(span,) * (MOST_SPANS + 1))
    with pytest.raises(InvalidWindow, match="naptime's own limit"):
        read_wish({"maintenanceWindow": write_window(more)}, FRIDAY_NOON)


@given(st.dictionaries(st.text(max_size=20), json_values, max_size=4), json_values)
def test_no_body_is_anything_but_a_window_or_invalid(
    others: dict[str, object], window: object
) -> None:
    """Whatever JSON comes, it is read or refused with InvalidWindow."""
    for body in (others, {"maintenanceWindow": window}, {"maintenanceWindow": others}):
        with suppress(InvalidWindow):
            read_wish(body, FRIDAY_NOON)


def test_an_offer_waits_for_the_present_window_to_close() -> None:
    """While the present window is open the offer says from when on what would do."""
    saturday_night = at("2026-11-21 03:00")
    advice = asked(SUNDAYS, SATURDAYS, saturday_night)
    assert advice.offer
    assert advice.offer.send_at == at("2026-11-21 05:00")
    assert advice.offer.start == at("2026-11-22 01:00")


def test_no_offer_where_the_window_never_closes() -> None:
    """A present window that is open all day leaves no instant at which a change would be safe."""
    all_day = replace(SUNDAYS, recurrence=Daily(1), duration_hours=24)
    assert asked(SUNDAYS, all_day).offer is None


def test_an_offer_keeps_the_start_date_that_will_do() -> None:
    """The start date that was asked for stays where it is not what is advised against."""
    wanted = replace(SUNDAYS, start_date=date(2026, 11, 22))
    offer = asked(wanted, SATURDAYS, at("2026-11-21 03:00")).offer
    assert offer
    assert offer.window == wanted


@pytest.mark.parametrize("day", [15, 31])
def test_a_day_that_not_every_month_has_may_mean_any(day: int) -> None:
    """Where the documentation leaves open on which day, every day counts as possible."""
    window = MaintenanceWindow(AbsoluteMonthly(2, day), time(1), 4)
    found = next(possible_occurrences(window, at("2026-11-20 12:00")))
    assert found.start == (at("2026-11-21 01:00") if day == 31 else at("2026-12-15 01:00"))


@st.composite
def wishes(draw: st.DrawFn) -> Wished:
    """Make a wished whose start date, if it has one, is not far from now."""
    now = draw(instants)
    window = replace(draw(plain_windows | plain_windows | windows), start_date=None)
    ahead = draw(st.none() | st.integers(0, 12))
    if ahead is not None:
        window = replace(window, start_date=window.local_date(now) + timedelta(days=ahead))
    desired = replace(DESIRED, lead=draw(leads))
    observed = draw(st.none() | plain_windows.map(configuration))
    return Wished(cluster(), observed, window, desired, now)


@settings(max_examples=examples(80, 300))
@given(wishes())
def test_what_is_accepted_is_in_time_and_moves_no_open_window(wished: Wished) -> None:
    """Without force: the first start is a lead ahead, and neither window is open or about to be."""
    advice = advise(wished)
    if advice.against or advice.decision.action is Action.LEAVE:
        return
    assert wished.window.ambiguity is None
    accepted = wished.now + wished.desired.attempt_timeout
    first = next(wished.window.occurrences(wished.now), None)
    assert first is not None
    assert first.start >= accepted + wished.desired.lead
    before = wished.before.window
    for found in possible_occurrences(before, wished.now) if before else ():
        assert found.start >= accepted + MINIMUM_LEAD
        break


@settings(max_examples=examples(80, 300))
@given(wishes())
def test_what_is_offered_is_accepted(wished: Wished) -> None:
    """The offered body is accepted as it is, at the instant that the offer names."""
    offer = advise(wished).offer
    if offer is None:
        return
    body = {"maintenanceWindow": write_window(offer.window)}
    again = replace(wished, window=read_wish(body, offer.send_at), now=offer.send_at)
    assert advise(again).against == ()
    assert again.window.next_start(offer.send_at).start == offer.start  # type: ignore[union-attr]  # there is one
    assert offer.start >= offer.send_at + wished.desired.horizon
    assert replace(again.window, start_date=None) == replace(wished.window, start_date=None)


@settings(max_examples=examples(60, 200))
@given(plain_windows, st.none() | plain_windows, instants)
def test_a_start_that_is_too_near_always_has_an_offer(
    window: MaintenanceWindow, observed: MaintenanceWindow | None, now: datetime
) -> None:
    """Where a start date is all that is wrong there is an offer: nobody is left without a way."""
    wanted = replace(window, start_date=None, not_allowed_dates=())
    there = replace(observed, recurrence=Weekly(1, Weekday.MONDAY)) if observed else None
    advice = asked(wanted, there, now)
    if advice.against:
        assert advice.offer
