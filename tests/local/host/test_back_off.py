"""How long the host waits before it looks into an empty queue again."""

from datetime import timedelta

import pytest

from local.host.back_off import BackOff


@pytest.mark.parametrize(
    ("random", "expected"),
    [
        (0.0, [0.1, 0.18, 0.26, 0.42, 0.74, 1.0, 1.0]),
        (0.5, [0.1, 0.2, 0.3, 0.5, 0.9, 1.0, 1.0]),
        (1.0, [0.1, 0.22, 0.34, 0.58, 1.0, 1.0, 1.0]),
    ],
)
def test_the_delay_doubles_up_to_the_longest(random: float, expected: list[float]) -> None:
    """It starts at 100 ms, each step is up to 20 % shorter or longer, and it stays at the most."""
    back_off = BackOff(timedelta(seconds=1), lambda: random)
    assert [back_off.next_delay() for _ in expected] == pytest.approx(expected)


def test_a_message_makes_the_delay_short_again() -> None:
    """After something was found, the next delay is the shortest."""
    back_off = BackOff(timedelta(minutes=1), lambda: 0.5)
    delays = [back_off.next_delay() for _ in range(100)]
    assert delays[-1] == 60
    back_off.reset()
    assert back_off.next_delay() == 0.1
