"""The flags that say which window, each with the setting that it overrides."""

from typing import Final

from msgspec import Struct

from shared.domain.vocabulary.invalid import InvalidInput

_FLAGS: Final = {
    "day": "NAPTIME_WINDOW_DAY",
    "start": "NAPTIME_WINDOW_START",
    "utc_offset": "NAPTIME_WINDOW_UTC_OFFSET",
    "hours": "NAPTIME_WINDOW_HOURS",
    "spread_minutes": "NAPTIME_WINDOW_SPREAD_MINUTES",
}


class WindowFlags(Struct, frozen=True):
    """The window as the flags have it, as text; what is None is left to the settings."""

    day: str | None = None
    start: str | None = None
    utc_offset: str | None = None
    hours: str | None = None
    spread_minutes: str | None = None
    policy_file: str | None = None
    """The file of a policy, which has its own windows."""

    def variables(self) -> dict[str, str]:
        """Give those that were given, by the settings that they override."""
        given = {_FLAGS[name]: getattr(self, name) for name in _FLAGS}
        return {variable: value for variable, value in given.items() if value is not None}

    def check(self) -> None:
        """Refuse flags that contradict each other; raises InvalidInput."""
        given = self.variables()
        if self.policy_file is not None and given:
            rule = f"cannot stand beside {self.flag_of(next(iter(given)))}: it has its own windows"
            raise InvalidInput.because("--policy", self.policy_file, rule)

    def flag_of(self, variable: str) -> str:
        """Name what a value came from: the flag, if it was given, or the variable."""
        flags = {_FLAGS[name]: f"--{name.replace('_', '-')}" for name in _FLAGS}
        return flags[variable] if variable in self.variables() else variable
