"""What naptime says of budgets, against what the simulator's Karpenter does with them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from hypothesis import event, given, settings
from hypothesis import strategies as st

from local.azure.arm.clusters import Sight
from local.azure.arm.state import Release
from local.azure.json_values import JsonObject
from local.azure.nap.budgets import allowed, budget_of
from local.azure.nap.cron import schedule_of
from local.azure.nap.history import rolls
from local.azure.nap.replacements import Replacement, pools_of, replacements
from shared.domain.budgets.activity import active_minutes, activity
from shared.domain.budgets.budget import Budget, DisruptionReason, Nodes
from shared.domain.budgets.cron import parse_cron
from shared.domain.budgets.making.generate import BudgetWish, generate
from shared.domain.budgets.minutes import Calendar, Stretch
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.window.body import write_window
from shared.domain.window.recurrence import AbsoluteMonthly, Recurrence, Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.examples import examples
from tests.unit.domain.budgets.pools import GRADUAL, Json
from tests.unit.domain.strategies import durations, offsets, start_times, weekdays

START = datetime(2026, 8, 26, 12, tzinfo=UTC)
RELEASED = START + timedelta(days=1)
IMAGE = ("AKSUbuntu", "2404gen2containerd")
FIRST = {IMAGE: "202601.01.0"}
ROBFIG = Path(__file__).parents[1] / "unit/domain/budgets/robfig.json"

moments = st.integers(0, 20 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
recurrences: st.SearchStrategy[Recurrence] = st.one_of(
    st.builds(Weekly, st.just(1), weekdays),
    st.builds(AbsoluteMonthly, st.just(1), st.integers(1, 28)),
)
windows = st.builds(MaintenanceWindow, recurrences, start_times, durations, offsets)


def test_both_read_schedules_as_robfigs_cron_does() -> None:
    """The simulator's cron, written apart, gives what robfig's own gave, seconds included."""
    for answer in json.loads(ROBFIG.read_text()):
        schedule = schedule_of(answer["schedule"])
        assert (schedule is None) == answer.get("refused", False), answer
        if schedule is not None:
            found = schedule.next_hit(datetime.fromisoformat(answer["at"]))
            expected = answer["next"] and datetime.fromisoformat(answer["next"])
            assert found == expected, answer


fields = st.sampled_from(["*", "*/2", "0", "5", "1-3", "2,4", "7", "sun", "fri-mon", ",", "?"])
schedules = st.tuples(fields, fields, fields, fields, fields).map(" ".join)


@settings(max_examples=examples(50, 150))
@given(schedules, moments, st.integers(0, 12_000))
def test_both_say_alike_when_a_budget_is_active(schedule: str, at: datetime, minutes: int) -> None:
    """Over schedules that parse, that do not, and that never hit."""
    theirs = budget_of({"nodes": "3", "schedule": schedule, "duration": f"{minutes}m"})
    try:
        parse_cron(schedule)
    except BrokenRule:
        assert theirs.is_broken
        assert allowed([theirs], 7, at) == 0
        return
    calendar = Calendar(at.date(), 1)
    ours = Budget(Nodes(3), None, schedule, timedelta(minutes=minutes))
    is_active = bool(active_minutes(ours, calendar) >> calendar.number(at) & 1)
    assert allowed([theirs], 7, at) == (3 if is_active else 7)


limits = st.sampled_from(["0", "1", "10%", "34%", "100%", "50"])
bodies: st.SearchStrategy[list[Json]] = st.lists(
    st.fixed_dictionaries(
        {"nodes": limits},
        optional={"reasons": st.sampled_from([["Drifted"], ["Empty"], []])},
    ),
    max_size=4,
)


@given(bodies, st.integers(1, 60))
def test_both_take_the_least_of_the_budgets(budgets: list[Json], nodes: int) -> None:
    """Rounded up, and only of those that count for drift."""
    ours = [
        Budget(
            Nodes.parse(str(each["nodes"])),
            tuple(map(DisruptionReason, each["reasons"])) if "reasons" in each else None,  # type: ignore[call-overload]  # a list of words
        )
        for each in budgets
    ]
    calendar = Calendar(START.date(), 1)
    found = activity(ours, DisruptionReason.DRIFTED, calendar)
    (level,) = found.levels(Stretch(calendar.start, calendar.end))
    theirs = [budget_of(dict(each)) for each in budgets]
    assert allowed(theirs, nodes, START) == level.at_most(nodes)


def rolled(
    window: MaintenanceWindow,
    released: Sequence[datetime],
    budgets: Sequence[JsonObject],
    nodes: int,
    minutes: int,
) -> list[Replacement]:
    """Let NAP live for seven weeks with a window, releases, and one pool."""
    sight = Sight(START, nap=True, schedule={"maintenanceWindow": write_window(window)})
    until = START + timedelta(weeks=7)
    releases = [
        Release(at, "westeurope", *IMAGE, f"2027{number:02}.01.0", "")
        for number, at in enumerate(sorted(released), start=1)
    ]
    taken = [roll.at for roll in rolls([sight], releases, FIRST, until)]
    pool = {"name": "p", "nodes": nodes, "minutesPerNode": minutes, "budgets": list(budgets)}
    return replacements(taken, pools_of({"pools": [pool]}), until)


def starts_outside(window: MaintenanceWindow, found: Sequence[Replacement]) -> list[Replacement]:
    """Give those that start when the window is not open."""
    return [each for each in found if not next(window.occurrences(each.at)).start <= each.at]


@settings(max_examples=examples(30, 60))
@given(
    windows,
    st.lists(moments, min_size=1, max_size=4),
    st.sampled_from(["1", "10%", "34%"]),
    st.integers(1, 40),
    st.integers(1, 300),
    st.integers(0, 180),
)
def test_with_generated_budgets_no_replacement_starts_outside_the_window(  # noqa: PLR0913, PLR0917 - one history
    window: MaintenanceWindow,
    released: list[datetime],
    rate: str,
    nodes: int,
    minutes: int,
    early: int,
) -> None:
    """Whatever was released when, however many nodes and however slow they are."""
    wish = BudgetWish(Nodes.parse(rate), close_early=timedelta(minutes=early))
    made = generate(window, wish, START)
    assert made.lets_in == () or isinstance(window.recurrence, AbsoluteMonthly)
    found = rolled(
        window, released, [dict(each.to_json()) for each in made.budgets], nodes, minutes
    )
    event("rolled" if found else "nothing to roll")
    if made.lets_in == ():
        assert starts_outside(window, found) == []
    busiest = max((sum(one.at <= each.at < one.done for one in found) for each in found), default=0)
    assert busiest <= wish.rate.of(nodes)


def test_with_the_published_example_replacements_start_outside() -> None:
    """The AKS documentation's gradual rollout, with sixty nodes and a window from 02:00 to 06:00.

    Eight go one by one, 24 by threes, 24 more by threes after the window, and the rest at once.
    """
    window = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(2), 4)
    found = rolled(window, [RELEASED], GRADUAL, 60, 15)
    outside = starts_outside(window, found)
    at_once = [each for each in outside if each.at.hour >= 8]
    assert (len(found), len(outside), len(at_once)) == (60, 28, 4)
    assert {each.at for each in at_once} == {datetime(2026, 8, 30, 8, tzinfo=UTC)}
    made = generate(window, BudgetWish(), START)
    ours = rolled(window, [RELEASED], [dict(each.to_json()) for each in made.budgets], 60, 15)
    assert (len(ours), starts_outside(window, ours)) == (60, [])


def test_in_another_window_the_published_example_lets_all_go_at_once() -> None:
    """An hour before its budgets begin nothing is limited."""
    window = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
    found = rolled(window, [RELEASED], GRADUAL, 60, 15)
    assert {each.at for each in found} == {datetime(2026, 8, 30, 1, 5, tzinfo=UTC)}
