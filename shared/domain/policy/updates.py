"""What naptime may change of the schedules that it wrote itself: nothing, unless a policy says so.

The table `[update]` of a policy's file.
"""

from collections.abc import Callable

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule, Fields, text, whole_number

AT_MOST = 10
"""So many updates of one run need nobody's approval."""

PARTS_OF_THE_OWNED = 10
"""Nor does one in so many of the schedules that naptime owns, where that is more."""

MOST_AT_MOST = 100_000

_KNOWN = ("schedules", "at_most", "adopt")


class UpdateRules(Struct, frozen=True):
    """Whether owned schedules are kept right, how many at once, and what else becomes owned.

    `at_most` is None where the policy does not say. `adopts` is about schedules without a record
    that are exactly what would be written.
    """

    owned: bool = False
    at_most: int | None = None
    adopts: bool = False

    def most(self, owned: int) -> int:
        """Give how many updates of a run that found so many owned schedules need no approval."""
        if self.at_most is not None:
            return self.at_most
        return max(AT_MOST, owned // PARTS_OF_THE_OWNED)


NEVER = UpdateRules()
"""Nothing is changed."""


def read_updates(top: Fields) -> UpdateRules:
    """Read the table, and note what is wrong with it; without one, nothing is ever changed."""
    written = top.optional_under("update")
    if written is None:
        return NEVER
    written.refuse_unknown(_KNOWN)
    owned = written.optional("schedules", _either("never", "owned"))
    at_most = written.optional("at_most", whole_number(0, MOST_AT_MOST))
    adopts = written.optional("adopt", _either("never", "identical"))
    return UpdateRules(owned is True, at_most, adopts is True)


def _either(no: str, yes: str) -> Callable[[object], bool]:
    def parse(value: object) -> bool:
        if text(value) not in {no, yes}:
            raise BrokenRule(f"must be {no} or {yes}")
        return value == yes

    return parse
