"""Writes every line once, with made-up facts, through the exporter that the worker configures."""

import logging
import sys
from inspect import signature
from typing import TYPE_CHECKING, cast

from azure.monitor.opentelemetry import configure_azure_monitor

from shared.telemetry.lines import LINES
from shared.telemetry.log import BugLine

if TYPE_CHECKING:
    from collections.abc import Callable

MADE_UP = "made-up"


def main() -> None:
    """Send to the connection string of the command line; what is sent ends with the process."""
    configure_azure_monitor(
        connection_string=sys.argv[1], logger_name="naptime", disable_offline_storage=True
    )
    logging.getLogger("naptime").setLevel(logging.DEBUG)
    for line in LINES:
        # What the type check is there to refuse: facts of no type in particular.
        write = cast("Callable[..., None]", line.log)
        error = [ZeroDivisionError(MADE_UP)] if isinstance(line, BugLine) else []
        write(*error, **dict.fromkeys(signature(line.make).parameters, MADE_UP))


if __name__ == "__main__":
    main()
