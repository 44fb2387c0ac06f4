"""A world of people, policies, clocks, refusals and dying workers: whatever happens, in any order.

The model knows who wrote each schedule; naptime knows only its records, and what Azure shows.
"""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.examples import examples
from tests.service.updates.history import History

HISTORIES, STEPS = examples(300, 10_000), examples(7, 14)
"""In a campaign some twenty minutes of a processor."""


def test_no_history_touches_what_is_a_persons_or_starts_too_soon() -> None:
    """Whatever people, policies, clocks, refusals and deaths come in whatever order."""
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
