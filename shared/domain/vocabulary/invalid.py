"""Text from outside that breaks a rule, and the root of every error that naptime raises."""

from collections.abc import Iterable
from typing import Self

from msgspec import Struct
from msgspec.structs import force_setattr

from shared.domain.vocabulary.plain_text import MOST_SAID, one_line, shown


class NaptimeError(Exception):
    """The root of what this project raises on purpose."""


class Problem(Struct, frozen=True):
    """One broken rule: which field, its value (80 printable characters each at most), the rule."""

    field: str
    value: str
    rule: str

    def __post_init__(self) -> None:
        force_setattr(self, "field", one_line(self.field))
        force_setattr(self, "value", one_line(self.value))

    def __str__(self) -> str:
        return f"{self.field} '{self.value}': {self.rule}"

    @classmethod
    def of(cls, field: str, value: object, rule: str) -> Self:
        """Describe any JSON value; objects and lists are named by kind, not shown."""
        return cls(field, shown(value), rule)


class InvalidInput(NaptimeError):
    """Text from outside that breaks rules; at least one of `problems`, and `more` that were cut.

    As a text it has a few: somebody may have broken the same rule a thousand times.
    """

    def __init__(self, problems: Iterable[Problem], more: int = 0) -> None:
        self.problems = tuple(problems)
        self.more = more
        super().__init__(self.problems, more)

    def __str__(self) -> str:
        few = self.few()
        said = "; ".join(str(problem) for problem in few.problems)
        return f"{said}; and {few.more} more" if few.more else said

    def few(self) -> Self:
        """Keep as many problems as a text has room for."""
        kept = self.problems[:MOST_SAID]
        return type(self)(kept, self.more + len(self.problems) - len(kept))

    @classmethod
    def because(cls, field: str, value: object, rule: str) -> Self:
        """Make an error of a single problem."""
        return cls([Problem.of(field, value, rule)])


class InvalidResourceId(InvalidInput):
    """Not an id of the expected kind, or with a part that the grammar does not allow."""


class InvalidWindow(InvalidInput):
    """A maintenance window that AKS would refuse; fields are paths in the ARM body."""


class InvalidEvent(InvalidInput):
    """An event that is not what Event Grid sends."""


class InvalidMessage(InvalidInput):
    """A queue message that naptime did not write."""


class InvalidPolicy(InvalidInput):
    """A policy's file that cannot be put in force; fields are places in the file."""


class AmbiguousWindow(NaptimeError):
    """Asked for the occurrences of a window whose documentation allows several readings."""
