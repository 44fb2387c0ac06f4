"""How many examples a property is tried with: some in `make check`, many in `make campaign`."""

import os

_MANY = "MANY_EXAMPLES" in os.environ


def examples(some: int, many: int) -> int:
    """Give the first, or the second in a campaign, which has the time to search."""
    return many if _MANY else some
