"""What goes into the simulated Azure and what comes out of it, free of any web server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from local.azure.arm.route import Route


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the path decoded, query names lower-cased, header names without case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    route: Route | None = None
    host: str = "localhost"


class ChangeKind(StrEnum):
    """What Event Grid calls the kinds of changes."""

    WRITE = "Microsoft.Resources.ResourceWriteSuccess"
    DELETE = "Microsoft.Resources.ResourceDeleteSuccess"
    ACTION = "Microsoft.Resources.ResourceActionSuccess"
    WRITE_FAILURE = "Microsoft.Resources.ResourceWriteFailure"
    DELETE_FAILURE = "Microsoft.Resources.ResourceDeleteFailure"
    ACTION_FAILURE = "Microsoft.Resources.ResourceActionFailure"

    @property
    def failure(self) -> "ChangeKind":
        """The kind of the same change where it fails."""
        return ChangeKind(self.value.replace("Success", "Failure"))

    @property
    def is_failure(self) -> bool:
        """Whether the change failed."""
        return self.value.endswith("Failure")


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a resource that Azure tells its subscribers about."""

    kind: ChangeKind
    action: str
    resource_id: str
    update: bool = False
    method: str = ""


@dataclass(frozen=True, slots=True)
class WindowStart:
    """When an accepted maintenance window starts next, computed by the simulator's own rules.

    `start` is UTC, None where the rules give none; `note` then says why. `certain` is false where
    a blocked span cuts into the window, which no source decides.
    """

    start: datetime | None
    end: datetime | None = None
    certain: bool = True
    note: str = ""


@dataclass(slots=True)
class Reply:
    """One response, with what the journal and Event Grid want to know about it."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    code: str = ""
    change: Change | None = None
    window_start: WindowStart | None = None
