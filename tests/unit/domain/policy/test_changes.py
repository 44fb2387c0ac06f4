"""What another policy would change for a fleet: counted whole, named up to a number."""

from copy import replace
from datetime import date, time

import pytest

from shared.domain.policy.changes import MOST_NAMED, compare, use_text
from shared.domain.policy.choose import Leave, Policy, ReportOnly, Rule, Use
from shared.domain.policy.match import Match
from shared.domain.policy.windows import NamedWindow
from shared.domain.window.recurrence import Daily
from tests.unit.domain.policy.examples import NOW, a_cluster

NIGHT = NamedWindow("night", Daily(1), time(1), 4)
BEFORE = Policy({"night": NIGHT}, (Rule("all", NIGHT),))


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (NIGHT, "window night"),
        (Leave(date(2027, 3, 31), "o", "r"), "leave until 2027-03-31"),
        (ReportOnly(), "report only"),
    ],
)
def test_what_is_wanted_in_a_few_words(use: Use, text: str) -> None:
    """The window by its name, how long a cluster is left alone, or that it is only looked at."""
    assert use_text(use) == text


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_changed_clusters_are_named_and_all_are_counted(more: int) -> None:
    """A fleet of thousands is one answer that can be read."""
    after = replace(BEFORE, rules=(Rule("all", ReportOnly()),))
    fleet = [a_cluster(f"aks-{number}") for number in range(MOST_NAMED + more)]
    found = compare(BEFORE, after, fleet, NOW)
    assert (found.clusters, found.changed) == (MOST_NAMED + more, MOST_NAMED + more)
    assert len(found.named) == MOST_NAMED
    assert found.named[0]["before"] == {"rule": "all", "use": "window night"}
    assert found.named[0]["after"] == {"rule": "all", "use": "report only"}


def test_only_what_is_wanted_otherwise_is_a_change() -> None:
    """Another rule that wants the same window changes nothing for a cluster, and is counted."""
    one = Rule("one", NIGHT, Match(clusters=("aks-1",)))
    after = replace(BEFORE, rules=(one, *BEFORE.rules))
    found = compare(BEFORE, after, [a_cluster("aks-1"), a_cluster("aks-2")], NOW)
    assert (found.clusters, found.changed, found.named) == (2, 0, ())
    assert found.by_rule == ({"rule": "one", "clusters": 1}, {"rule": "all", "clusters": 1})
