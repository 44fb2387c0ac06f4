"""The log."""

import json
import logging

import pytest

from local.host.log_context import running
from local.host.logs import STACK_TRACE, JsonLines, ReadableLines


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "sample", "levelname": "INFO", "msg": message})
    made.created = 1795334400.5  # 2026-11-22T08:00:00.5Z
    vars(made).update(fields)
    return made


def test_a_readable_line_says_when_who_and_what() -> None:
    """Time in UTC, level, logger, message."""
    assert ReadableLines().format(record("done")) == "08:00:00.500 INFO    [sample] done"


def test_a_line_of_a_function_names_it_and_its_invocation() -> None:
    """Within an invocation the function and the start of its id stand for the logger."""
    with running("reconcile_one", "0123456789"):
        line = ReadableLines().format(record("done"))
    assert "[reconcile_one 01234567] done" in line


@pytest.mark.parametrize(
    ("message", "shown"),
    [("a\nb", "a\\nb"), ("a\rb", "a\\rb"), ("a\x1b[31m", "a\\x1b[31m"), ("a\u2028b", "a\\u2028b")],
)
def test_a_message_cannot_forge_a_readable_line(message: str, shown: str) -> None:
    """Control characters and line breaks are made visible."""
    line = ReadableLines().format(record(message))
    assert line.endswith(shown)
    assert len(line.splitlines()) == 1


def test_a_traceback_follows_indented() -> None:
    """Both an exception's and one that reached the host as text."""
    error = ValueError("at \x1b here")
    raised = record("failed", exc_info=(ValueError, error, None))
    as_text = record("failed", **{STACK_TRACE: "Traceback\n  line\x1b"})
    assert ReadableLines().format(raised).splitlines()[-1] == "    ValueError: at \\x1b here"
    assert ReadableLines().format(as_text).splitlines()[1:] == ["    Traceback", "      line\\x1b"]


def test_a_json_line_keeps_the_message_as_it_is() -> None:
    """One object a line, with the record's own extra fields and the raw message."""
    with running("f", "1"):
        line = JsonLines().format(record("a\nb\x1b", naptime_cause="event", naptime_at=object))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-11-22T08:00:00.500Z",
        "level": "INFO",
        "logger": "sample",
        "function": "f",
        "invocationId": "1",
        "message": "a\nb\x1b",
        "naptime_cause": "event",
        "naptime_at": "<class 'object'>",
    }
