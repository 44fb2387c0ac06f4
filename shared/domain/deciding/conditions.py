"""ETags for what has none: ARM gives maintenance configurations no version, so a hash stands in.

A condition is checked on what ARM says right before the write. Between the two somebody may still
write: without ARM's help that cannot be seen (Azure/azure-rest-api-specs, no If-Match there).

What a write would change: the paths at which two JSON objects differ.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TypedDict, cast

from msgspec import Struct

from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow

# RFC 9110, 8.8.3 and 13.1: entity tags, weak or not, of visible characters.
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_WEAK = "W/"
_ANY = "*"


def entity_tag(observed: ObservedConfiguration | None) -> str | None:
    """Give the ETag of a configuration: equal for equal `properties`; None if there is none."""
    if observed is None:
        return None
    canonical = json.dumps(observed.properties, sort_keys=True, separators=(",", ":"))
    return f'"{sha256(canonical.encode()).hexdigest()[:32]}"'


class Condition(Struct, frozen=True):
    """What must hold of the observed configuration for a write to be made; nothing by default."""

    matches: frozenset[str] = frozenset()
    matches_none: frozenset[str] = frozenset()

    def holds(self, tag: str | None) -> bool:
        """Say whether it holds of a configuration with this ETag (None: there is none)."""
        if self.matches and not _is_among(tag, self.matches):
            return False
        return not _is_among(tag, self.matches_none)


def read_condition(if_match: str | None, if_none_match: str | None) -> Condition:
    """Read the two headers, None where one is not given; raises InvalidInput.

    A weak tag matches nothing of ours, which are strong; where nothing is to match, it says as much
    as the strong one (RFC 9110 13.1.1 and 13.1.2).
    """
    unwanted = _tags("If-None-Match", if_none_match)
    return Condition(_tags("If-Match", if_match), frozenset(map(_strong, unwanted)))


def is_named(tag: str, if_none_match: str) -> bool:
    """Say whether a reader has what a tag stands for already; what is no tag names nothing.

    A tag that something on the way has made a weak one is the same (RFC 9110 13.1.2).
    """
    if if_none_match.strip() == _ANY:
        return True
    return _strong(tag) in map(_strong, _TAG.findall(if_none_match))


def _tags(name: str, value: str | None) -> frozenset[str]:
    if value is None:
        return frozenset()
    if value.strip() == _ANY:
        return frozenset({_ANY})
    tags = _TAG.findall(value)
    # An element may be empty, and there may be blanks around it (RFC 9110 5.6.1.2).
    elements = [each.strip(" \t") for each in _TAG.sub(_ANY, value).split(",")]
    if not tags or [each for each in elements if each] != [_ANY] * len(tags):
        raise InvalidInput.because(name, value, 'must be * or ETags, such as "0a1b2c"')
    return frozenset(tags)


def _strong(tag: str) -> str:
    return tag.removeprefix(_WEAK)


def _is_among(tag: str | None, tags: Iterable[str]) -> bool:
    return tag is not None and any(each in {_ANY, tag} for each in tags)


type Json = Mapping[str, object]

_WINDOW = "maintenanceWindow"


class DifferenceJson(TypedDict):
    """One path in the ARM `properties` and its two values; null where there is nothing."""

    path: str
    observed: object
    desired: object


class Difference(Struct, frozen=True):
    """One path in the ARM `properties`, and its two values; None where there is nothing."""

    path: str
    observed: object
    desired: object

    def to_json(self) -> DifferenceJson:
        """Give it as the HTTP API shows it."""
        return {"path": self.path, "observed": self.observed, "desired": self.desired}


def differences(
    observed: ObservedConfiguration | None, desired: MaintenanceWindow
) -> tuple[Difference, ...]:
    """Compare what ARM has with a window; what ARM has beyond it would be lost, and is named.

    Texts that mean the same (`sunday`) do not differ, nor does a start date that was left out.
    """
    there = dict(observed.properties) if observed else {}
    wanted = write_window(desired)
    window = observed.schedule.window if observed else None
    if window:
        plain = cast("Json", there[_WINDOW])
        there[_WINDOW] = {**plain, **write_window(window)}
        if desired.start_date is None and window.start_date:
            wanted["startDate"] = window.start_date.isoformat()
    return tuple(_differences("", there, {_WINDOW: wanted}))


def changes_between(before: MaintenanceWindow, after: MaintenanceWindow) -> tuple[Difference, ...]:
    """Compare two windows field by field."""
    return tuple(_differences(_WINDOW, write_window(before), write_window(after)))


def _differences(path: str, observed: Json, desired: Json) -> Iterator[Difference]:
    for name in dict.fromkeys((*desired, *observed)):
        there, wanted = observed.get(name), desired.get(name)
        at = f"{path}.{name}" if path else name
        if isinstance(there, Mapping) and isinstance(wanted, Mapping):
            yield from _differences(at, cast("Json", there), cast("Json", wanted))
        elif there != wanted:
            yield Difference(at, there, wanted)
