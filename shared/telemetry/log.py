"""What a line of the log and a custom event are: symbols that know their level and their facts.

The facts are a Struct; its fields, in camelCase, are what follows in the line and, with
`naptime_` before them, properties of the record. A fact that is None is left out.
"""

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct

from shared.domain.vocabulary.plain_text import one_line

logger = logging.getLogger("naptime")

PROPERTY_PREFIX = "naptime_"
"""Before each fact that is a property: `name` or `message` would be fields of the record itself."""

EVENT_NAME = "microsoft.custom_event.name"
"""The attribute by which the exporter of Azure Monitor tells a custom event from a log line."""

TRACES, EXCEPTIONS = "AppTraces", "AppExceptions"
"""The tables of lines. The exporter sends a record with an exception to the second, where the line
is `OuterMessage` (azure-monitor-opentelemetry-exporter 1.0.0b58, seen in tests/telemetry)."""

DETAIL_LIMIT = 500


def quieten_sdks() -> None:
    """Keep the SDKs' own lines out of the log.

    azure-core logs every request with its URL at INFO, and the worker's root logger is at INFO,
    so each call would become a row in Application Insights.
    """
    logging.getLogger("azure.core").setLevel(logging.WARNING)
    logging.getLogger("azure.identity").setLevel(logging.WARNING)


class Line[**P, F: Struct](Struct, frozen=True):
    """A line without an exception, `what key=value ...`; a row of AppTraces.

    `make` is the Struct of its facts; where the level depends on them, `level` is how.
    """

    what: str
    make: Callable[P, F]
    level: int | Callable[[F], int]
    when: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts, as they are written."""
        return _names(self.make)

    @property
    def table(self) -> str:
        """Where Application Insights keeps it."""
        return TRACES

    def log(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Write it, if anybody listens at its level."""
        if isinstance(self.level, int) and not logger.isEnabledFor(self.level):
            return
        facts = self.make(*args, **kwargs)
        level = self.level if isinstance(self.level, int) else self.level(facts)
        _write(level, self.what, _known(self.facts, facts))


class BugLine[**P, F: Struct](Struct, frozen=True):
    """A line with the stack of an exception, always an error; a row of AppExceptions."""

    what: str
    make: Callable[P, F]
    when: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts, as they are written."""
        return _names(self.make)

    @property
    def level(self) -> int:
        """An error."""
        return logging.ERROR

    @property
    def table(self) -> str:
        """Where Application Insights keeps it."""
        return EXCEPTIONS

    def log(self, error: BaseException, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Write it, with the stack of the exception."""
        _write(self.level, self.what, _known(self.facts, self.make(*args, **kwargs)), error)


class Event[**P, F: Struct](Struct, frozen=True):
    """A custom event, a row of AppEvents; it is a line of the log as well."""

    name: str
    make: Callable[P, F]
    when: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts, as they are sent."""
        return _names(self.make)

    def send(self, *args: P.args, **kwargs: P.kwargs) -> None:
        known = _known(self.facts, self.make(*args, **kwargs))
        extra = {EVENT_NAME: self.name, **_properties(known)}
        logger.info("%s %s", self.name, _shown_all(known), extra=extra)


@cache
def _names(make: Callable[..., object]) -> tuple[str, ...]:
    return tuple(map(_camel, make.__struct_fields__))  # type: ignore[attr-defined]  # whatever makes facts is a Struct


def _known(names: tuple[str, ...], facts: Struct) -> dict[str, object]:
    values = (getattr(facts, name) for name in facts.__struct_fields__)
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _write(
    level: int, what: str, known: dict[str, object], error: BaseException | None = None
) -> None:
    if not logger.isEnabledFor(level):
        # A run would make ten thousand lines of what needed nothing, and throw them away.
        return
    logger.log(level, "%s %s", what, _shown_all(known), extra=_properties(known), exc_info=error)


def _shown_all(known: dict[str, object]) -> str:
    return " ".join(f"{key}={_shown(value)}" for key, value in known.items())


def _properties(known: dict[str, object]) -> dict[str, object]:
    """Give the record's own fields; what the exporter would render by itself is text already."""
    return {f"{PROPERTY_PREFIX}{key}": _plain(value) for key, value in known.items()}


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float | str):
        return one_line(value, DETAIL_LIMIT) if isinstance(value, str) else value
    return one_line(str(value), DETAIL_LIMIT)


def _shown(value: object) -> str:
    text = one_line(str(value), DETAIL_LIMIT)
    return f'"{text.replace('"', "'")}"' if " " in text else text


def compact(counts: Mapping[str, int]) -> str:
    """Write counts as one fact."""
    return json.dumps(counts, separators=(",", ":"))
