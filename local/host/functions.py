"""The functions of an app, as the worker's index tells them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from local.host.protos import RpcFunctionMetadata, RpcRetryOptions


class UnusableBinding(Exception):
    """A binding that cannot be served; the message names the function and the setting."""

    def __init__(self, function: str, why: str) -> None:
        super().__init__(f"function {function}: {why}")


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding: its settings are those of function.json (`queueName`, `schedule`, ...)."""

    function: str
    name: str
    type: str
    is_output: bool
    settings: Mapping[str, object]

    @classmethod
    def parse(cls, function: str, raw: str) -> Self:
        """Read the worker's JSON text of a binding."""
        settings: dict[str, object] = json.loads(raw)
        is_output = settings["direction"] != "IN"
        return cls(function, str(settings["name"]), str(settings["type"]), is_output, settings)

    @property
    def is_trigger(self) -> bool:
        """Tell whether this binding starts the function."""
        return self.type.lower().endswith("trigger")

    def text(self, setting: str, default: str | None = None) -> str:
        """Give a setting that is a text; UnusableBinding where it is not, or absent."""
        value = self.settings.get(setting, default)
        if not isinstance(value, str) or (not value and default is None):
            raise UnusableBinding(self.function, f"{setting} of its {self.type} is {value!r}")
        return value

    def flag(self, setting: str, *, default: bool) -> bool:
        """Give a setting that is a truth value."""
        value = self.settings.get(setting)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise UnusableBinding(self.function, f"{setting} of its {self.type} is {value!r}")
        return value


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`@app.retry`: how often to try again (-1: for ever) and how long to wait before."""

    max_retries: int
    shortest: timedelta
    longest: timedelta

    @classmethod
    def read(cls, options: RpcRetryOptions | None) -> Self | None:
        """Read the worker's retry options; a fixed delay is its own shortest and longest."""
        if options is None:
            return None
        fixed = options.delay_interval
        shortest = fixed if fixed is not None else options.minimum_interval or timedelta()
        longest = fixed if fixed is not None else options.maximum_interval or shortest
        return cls(options.max_retry_count, shortest, longest)

    def allows(self, retry: int) -> bool:
        """Tell whether a retry, counted from 1, is still to be made."""
        return self.max_retries < 0 or retry <= self.max_retries

    def delay(self, retry: int) -> timedelta:
        """Give the delay before a retry, counted from 1: doubled each time, up to the longest."""
        doubled: timedelta = self.shortest * 2 ** min(retry - 1, 30)
        return min(self.longest, doubled)


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One function: `trigger` is the one binding that starts it."""

    name: str
    id: str
    trigger: Binding
    bindings: tuple[Binding, ...]
    retry: RetryPolicy | None

    @classmethod
    def read(cls, metadata: RpcFunctionMetadata) -> Self:
        """Read the worker's metadata of a function."""
        bindings = tuple(Binding.parse(metadata.name, raw) for raw in metadata.raw_bindings)
        trigger = next(binding for binding in bindings if binding.is_trigger)
        retry = RetryPolicy.read(metadata.retry_options)
        return cls(metadata.name, metadata.function_id, trigger, bindings, retry)
