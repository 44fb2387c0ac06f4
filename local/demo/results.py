"""The result of judging one promise, and how its figures are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Result:
    """A promise, the figure that it was measured by, and what broke it, if anything did."""

    promise: str
    figure: str
    broken: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing broke it."""
        return not self.broken


def name_of(key: str) -> str:
    """Give the name of a cluster by its key."""
    return key.rpartition("/")[2] or "no cluster"


def names_of(keys: Iterable[str]) -> tuple[str, ...]:
    """Give the names of clusters by their keys, each once, sorted."""
    return tuple(sorted({name_of(key) for key in keys}))


def hours(lead: timedelta | None) -> str:
    """Write a lead time in hours and minutes, rounded down."""
    if lead is None:
        return "unknown"
    whole, minutes = divmod(int(lead.total_seconds() // 60), 60)
    return f"{whole} h {minutes:02} min"


def seconds(took: timedelta) -> str:
    """Write a short time in seconds."""
    return f"{took.total_seconds():.2f} s"
