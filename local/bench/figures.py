"""Figures beside what was promised, in parts of one table."""

from dataclasses import dataclass
from math import ceil, inf
from typing import Final

TEN: Final = 10
"""From here on, one decimal is enough."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was promised, what came of it, and their ratio (1 or less keeps it)."""

    what: str
    promised: float
    measured: float
    unit: str = ""

    @property
    def ratio(self) -> float:
        """Compare the two; where nothing was promised, anything at all is too much."""
        if self.promised:
            return self.measured / self.promised
        return inf if self.measured else 0.0

    def cells(self) -> tuple[str, str, str, str]:
        """Write it for people; the ratio is rounded up, so that 1.00 is never a broken promise."""
        # What binary fractions add to a ratio is no part of it.
        ratio = ceil(round(self.ratio * 100, 6)) / 100 if self.ratio < inf else inf
        return self.what, self._shown(self.promised), self._shown(self.measured), f"{ratio:.2f}"

    def _shown(self, value: float) -> str:
        number = str(value) if isinstance(value, int) else f"{value:.{_decimals(value)}f}"
        return f"{number} {self.unit}".rstrip()


def _decimals(value: float) -> int:
    return 1 if value >= TEN else 2


@dataclass(frozen=True, slots=True)
class Part:
    """Figures that were measured together, and what on."""

    title: str
    rows: tuple[Row, ...]
