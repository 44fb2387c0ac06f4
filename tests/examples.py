"""How many examples a property is tried with: some in `make check`, many in `make campaign`."""

import os

MANY = "MANY_EXAMPLES" in os.environ
"""Whether to search. Otherwise the examples are the same each time: what is red was changed."""


def examples(some: int, many: int) -> int:
    """Give the first, or the second in a campaign, which has the time to search."""
    return many if MANY else some
