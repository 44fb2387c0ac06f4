"""What budgets let through, minute by minute: a second implementation, slow and plain.

It reads the crons that naptime makes (numbers, ranges, lists, stars) by itself, walks over every
minute, and remembers when each budget was hit last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.budgets.budget import Budget, DisruptionReason, Nodes

MINUTE = timedelta(minutes=1)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def by_the_minute(
    budgets: Sequence[Budget], start: datetime, minutes: int
) -> Iterator[tuple[datetime, set[Nodes]]]:
    """Yield each minute from a midnight on, with the limits that count for drift then."""
    walkers = [Walker.of(each) for each in budgets if each.counts_for(DisruptionReason.DRIFTED)]
    lead = max((walker.length for walker in walkers), default=0)
    at = start - lead * MINUTE
    for number in range(-lead, minutes):
        active = {walker.budget.nodes for walker in walkers if walker.is_active(number, at)}
        if number >= 0:
            yield at, active
        at += MINUTE


@dataclass
class Walker:
    """A budget, the numbers of its cron's fields, and the minute of its last hit."""

    budget: Budget
    fields: list[set[int]]
    either_day: bool
    length: int
    last: int | None = None

    @classmethod
    def of(cls, budget: Budget) -> "Walker":
        """Read the budget's cron."""
        texts = budget.schedule.split() if budget.schedule else []
        fields = [numbers(text, *span) for text, span in zip(texts, RANGES, strict=False)]
        either = bool(texts) and "*" not in {texts[2], texts[4]}
        return cls(budget, fields, either, budget.duration // MINUTE)

    def is_active(self, number: int, at: datetime) -> bool:
        """Step to a minute, and say whether the budget counts in it."""
        if not self.fields:
            return True
        if self.hits(at):
            self.last = number
        return self.last is not None and number - self.last < self.length

    def hits(self, at: datetime) -> bool:
        """Say whether the cron names a minute."""
        minute, hour, day, month, weekday = self.fields
        if at.minute not in minute or at.hour not in hour or at.month not in month:
            return False
        days = (at.day in day, at.isoweekday() % 7 in weekday)
        return any(days) if self.either_day else all(days)


def numbers(text: str, low: int, high: int) -> set[int]:
    """Read a field."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first == "*":
            found.update(range(low, high + 1))
        else:
            found.update(range(int(first), int(last or first) + 1))
    return found


def midnight(year: int, month: int, day: int) -> datetime:
    """Give the start of a day in UTC."""
    return datetime(year, month, day, tzinfo=UTC)
