"""The keys that open functions, webhooks and the administration."""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from local.host.functions import Binding, UnusableBinding


class AuthLevel(StrEnum):
    """Which keys open an HTTP function."""

    ANONYMOUS = "ANONYMOUS"
    FUNCTION = "FUNCTION"
    ADMIN = "ADMIN"

    @classmethod
    def of(cls, trigger: Binding) -> Self:
        """Read the authLevel of an HTTP trigger; UnusableBinding if there is no such level."""
        level = trigger.text("authLevel", cls.FUNCTION)
        try:
            return cls(level.upper())
        except ValueError:
            raise UnusableBinding(trigger.function, f"authLevel is {level!r}") from None


def _made_up() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Keys:
    """The master key opens everything; the default host key every function; `functions` its own."""

    master: str = field(default_factory=_made_up)
    default: str = field(default_factory=_made_up)
    eventgrid_extension: str = field(default_factory=_made_up)
    functions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, functions: Iterable[str], master: str | None = None) -> Self:
        """Make up every key, but the master key where one is given."""
        own = {name: _made_up() for name in functions}
        return cls(master or _made_up(), functions=own)

    def open_function(self, name: str, level: AuthLevel, key: str | None) -> bool:
        """Tell whether a key (None: no key) opens an HTTP function of that level."""
        if level is AuthLevel.ANONYMOUS:
            return True
        if level is AuthLevel.ADMIN:
            return self.open_admin(key)
        return _is_one_of(key, self.master, self.default, self.functions.get(name))

    def open_event_grid(self, key: str | None) -> bool:
        """Tell whether a key opens the Event Grid webhook."""
        return _is_one_of(key, self.master, self.eventgrid_extension)

    def open_admin(self, key: str | None) -> bool:
        """Tell whether a key opens the administration."""
        return _is_one_of(key, self.master)


def _is_one_of(key: str | None, *accepted: str | None) -> bool:
    given = (key or "").encode()
    return any(hmac.compare_digest(given, one.encode()) for one in accepted if one and key)
