"""What people write when they ask for budgets, read; fields have the names of the API."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.domain.budgets.budget import DisruptionReason, Nodes, parse_reason
from shared.domain.budgets.making.generate import BudgetWish
from shared.domain.policy.zones import parse_zone
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.invalid import InvalidInput


def read_wish(nodes: str, reasons: str, close_early_minutes: int, until: str | None) -> BudgetWish:
    """Read which budgets are asked for; raises InvalidInput."""
    return BudgetWish(
        _read("nodes", nodes, Nodes.parse),
        _reasons(reasons),
        timedelta(minutes=close_early_minutes),
        read_until(until),
    )


def read_until(text: str | None) -> datetime | None:
    """Read the end of budgets with dates: a day (at 00:00 UTC), or an instant with its offset.

    Raises InvalidInput.
    """
    if text is None:
        return None
    try:
        if len(text) == len(date.min.isoformat()):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        instant = datetime.fromisoformat(text)
        if instant.tzinfo:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput.because("until", text, "must be a date, or an instant") from error
    raise InvalidInput.because("until", text, "must have an offset, or Z")


def read_zone(zone: str | None, until: str | None, *, superset: bool) -> ZoneInfo | None:
    """Find the place whose clock the window keeps to; raises InvalidInput.

    One list for all of its offsets goes with a place only, and dates do not go with one.
    """
    if zone is None:
        if superset:
            raise InvalidInput.because("superset", superset, "goes with zone only")
        return None
    if until is not None:
        raise InvalidInput.because("until", until, "does not go with zone")
    return _read("zone", zone, parse_zone)


def _reasons(text: str) -> tuple[DisruptionReason, ...]:
    words = [word.strip() for word in text.split(",")]
    return tuple(dict.fromkeys(_read("reasons", word, parse_reason) for word in words))


def _read[T](field: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except BrokenRule as error:
        raise InvalidInput.because(field, text, str(error)) from error
