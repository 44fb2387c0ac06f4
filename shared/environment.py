"""How a setting is read from the environment: what is wrong with it is said of the variable."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import urlsplit

from shared.domain.errors import InvalidSetting
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.invalid import InvalidInput, Problem

type Environment = Mapping[str, str]


def refuse(name: str, value: str, rule: str) -> InvalidSetting:
    """Give the error that names the variable, its value and the rule that it breaks."""
    return InvalidSetting((Problem(name, value, rule),))


def text(environment: Environment, name: str, default: str = "") -> str:
    """Give a setting without the blanks around it; an empty one is one that is not set."""
    return environment.get(name, "").strip() or default


def listed(environment: Environment, name: str) -> list[str]:
    """Give the items of a comma-separated setting, without blanks around them or empty ones."""
    return [item.strip() for item in text(environment, name).split(",") if item.strip()]


def parsed[T](name: str, value: str, parse: Callable[[str], T]) -> T:
    """Parse a value; what the parser says is wrong is said of the variable."""
    try:
        return parse(value)
    except BrokenRule as error:
        raise refuse(name, value, str(error)) from error
    except InvalidInput as error:
        raise refuse(name, value, error.problems[0].rule) from error


def whole(environment: Environment, name: str, default: int, low: int, high: int) -> int:
    """Read a whole number within bounds, both included."""
    value = text(environment, name, str(default))
    if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or not low <= int(value) <= high:
        raise refuse(name, value, f"must be a whole number from {low} to {high}")
    return int(value)


def positive(environment: Environment, name: str, default: float) -> float:
    """Read a number above 0."""
    value = text(environment, name, str(default))
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", value, re.ASCII) or float(value) <= 0:
        raise refuse(name, value, "must be a number above 0 and below 10000, such as 0.9")
    return float(value)


def flag(environment: Environment, name: str) -> bool:
    """Read a yes or no; no where it is not set."""
    value = text(environment, name, "false").lower()
    if value not in {"true", "false", "1", "0"}:
        raise refuse(name, value, "must be true or false")
    return value in {"true", "1"}


PREVIEW = "-preview"


def api_version(name: str, value: str) -> str:
    """Take the version of an API of Azure: a day, and whether it is a preview."""
    day = value.removesuffix(PREVIEW)
    if not re.fullmatch(r"20\d{2}-\d{2}-\d{2}", day, re.ASCII) or not _is_in_the_calendar(day):
        raise refuse(name, value, "must be an api-version, such as 2026-04-02-preview")
    return value


def _is_in_the_calendar(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def https_address(name: str, value: str) -> str:
    """Give an address without a slash at its end.

    The SDKs send no token over plain http, so such an end point could never work.
    """
    if not _is_plain_https(value):
        rule = "must be an https address without user, query, fragment or blanks"
        raise refuse(name, value, rule)
    return value.rstrip("/")


def _is_plain_https(value: str) -> bool:
    try:
        parts = urlsplit(value)
        # Reading the port is what finds one that is no number.
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    # urlsplit leaves out tabs and line breaks, and the clients would be given the text with them.
    plain = value.isprintable() and not any(mark in value for mark in "@?# \\")
    return known and plain and parts.scheme == "https"
