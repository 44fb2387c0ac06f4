"""The simulator's journal: every call to ARM, and which cluster it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from local.azure.json_values import as_text, instant_of
from local.demo.bodies import Json

NAPTIME: Final = "0a6f8b2e-5c1d-4e3f-9a7b-1c2d3e4f5a6b"
"""The client id of naptime's managed identity."""

_CLUSTER: Final = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.containerservice/managedclusters/[^/]+",
    re.IGNORECASE,
)


def key_of(resource_id: str) -> str:
    """Give the id of the cluster in a path or an id, in lower case; empty if it names none."""
    found = _CLUSTER.match(resource_id)
    return found[0].lower() if found else ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to ARM as the simulator's journal has it, all times in UTC.

    For an accepted window, `next_start` is the simulator's own computation and `lead` the time
    from the write until then.
    """

    sequence: int
    time: datetime
    method: str
    path: str
    status: int
    caller: str = NAPTIME
    operation: str = ""
    lead: timedelta | None = None
    next_start: datetime | None = None

    @property
    def cluster(self) -> str:
        """The key of the cluster that the call is about, empty if it is about none."""
        return key_of(self.path)

    @property
    def is_write(self) -> bool:
        """Whether the call would change something."""
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    @property
    def is_listing(self) -> bool:
        """Whether the call reads the configurations of a cluster."""
        return self.operation == "MaintenanceConfigurations_ListByManagedCluster"

    @property
    def is_accepted_write(self) -> bool:
        """Whether ARM did what the call asked for; the answer may have been lost all the same."""
        accepted = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
        return self.is_write and self.status in accepted


def call_of(entry: Json) -> Call:
    """Read an entry of the journal."""
    lead, start = entry.get("leadMinutes"), as_text(entry.get("nextStart"))
    return Call(
        sequence=int(str(entry["sequence"])),
        time=instant_of(as_text(entry["time"])),
        method=as_text(entry["method"]),
        path=as_text(entry["path"]),
        status=int(str(entry["status"])),
        caller=as_text(entry["caller"]),
        operation=as_text(entry["operation"]),
        lead=timedelta(minutes=lead) if isinstance(lead, (int, float)) else None,
        next_start=instant_of(start) if start else None,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the journal: the calls after one number, up to another, inclusive."""

    after: int
    until: int

    def of(self, journal: Sequence[Call]) -> tuple[Call, ...]:
        """Give the calls in this part."""
        return tuple(call for call in journal if self.after < call.sequence <= self.until)
