"""What a write would change: the paths at which two JSON objects differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict, cast

from shared.domain.observed import ObservedConfiguration
from shared.domain.window import MaintenanceWindow

type Json = Mapping[str, object]

_WINDOW = "maintenanceWindow"


class DifferenceJson(TypedDict):
    """One path in the ARM `properties` and its two values; null where there is nothing."""

    path: str
    observed: object
    desired: object


@dataclass(frozen=True, slots=True)
class Difference:
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
    wanted = desired.to_arm()
    window = observed.schedule.window if observed else None
    if window:
        plain = cast("Json", there[_WINDOW])
        there[_WINDOW] = {**plain, **window.to_arm()}
        if desired.start_date is None and window.start_date:
            wanted["startDate"] = window.start_date.isoformat()
    return tuple(_differences("", there, {_WINDOW: wanted}))


def _differences(path: str, observed: Json, desired: Json) -> Iterator[Difference]:
    for name in dict.fromkeys((*desired, *observed)):
        there, wanted = observed.get(name), desired.get(name)
        at = f"{path}.{name}" if path else name
        if isinstance(there, Mapping) and isinstance(wanted, Mapping):
            yield from _differences(at, cast("Json", there), cast("Json", wanted))
        elif there != wanted:
            yield Difference(at, there, wanted)
