"""The rows of the table."""

from math import inf

import pytest

from local.bench.figures import Row


@pytest.mark.parametrize(
    ("promised", "measured", "ratio"),
    [(10, 5, 0.5), (2.0, 3.0, 1.5), (0, 0, 0.0), (0, 1, inf)],
)
def test_a_ratio_above_one_breaks_the_promise(
    promised: float, measured: float, ratio: float
) -> None:
    """A ratio above 1 breaks the promise, also where nothing at all was promised."""
    assert Row("", promised, measured).ratio == ratio


def test_counts_are_whole() -> None:
    """A count is written whole, and a measure with its unit."""
    assert Row("calls", 1250, 1250).cells() == ("calls", "1250", "1250", "1.00")
    assert Row("sweep", 33.0, 1.5, "s").cells() == ("sweep", "33.0 s", "1.50 s", "0.05")


def test_a_promise_that_is_just_broken_is_seen_to_be() -> None:
    """One call too many in thousands is not rounded away; what is just kept stays at 1.00."""
    assert Row("", 12_800, 12_801).cells()[-1] == "1.01"
    assert Row("", 0.07, 0.07).cells()[-1] == "1.00"
    assert Row("", 0, 1).cells()[-1] == "inf"
