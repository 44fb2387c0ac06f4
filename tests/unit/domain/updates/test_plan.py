"""The plan of a run: its hash, what counts for the brake, and what follows the run."""

from copy import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy.updates import UpdateRules
from shared.domain.updates.plan import (
    Plan,
    Planned,
    UpdateKind,
    UpdateOrder,
    Verdict,
    chosen,
    plan_hash,
)
from shared.domain.vocabulary.ids import ClusterId
from tests.unit.domain.deciding.test_drift import FRIDAY, SUNDAY, TUESDAY, WEDNESDAY, drift
from tests.unit.domain.policy.test_windows import some_cluster

numbers = st.integers(0, 40)
words = st.sampled_from(("a", "b", "c"))
plans = st.dictionaries(
    numbers.map(some_cluster), st.builds(Planned, words, words, st.booleans()), max_size=40
)


def of(updates: int, clocks: int = 0) -> Plan:
    """Make a plan of so many updates, and so many that only the clocks ask for."""
    return {
        some_cluster(number): Planned("a", "b", clocks=number >= updates)
        for number in range(updates + clocks)
    }


@pytest.mark.parametrize(
    ("plan", "owned", "follow"),
    [
        (of(0), 400, 0),
        (of(10), 20, 10),
        (of(11), 20, 0),
        (of(11), 110, 11),
        (of(40), 400, 40),
        (of(41), 400, 0),
        (of(0, clocks=400), 400, 400),
        (of(11, clocks=1), 20, 1),
        (of(10, clocks=300), 20, 310),
    ],
)
def test_what_follows_a_run(plan: Plan, owned: int, follow: int) -> None:
    """As many as need no approval are carried out; of more, only what the clocks ask for."""
    verdict = Verdict.on(plan, UpdateRules(), owned)
    assert len(chosen(plan, verdict.follows, FRIDAY)) == follow


def test_what_waits_for_long_is_left_to_the_next_run_unless_it_was_approved() -> None:
    """Six hours are waited for; a week is not, but where a person has said so."""
    plan = {
        some_cluster(hours): Planned("a", "b", waits_until=FRIDAY + timedelta(hours=hours))
        for hours in (1, 6, 7, 100)
    }
    assert [*chosen(plan, UpdateKind.PLANNED, FRIDAY)] == [some_cluster(1), some_cluster(6)]
    assert chosen(plan, UpdateKind.APPROVED, FRIDAY) == plan


@given(plans, st.integers(0, 500), st.none() | st.integers(0, 50))
def test_nothing_that_counts_follows_a_run_over_the_brake(
    plan: Plan, owned: int, most: int | None
) -> None:
    """Whatever is planned: what follows by itself has no more updates than need no approval."""
    rules = UpdateRules(at_most=most)
    carried_out = chosen(plan, Verdict.on(plan, rules, owned).follows, FRIDAY)
    assert sum(not planned.clocks for planned in carried_out.values()) <= rules.most(owned)
    assert {each for each, planned in plan.items() if planned.clocks} <= carried_out.keys()


@given(plans, st.randoms(use_true_random=False))
def test_a_plan_has_one_hash_in_any_order(plan: Plan, chance: Random) -> None:
    """The hash is of the changes alone."""
    shuffled = list(plan.items())
    chance.shuffle(shuffled)
    assert plan_hash(dict(shuffled)) == plan_hash(plan)


@given(plans, numbers.map(some_cluster), words)
def test_any_other_change_is_another_hash(plan: Plan, cluster: ClusterId, word: str) -> None:
    """One cluster more, or another window for one of them, cannot be done by the same approval."""
    other = {**plan, cluster: Planned("x", word)}
    assert plan_hash(other) != plan_hash(plan)


def test_a_permit_is_for_one_change_only() -> None:
    """What was planned allows the very same change later, and no other."""
    found = drift(SUNDAY, FRIDAY, FRIDAY, WEDNESDAY)
    planned = Planned.of(replace(found, update=True).to_json())
    assert planned
    assert planned.allows(drift(SUNDAY, FRIDAY, datetime(2026, 11, 28, tzinfo=UTC), WEDNESDAY))
    assert not planned.allows(drift(SUNDAY, FRIDAY, FRIDAY, TUESDAY))
    assert not planned.allows(drift(TUESDAY, FRIDAY, FRIDAY, WEDNESDAY))
    assert Planned.from_json(planned.to_json()) == planned


def test_what_is_not_to_be_changed_is_not_planned() -> None:
    """Drift that is only reported is in no plan."""
    shown = drift(SUNDAY, FRIDAY, FRIDAY, WEDNESDAY).to_json()
    assert Planned.of(shown) is None
    assert Planned.of(None) is None


@pytest.mark.parametrize("order", [UpdateOrder(kind, "202611-a") for kind in UpdateKind])
def test_an_order_is_read_as_it_was_written(order: UpdateOrder) -> None:
    """Which updates a run carries out survives its record."""
    assert UpdateOrder.of(order.to_json()) == order
