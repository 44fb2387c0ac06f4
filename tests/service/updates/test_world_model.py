"""A world of people, policies, clocks, refusals and dying workers: whatever happens, in any order.

The model knows who wrote each schedule; naptime knows only its records, and what Azure shows.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.service.updates.history import History

HISTORIES, CAMPAIGN = 300, int(os.environ.get("NAPTIME_HISTORIES", "10000"))


def tell(histories: int, steps: int) -> None:
    """Let so many histories happen, of so many steps at most."""
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_history_touches_what_is_a_persons_or_starts_too_soon() -> None:
    """Whatever people, policies, clocks, refusals and deaths come in whatever order."""
    tell(HISTORIES, steps=7)


@pytest.mark.campaign
def test_nor_does_a_longer_one() -> None:
    """Ten thousand histories of twice the length: some fifteen minutes of a processor."""
    tell(CAMPAIGN, steps=14)
