"""Budgets as text, and a week as lines of blocks."""

import itertools
import json
import re
from copy import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.budgets.budget import DisruptionReason, Nodes, disruption_json
from shared.domain.budgets.checking.timeline import Week, week_of
from shared.domain.budgets.making.generate import BudgetWish, generate
from shared.domain.budgets.making.seasons import seasons_of
from shared.domain.budgets.making.written import patches_of, yaml_of
from shared.domain.budgets.regular import rhythm_of
from shared.domain.window.recurrence import AbsoluteMonthly, RelativeMonthly, Weekday, WeekIndex
from shared.domain.window.window import MaintenanceWindow
from tests.unit.domain.budgets.pools import INVERTED, NOW, SUNDAYS, pool_of
from tests.unit.domain.strategies import windows

reasons = st.sets(st.sampled_from(DisruptionReason), min_size=1).map(tuple)
rates = st.builds(Nodes, st.integers(1, 100), st.booleans())
TITLE = "Budgets for the window of aks-1"


@settings(max_examples=60)
@given(windows, rates, reasons)
def test_the_yaml_reads_back_equal(
    window: MaintenanceWindow, rate: Nodes, why: tuple[DisruptionReason, ...]
) -> None:
    """By a real YAML reader, for any window, rate and reasons."""
    made = generate(window, BudgetWish(rate, why), NOW)
    assert yaml.safe_load(yaml_of(made, TITLE)) == {"spec": disruption_json(made.budgets)}


def test_the_notes_that_decide_whether_it_works_are_comments() -> None:
    """Every line before the budgets is one, and none is too long to read."""
    last = replace(SUNDAYS, recurrence=RelativeMonthly(1, WeekIndex.LAST, Weekday.SUNDAY))
    text = yaml_of(generate(last, BudgetWish(), NOW), TITLE)
    notes = text.partition("spec:")[0].splitlines()
    assert all(line.startswith("# ") and len(line) <= 100 for line in notes)
    for word in ("Every NodePool", "expireAfter", "PDBs", "terminationGracePeriod", "Kubernetes"):
        assert any(word in line for line in notes)
    assert "# A budget's cron cannot name the last Sunday of a month." in text


def test_a_list_with_an_end_says_so() -> None:
    """And why it ends."""
    last = replace(SUNDAYS, recurrence=RelativeMonthly(1, WeekIndex.LAST, Weekday.SUNDAY))
    text = yaml_of(generate(last, BudgetWish(until=NOW + timedelta(days=200)), NOW), TITLE)
    assert "# This list ends at 2027-06-15T16:00:00Z." in text


def test_a_patch_for_kustomize_and_a_line_for_kubectl_hold_the_same() -> None:
    """Each reads back equal to the budgets."""
    made = generate(SUNDAYS, BudgetWish(), NOW)
    text = patches_of(made, TITLE)
    (patch,) = yaml.safe_load(text)["patches"]
    assert patch["target"] == {"group": "karpenter.sh", "kind": "NodePool"}
    body = yaml.safe_load(patch["patch"])
    assert body["spec"] == disruption_json(made.budgets)
    found = re.search(r"--type merge -p '([^']*)'", text)
    assert found is not None
    assert json.loads(found[1]) == {"spec": disruption_json(made.budgets)}


def test_the_seasons_of_a_place_are_one_list_and_comments() -> None:
    """The list is the present one; the others are ready to be taken out of their comments."""
    berlin = replace(SUNDAYS, utc_offset=timedelta(hours=1))
    seasons = seasons_of(berlin, BudgetWish(), ZoneInfo("Europe/Berlin"), NOW)
    text = yaml_of(seasons[0].generated, TITLE, seasons)
    assert yaml.safe_load(text)["spec"] == disruption_json(seasons[0].generated.budgets)
    assert "two lists a year are needed. These are for +01:00 until\n#   2027-03-28T01:00" in text
    summer = text.partition("From 2027-03-28T01:00:00Z to 2027-10-31T01:00:00Z, for +02:00:\n")[2]
    uncommented = re.sub(r"(?m)^# ", "", summer.partition("\n\n")[0])
    assert yaml.safe_load(uncommented)["spec"] == disruption_json(seasons[1].generated.budgets)


def drawn(week: Week) -> list[str]:
    """Draw a cell for every three hours."""
    return week.drawn(8)


def test_a_week_is_two_lines_of_blocks() -> None:
    """The window above, the budgets below, in 80 columns."""
    good = generate(SUNDAYS, BudgetWish(), NOW).budgets
    assert drawn(week_of(good, SUNDAYS, NOW)) == [
        "UTC     Mon      Tue      Wed      Thu      Fri      Sat      Sun",
        "window  ········ ········ ········ ········ ········ ········ ▚▚······",
        "budgets ········ ········ ········ ········ ········ ········ ▚▚······",
    ]


def test_a_cell_in_which_something_changes_says_so() -> None:
    """So that neither a gap nor a limit is hidden; cells of an hour show it as it is."""
    week = week_of(pool_of(INVERTED).budgets, SUNDAYS, NOW)
    assert week.drawn(8)[2].split()[6] == "█▚██████"
    assert week.drawn(24)[2].split()[6] == f"███▒▒{'█' * 19}"


@pytest.mark.parametrize("columns", [40, 80, 98, 99, 120, 182, 183, 500])
def test_a_week_has_as_many_cells_as_there_is_room_for(columns: int) -> None:
    """In a terminal of 80 columns nothing is folded."""
    lines = week_of((), SUNDAYS, NOW).lines(columns)
    assert max(map(len, lines)) <= max(columns, 70)
    assert len(lines[1].split()[1]) == (8 if columns < 99 else 12 if columns < 183 else 24)


def test_a_week_may_be_drawn_in_the_windows_own_time() -> None:
    """It starts on Monday at midnight there."""
    tokyo = replace(SUNDAYS, utc_offset=timedelta(hours=9))
    good = generate(tokyo, BudgetWish(), NOW).budgets
    week = week_of(good, tokyo, NOW, tokyo.utc_offset)
    assert drawn(week)[0].startswith("+09:00  Mon ")
    assert drawn(week)[2].endswith(" ▚▚······")
    assert drawn(week_of(good, tokyo, NOW))[2].endswith(" ·····▚▚· ········")


def test_a_week_says_each_stretch_in_utc_and_in_the_windows_time() -> None:
    """What counts in it, and whether the window is open."""
    india = replace(SUNDAYS, utc_offset=timedelta(hours=5, minutes=30))
    before, opened, after = week_of(
        generate(india, BudgetWish(), NOW).budgets, india, NOW
    ).to_json()
    assert opened == {
        "start": "2026-11-28T19:30:00Z",
        "end": "2026-11-28T23:30:00Z",
        "startLocal": "2026-11-29T01:00:00+05:30",
        "endLocal": "2026-11-29T05:00:00+05:30",
        "state": "limited",
        "limits": ["10%"],
        "windowOpen": True,
    }
    assert (before["start"], before["state"]) == ("2026-11-23T00:00:00Z", "closed")
    assert (after["end"], after["limits"]) == ("2026-11-30T00:00:00Z", ["0", "10%"])


def test_a_week_without_a_window_is_the_present_one() -> None:
    """Nothing is said of a window then."""
    (whole,) = week_of(pool_of(None).budgets, None, NOW).to_json()
    assert (whole["start"], whole["startLocal"]) == ("2026-11-23T00:00:00Z", None)
    assert (whole["windowOpen"], whole["state"]) == (None, "limited")
    assert set(drawn(week_of((), None, NOW))[1]) == set("window ·")


@settings(max_examples=60)
@given(windows)
@example(MaintenanceWindow(AbsoluteMonthly(1, 29), time(), 4, timedelta(minutes=1)))
def test_a_week_is_whole_and_shows_the_next_occurrence(window: MaintenanceWindow) -> None:
    """Its stretches join from Monday to Monday, and one of them has what comes next."""
    week = week_of(generate(window, BudgetWish(), NOW).budgets, window, NOW)
    stretches = [each.level.stretch for each in week.segments]
    assert all(a.end == b.start for a, b in itertools.pairwise(stretches))
    assert stretches[-1].end - stretches[0].start == timedelta(weeks=1)
    coming = next(rhythm_of(window, NOW).window.occurrences(NOW))
    shown = max(coming.start, NOW)
    assert any(each.start <= shown < each.end for each in stretches)
