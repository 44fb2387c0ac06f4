"""The flags about budgets: an error names the flag where the API has a field."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from enum import StrEnum
from typing import Final

from msgspec import Struct

from shared.domain.vocabulary.invalid import InvalidInput

_FLAGS: Final = {
    "nodes": "--nodes",
    "reasons": "--reasons",
    "closeEarlyMinutes": "--close-early-minutes",
    "until": "--until",
    "zone": "--zone",
    "superset": "--superset",
    "items": "FILE",
}


class BudgetForm(StrEnum):
    """Budgets as part of a NodePool, as patches for all of them, or as the API has them."""

    YAML = "yaml"
    PATCH = "patch"
    JSON = "json"


class BudgetFlags(Struct, frozen=True):
    """Which budgets are to be made, as the options have it."""

    nodes: str
    close_early_minutes: int
    reasons: str
    until: str | None
    zone: str | None
    superset: bool


class CheckFlags(Struct, frozen=True):
    """What pools are held against beside the window, as the options have it."""

    nodes: int | None
    minutes_per_node: int
    until: str | None


@contextmanager
def by_flag() -> Iterator[None]:
    """Name flags in whatever InvalidInput is raised meanwhile."""
    try:
        yield
    except InvalidInput as error:
        problems = [
            replace(each, field=_FLAGS.get(each.field, each.field)) for each in error.problems
        ]
        raise InvalidInput(problems, error.more) from error
