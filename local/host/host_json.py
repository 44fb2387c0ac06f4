"""host.json, as far as this host follows it; nonsense is an error that names the field."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn, Self

from local.host.time_span import parse_time_span

# Azure/azure-functions-host, ScriptConstants and HostJsonFileConfigurationSource.
KNOWN: Final = frozenset(
    {
        *("version", "functionTimeout", "retry", "functions", "http", "queues", "singleton"),
        *("logging", "aggregator", "healthMonitor", "extensionBundle", "managedDependencies"),
        *("customHandler", "extensions", "concurrency", "telemetryMode", "metadataProviderTimeout"),
        *("watchDirectories", "watchFiles"),
    }
)
_DEFAULT_TIMEOUT: Final[timedelta | None] = timedelta(minutes=30)
MOST_VISIBILITY: Final = timedelta(days=7)


class InvalidHostJson(Exception):
    """host.json has a value that Azure's host would refuse; the message names the field."""


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """How queues are read; `visibility_timeout` is the delay after a failure.

    Defaults and bounds: Azure/azure-sdk-for-net, QueuesOptions.cs.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta()
    max_polling_interval: timedelta = timedelta(minutes=1)
    base64: bool = True


@dataclass(frozen=True, slots=True)
class HostJson:
    """`function_timeout` is None where functions may run for ever."""

    route_prefix: str = "api"
    function_timeout: timedelta | None = _DEFAULT_TIMEOUT
    queues: QueueOptions = field(default_factory=QueueOptions)

    @classmethod
    def read(cls, app: Path) -> Self:
        """Read an app's host.json; InvalidHostJson if it is missing or wrong."""
        try:
            content = json.loads((app / "host.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidHostJson(f"host.json: {error}") from error
        return cls.parse(content)

    @classmethod
    def parse(cls, content: object) -> Self:
        """Read the decoded content."""
        root = _Section("", content, KNOWN)
        if root.value("version", str, "") != "2.0":
            raise InvalidHostJson('host.json: version must be "2.0"')
        extensions = root.section("extensions")
        http = extensions.section("http")
        return cls(
            http.value("routePrefix", str, "api").strip("/"),
            root.read("functionTimeout", _timeout, _DEFAULT_TIMEOUT),
            _queues(extensions.section("queues", _QUEUE_FIELDS)),
        )


_QUEUE_FIELDS: Final = frozenset(
    {
        *("batchSize", "newBatchThreshold", "maxDequeueCount", "visibilityTimeout"),
        *("maxPollingInterval", "messageEncoding"),
    }
)


@dataclass(frozen=True, slots=True)
class _Section:
    path: str
    content: object
    known: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            raise InvalidHostJson(f"host.json: {self.path or 'the whole'} must be an object")
        if self.known is not None and (unknown := self.content.keys() - self.known):
            raise InvalidHostJson(f"host.json: {self.path}{min(unknown)} is unknown")

    def section(self, name: str, known: frozenset[str] | None = None) -> "_Section":
        return _Section(f"{self.path}{name}.", self._held().get(name, {}), known)

    def value[T](self, name: str, kind: type[T], default: T) -> T:
        value = self._held().get(name, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            self._refuse(name, f"must be of type {kind.__name__}, not {value!r}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.value(name, int, default)
        if not low <= value <= high:
            self._refuse(name, f"must be from {low} to {high}, not {value}")
        return value

    def read[T](self, name: str, reader: Callable[[str], T], default: T) -> T:
        if name not in self._held():
            return default
        try:
            return reader(self.value(name, str, ""))
        except ValueError as error:
            raise InvalidHostJson(f"host.json: {self.path}{name}: {error}") from error

    def _held(self) -> Mapping[str, object]:
        return self.content if isinstance(self.content, dict) else {}

    def _refuse(self, name: str, why: str) -> NoReturn:
        raise InvalidHostJson(f"host.json: {self.path}{name} {why}")


def _queues(queues: _Section) -> QueueOptions:
    batch = queues.number("batchSize", 16, 1, 32)
    return QueueOptions(
        batch,
        queues.number("newBatchThreshold", batch // 2, 0, 1_000_000),
        queues.number("maxDequeueCount", 5, 1, 1_000_000),
        queues.read("visibilityTimeout", _visibility, timedelta()),
        queues.read("maxPollingInterval", _polling, timedelta(minutes=1)),
        queues.read("messageEncoding", _is_base64, True),  # noqa: FBT003 - the default value read
    )


def _timeout(text: str) -> timedelta | None:
    if text == "-1":
        return None
    timeout = parse_time_span(text)
    if not timeout:
        raise ValueError("must be longer than zero")
    return timeout


def _visibility(text: str) -> timedelta:
    delay = parse_time_span(text)
    if delay > MOST_VISIBILITY:
        raise ValueError(f"{text} is longer than 7 days, the most that a queue can hide a message")
    return delay


def _polling(text: str) -> timedelta:
    interval = parse_time_span(text)
    if interval < timedelta(milliseconds=100):
        raise ValueError(f"{text} is shorter than 100 milliseconds")
    return interval


def _is_base64(text: str) -> bool:
    if text.lower() not in ("base64", "none"):
        raise ValueError(f"{text!r} is neither base64 nor none")
    return text.lower() == "base64"
