"""What docs/deploy.md says that naptime costs follows from what it does, by `make cost`."""

import re

import pytest

from local.cost import prices
from local.cost.months import Month
from local.cost.page import PAGE, text, with_table
from local.cost.work import Work, of_a_cluster_in_a_sweep, of_an_event

README = PAGE.parents[1] / "README.md"
NOTHING = Work(0, 0, 0, 0)


async def test_the_page_has_what_the_program_says() -> None:
    """The table of docs/deploy.md is the one that `make cost` makes of today's code."""
    page = PAGE.read_text("utf-8")
    assert with_table(page, await text()) == page, "make cost ARGS=--write"


def test_the_first_page_says_what_the_arithmetic_does() -> None:
    """The figure of README.md is that of the table for as many clusters."""
    said = re.search(r"About (\d+) US dollars a month for 100 clusters", README.read_text("utf-8"))
    total = re.search(r"(?m)^\| \*\*together.*$", PAGE.read_text("utf-8"))
    assert said
    assert total
    assert f"**{said[1]}**" == total[0].split("|")[3].strip()


async def test_an_event_costs_the_calls_that_are_promised() -> None:
    """The count is of what is promised: an event reads its cluster once and lists once."""
    found = await of_an_event()
    assert (found.executions, found.messages, found.calls) == (2, 1, 2)
    assert found.table_operations > 0


async def test_a_sweep_costs_one_look_each_and_the_pages() -> None:
    """Ten subscriptions of ten clusters take a LIST for each cluster and a page for each ten."""
    found = await of_a_cluster_in_a_sweep()
    assert found.calls == 1.1
    assert found.messages < 1


def test_what_is_free_costs_nothing() -> None:
    """A small fleet stays within the free grants of functions and of Event Grid."""
    cost = Month(10, Work(2, 1, 10, 2), NOTHING).dollars()
    assert cost["functions, time"] == cost["functions, executions"] == cost["Event Grid"] == 0


def test_what_is_beyond_the_grant_is_billed() -> None:
    """Ten times the clusters: ten times the time, less what is free."""
    small, large = (Month(size, Work(2, 1, 10, 2), NOTHING) for size in (1_000, 10_000))
    timers = prices.TIMERS_A_DAY * prices.DAYS
    assert large.executions - timers == 10 * (small.executions - timers)
    expected = (large.gb_seconds - prices.FREE_GB_SECONDS) * prices.GB_SECOND
    assert large.dollars()["functions, time"] == pytest.approx(expected)


def test_queues_are_looked_at_all_day_at_most() -> None:
    """However much is done, a day has 86,400 seconds in which queues are looked at."""
    month = Month(100_000, Work(2, 0, 0, 0), NOTHING)
    all_day = 86_400 * prices.DAYS * prices.LOOKS_A_SECOND
    assert month.queue_operations == all_day


def test_a_page_without_its_place_is_said() -> None:
    """A page without the two marks is an error that names what is missing."""
    with pytest.raises(ValueError, match="cost"):
        with_table("# Deploy\n", "table")
