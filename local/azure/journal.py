"""Every call that the simulated Azure answered, in order, with what can be checked about it."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from local.azure.json_values import JsonObject, instant_of, iso, parse
from local.azure.replies import WindowStart

_KEPT = 50_000
_BODY_KEPT = 2048


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, its answer, and for an accepted window the start that the simulator computed."""

    sequence: int
    time: datetime
    method: str
    path: str
    api_version: str
    operation: str
    caller: str
    status: int
    code: str
    body: bytes
    fault: str
    window_start: WindowStart | None

    def to_json(self) -> JsonObject:
        """Write the entry as `GET journal` shows it; times in UTC."""
        shown: JsonObject = {
            "sequence": self.sequence,
            "time": iso(self.time),
            "method": self.method,
            "path": self.path,
            "apiVersion": self.api_version,
            "operation": self.operation,
            "caller": self.caller,
            "status": self.status,
        }
        if self.code:
            shown["code"] = self.code
        if self.fault:
            shown["fault"] = self.fault
        if self.body:
            shown["requestBody"] = _shown_body(self.body)
        if self.window_start is not None:
            shown.update(_shown_start(self.window_start, self.time))
        return shown


def _shown_body(body: bytes) -> object:
    try:
        return parse(body)
    except ValueError:
        return body.decode(errors="replace")


def _shown_start(window: WindowStart, accepted: datetime) -> JsonObject:
    if window.start is None:
        return {"nextStart": None, "leadMinutes": None, "note": window.note}
    lead = (window.start - accepted).total_seconds() / 60
    # Rounded down: 29 minutes and 59.99 seconds are not 30.
    shown: JsonObject = {"nextStart": iso(window.start), "leadMinutes": int(lead * 100 // 1) / 100}
    if not window.certain:
        shown["note"] = "a blocked span begins within this occurrence; it may be cut or dropped"
    return shown


class Journal:
    """The last 50,000 calls; older ones are dropped, and their number is known."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self.sequence = 0

    def __len__(self) -> int:
        """Count the entries that are still there."""
        return len(self._entries)

    def clear(self) -> None:
        """Forget every entry; the sequence goes on."""
        self._entries.clear()

    def add(  # noqa: PLR0913 - the columns of the journal
        self,
        time: datetime,
        *,
        method: str,
        path: str,
        api_version: str = "",
        operation: str = "",
        caller: str = "",
        status: int,
        code: str = "",
        body: bytes = b"",
        fault: str = "",
        window_start: WindowStart | None = None,
    ) -> None:
        """Write a call down; long bodies are cut."""
        self.sequence += 1
        self._entries.append(
            Entry(
                self.sequence,
                time,
                method,
                path,
                api_version,
                operation,
                caller,
                status,
                code,
                body[:_BODY_KEPT],
                fault,
                window_start,
            )
        )

    def entries(self, *, method: str = "", path: str = "", since: str = "") -> list[Entry]:
        """Find entries: method and path without case (the path may hold * and ?, or be a part).

        `since` is a sequence number, exclusive, or an ISO 8601 instant; raises ValueError.
        """
        after = int(since) if since.isdigit() else 0
        start = instant_of(since) if since and not since.isdigit() else None
        pattern = f"*{path.lower()}*"
        return [
            entry
            for entry in self._entries
            if entry.sequence > after
            and (start is None or entry.time >= start)
            and (not method or entry.method == method.upper())
            and (not path or fnmatchcase(entry.path.lower(), pattern))
        ]
