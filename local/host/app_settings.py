"""App settings: the environment, as bindings refer to it."""

import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"%([^%]+)%")
_TRUE: Final = ("true", "1")


class MissingSetting(Exception):
    """A binding refers to a setting that is not there; the message names it."""


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Replace each `%NAME%` by that setting; MissingSetting if one is not there."""

    def value(reference: re.Match[str]) -> str:
        found = settings.get(reference[1])
        if found is None:
            raise MissingSetting(f"%{reference[1]}% is not set")
        return found

    return _REFERENCE.sub(value, text)


def connection_string(name: str, settings: Mapping[str, str]) -> str:
    """Give the connection string that a `connection` names, as `AzureWebJobs<name>` or `<name>`."""
    name = name or "AzureWebJobsStorage"
    found = settings.get(f"AzureWebJobs{name}") or settings.get(name)
    if found:
        return found
    if any(setting.startswith(f"{name}__") for setting in settings):
        raise MissingSetting(f"{name} is an identity connection; locally, set a connection string")
    raise MissingSetting(f"the connection {name} is not set")


def is_disabled(function: str, settings: Mapping[str, str]) -> bool:
    """Tell whether `AzureWebJobs.<function>.Disabled` (or its form with `_`) switches it off."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(settings.get(name, "").lower() in _TRUE for name in names)
