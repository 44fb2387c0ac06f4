"""The examples of docs/windows-and-nodes.md, as the code writes them."""

from collections.abc import Sequence
from copy import replace
from datetime import UTC, datetime, time, timedelta
from io import StringIO

from rich.console import Console

from naptime.reports.budgets import Held, told
from naptime.shown.table import Paper, write_table
from shared.domain.budgets.checking.report import report
from shared.domain.budgets.checking.view import Question
from shared.domain.budgets.making.generate import BudgetWish
from shared.domain.budgets.making.made import TextForm, make_budgets
from shared.domain.budgets.making.written import title_of
from shared.domain.deciding.observed import ObservedSchedule
from shared.domain.policy.zones import parse_zone
from shared.domain.window.recurrence import RelativeMonthly, Weekday, WeekIndex, Weekly
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.budgets import BudgetWindows
from tests.unit.domain.budgets.pools import (
    EARLY_MORNINGS,
    GRADUAL,
    INVERTED,
    SAT_SUN,
    SATURDAY_NIGHTS,
    SATURDAYS,
    SUNDAYS,
    WEEKEND_ONLY,
    Json,
    node_pool,
)

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)
COLUMNS = 102

TUESDAYS = MaintenanceWindow(Weekly(1, Weekday.TUESDAY), time(22), 6, timedelta(hours=-8))
FIRST_SUNDAYS = replace(SUNDAYS, recurrence=RelativeMonthly(1, WeekIndex.FIRST, Weekday.SUNDAY))
LAST_SUNDAYS = replace(SUNDAYS, recurrence=RelativeMonthly(1, WeekIndex.LAST, Weekday.SUNDAY))
IN_BERLIN = replace(SUNDAYS, utc_offset=timedelta(hours=1))


def made(window: MaintenanceWindow, wish: BudgetWish | None = None, zone: str | None = None) -> str:
    """Make budgets for a window."""
    place = parse_zone(zone) if zone else None
    budgets = make_budgets(window, wish or BudgetWish(), NOW, place)
    return budgets.text(TextForm.YAML, title_of("aks-1", window))


def without_notes(text: str) -> str:
    """Leave the notes out that every list has."""
    lines = text.splitlines(keepends=True)
    from_here = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "".join(lines[from_here:])


def checked(name: str, budgets: Sequence[Json], window: MaintenanceWindow) -> str:
    """Hold a published example against the window that its author had in mind."""
    found = report([node_pool(budgets, name=name)], Question(NOW, window))
    text = StringIO()
    console = Console(file=text, width=COLUMNS, highlight=False, markup=False)
    held = Held(BudgetWindows(ObservedSchedule(window)))
    write_table(told(found, held), Paper(console, COLUMNS))
    return text.getvalue()


EXAMPLES = {
    "made-sunday": made(SUNDAYS),
    "made-tuesday": without_notes(made(TUESDAYS)),
    "made-first-sunday": without_notes(made(FIRST_SUNDAYS)),
    "made-last-sunday": made(LAST_SUNDAYS),
    "made-berlin": made(IN_BERLIN, zone="Europe/Berlin"),
    "checked-weekend": checked("weekend-only", WEEKEND_ONLY, SATURDAYS),
    "checked-gradual": checked("gradual-rollout", GRADUAL, EARLY_MORNINGS),
    "checked-inverted": checked("saturday-night", INVERTED, SATURDAY_NIGHTS),
    "checked-sat-sun": checked("weekend-block", SAT_SUN, SUNDAYS),
}
