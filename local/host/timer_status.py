"""When the timers of an app last ran: in memory, or in a file that outlives the host."""

import json
from datetime import datetime
from pathlib import Path

from local.host.payloads import TimerStatus


class TimerStatuses:
    """The status of each timer by function; a file that cannot be read counts as empty."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._statuses = _read(file) if file else {}

    def get(self, function: str) -> TimerStatus | None:
        """Give the status of a timer, None if it never ran."""
        return self._statuses.get(function)

    def put(self, function: str, status: TimerStatus) -> None:
        """Keep the status of a timer."""
        self._statuses[function] = status
        if self._file is not None:
            shown = {name: _shown(one) for name, one in self._statuses.items()}
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(shown, indent=2) + "\n", "utf-8")
            new.replace(self._file)


def _shown(status: TimerStatus) -> dict[str, str]:
    instants = {"Last": status.last, "Next": status.next, "LastUpdated": status.last_updated}
    return {name: instant.isoformat() for name, instant in instants.items()}


def _read(file: Path) -> dict[str, TimerStatus]:
    try:
        kept: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
        return {name: _status(one) for name, one in kept.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _status(kept: dict[str, str]) -> TimerStatus:
    last, following, updated = (
        datetime.fromisoformat(kept[name]) for name in ("Last", "Next", "LastUpdated")
    )
    return TimerStatus(last, following, updated)
