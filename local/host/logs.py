"""The log on standard error: readable lines, or one JSON object a line."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from local.host.log_context import current_invocation

STACK_TRACE: Final = "stack_trace"
"""The extra field of a record that holds a function's traceback."""

LINE_FEED: Final = 10

# Azure's host files these under its own logs, not the app's
# (Azure/azure-functions-python-worker, proxy_worker/logging.py).
_SYSTEM: Final = ("azure.functions", "azure_functions_runtime")
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", STACK_TRACE}
_CONTROL: Final = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != LINE_FEED
}
_CONTROL_OR_BREAK: Final = _CONTROL | {LINE_FEED: "\\n", 13: "\\r", 9: "\\t", 0x2028: "\\u2028"}


class LogFormat(StrEnum):
    """How the log looks."""

    READABLE = "readable"
    JSON = "json"


def start_logging(log_format: LogFormat) -> None:
    """Send records to standard error, from the level on from which production sends them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ReadableLines() if log_format is LogFormat.READABLE else JsonLines())
    handler.addFilter(_is_shown)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    debug = os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "") in ("1", "true")
    root.setLevel(logging.DEBUG if debug else logging.INFO)


def _is_shown(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not record.name.startswith(_SYSTEM)


class ReadableLines(logging.Formatter):
    """One line a record, with control characters made visible; tracebacks follow indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line: time in UTC, level, function and invocation (or logger), message."""
        invocation = current_invocation()
        who = f"{invocation.function} {invocation.id[:8]}" if invocation else record.name
        message = record.getMessage().translate(_CONTROL_OR_BREAK)
        line = f"{_time(record)[11:23]} {record.levelname:<7} [{who}] {message}"
        trace = _trace(record).translate(_CONTROL)
        return "\n".join([line, *(f"    {one}" for one in trace.splitlines())])


class JsonLines(logging.Formatter):
    """One JSON object a record, with the message as it is and the record's own extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the object as one line."""
        invocation = current_invocation()
        fields: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "function": invocation.function if invocation else None,
            "invocationId": invocation.id if invocation else None,
            "message": record.getMessage(),
            "exception": _trace(record) or None,
        }
        shown = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(shown | _extra(record), default=str)


def _time(record: logging.LogRecord) -> str:
    instant = datetime.fromtimestamp(record.created, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trace(record: logging.LogRecord) -> str:
    # A function's traceback reaches the host as text, the host's own as an exception.
    if record.exc_info:
        return logging.Formatter().formatException(record.exc_info)
    return str(getattr(record, STACK_TRACE, ""))


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}
