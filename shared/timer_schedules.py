"""The timers' schedules, as the scale controller of Flex Consumption reads them: six fields.

Five fields and time spans run on a host that is awake, and never wake one that sleeps
(Azure/azure-functions-host#7123). The grammar of a field is that of atifaziz/NCrontab: a range may
run backwards and then has its ends swapped, a step of 0 is one of 1, a name may be cut short.
"""

from calendar import monthrange
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule
from shared.environment import Environment, parsed, text

TIMERS: Mapping[str, str] = MappingProxyType(
    {
        "NAPTIME_SWEEP_SCHEDULE": "0 0 */6 * * *",
        "NAPTIME_IMAGE_WATCH_SCHEDULE": "0 */15 * * * *",
        "NAPTIME_MIND_SCHEDULE": "0 */5 * * * *",
        "NAPTIME_IMAGE_AGES_SCHEDULE": "0 30 */6 * * *",
    }
)
"""The schedules of the timers, which the host reads, and what they are by default."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
A_LEAP_YEAR = 2028


class _Field(Struct, frozen=True):
    """One field: its range, and the names that count as its numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def read(self, written: str) -> frozenset[int]:
        return frozenset(value for part in written.split(",") for value in self._part(part))

    def _part(self, written: str) -> range:
        span, slash, step = written.partition("/")
        first, dash, last = span.partition("-")
        if slash and not (step.isascii() and step.isdecimal()):
            raise BrokenRule(f"must not have {written!r} for a {self.name}")
        if span == "*":
            low, high = self.low, self.high
        elif dash:
            low, high = sorted((self._number(first), self._number(last)))
        else:
            low = self._number(first)
            high = self.high if slash else low
        return range(low, high + 1, max(int(step), 1) if slash else 1)

    def _number(self, written: str) -> int:
        if written.isascii() and written.isdecimal() and self.low <= int(written) <= self.high:
            return int(written)
        named = [
            name for name in self.names if written and name.lower().startswith(written.lower())
        ]
        if not named:
            allowed = f"a {self.name} from {self.low} to {self.high}"
            raise BrokenRule(f"must have {allowed} instead of {written!r}")
        return self.low + self.names.index(named[0])


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _WEEKDAYS),
)


def timer_schedule(environment: Environment, name: str) -> str:
    """Read the schedule of a timer; raise `InvalidSetting` where it would never fire in Azure."""
    return parsed(name, text(environment, name, TIMERS[name]), checked_schedule)


def checked_schedule(written: str) -> str:
    """Give a schedule that fires; raise `BrokenRule` for one that Azure refuses or never fires."""
    parts = [part for part in written.split(" ") if part]
    if len(parts) != len(_FIELDS):
        raise BrokenRule(
            "must be NCRONTAB of six fields (second minute hour day month weekday), such as"
            f" '0 */5 * * * *', and has {len(parts)}"
        )
    fields = [field.read(part) for field, part in zip(_FIELDS, parts, strict=True)]
    days, months = fields[3], fields[4]
    if not any(min(days) <= monthrange(A_LEAP_YEAR, month)[1] for month in months):
        raise BrokenRule("must have a day that its months have; it would never fire")
    return written
