"""Tables that are filled as their rows are needed, each value once."""

from collections.abc import Hashable

from msgspec import Struct, field

from shared.domain.vocabulary.plain_text import one_line
from shared.reconcile.shown.page.rows import NONE

LONGEST_MESSAGE, MOST_MESSAGES = 200, 400
"""Sentences about single clusters are Azure's, and can be as many as there are clusters; where no
room is left, the page says what the reason means."""
LONGEST_TEXT, MOST_TEXTS = 400, 1000
"""Notes and what rules say are naptime's own, and have room beyond that."""


class Places[K: Hashable](Struct):
    """A table under way: what it holds, and the place of each."""

    found: dict[K, int] = field(default_factory=dict)

    def of(self, value: K) -> int:
        """Give the place of a value."""
        return self.found.setdefault(value, len(self.found))


class Texts(Struct):
    """The table of sentences."""

    places: Places[str] = field(default_factory=Places)

    def of(self, text: str) -> int:
        """Give the place of a sentence, in one line; none where it is empty, or has no room."""
        return self._of(one_line(text, LONGEST_TEXT), MOST_TEXTS)

    def of_message(self, text: str) -> int:
        """Give the same of a sentence about one cluster."""
        return self._of(one_line(text, LONGEST_MESSAGE), MOST_MESSAGES)

    def _of(self, line: str, most: int) -> int:
        found = self.places.found
        if not line or (line not in found and len(found) >= most):
            return NONE
        return self.places.of(line)
