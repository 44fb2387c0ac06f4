"""`python -m tests.scenarios.clocks`: the local host, whose worker's clock is ahead or behind."""

import os
from datetime import datetime
from pathlib import Path

from local.azure.clock import machine_now
from local.host.__main__ import main
from shared.clients.clock import SystemClock
from tests.scenarios.clocks.elsewhen import AHEAD_FILE, read_ahead

FILE = Path(os.environ[AHEAD_FILE])


def _now(self: SystemClock) -> datetime:  # noqa: ARG001 - a method
    return machine_now() + read_ahead(FILE)


# The one module of the app that reads the clock; tokens and certificates go by the machine's.
SystemClock.now = _now  # type: ignore[method-assign]  # that is what this program is for

if __name__ == "__main__":
    main()
