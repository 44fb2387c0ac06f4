"""Instants as text: ISO 8601 in UTC with a Z, the form that every answer and message has."""

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """Write an aware instant in UTC, with microseconds only if it has any."""
    return in_utc(instant).isoformat().replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset or Z as UTC; raises ValueError."""
    return in_utc(datetime.fromisoformat(text))


def in_utc(instant: datetime) -> datetime:
    """Give the same instant in UTC; raises ValueError if it has no time zone."""
    if instant.tzinfo is None:
        message = "an instant must have a time zone"
        raise ValueError(message)
    return instant.astimezone(UTC)
