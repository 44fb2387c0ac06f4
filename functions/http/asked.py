"""Who asks, and the id that ties a request to its answer, its record and its log line."""

from dataclasses import dataclass, field
from uuid import uuid4

import azure.functions as func

from functions.http.parts import Part
from shared.domain.messages.audit import Origin, read_caller, read_correlation_id
from shared.world import app


@dataclass(frozen=True, slots=True)
class Request:
    """The worker's own request, and what could be read of it so far."""

    req: func.HttpRequest
    correlation_id: str
    parts: dict[str, Part] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)

    @property
    def origin(self) -> Origin:
        """Who asks: one object for the whole request, so that it knows its records."""
        if not self.origins:
            self.origins.append(origin_of(self.req, self.correlation_id))
        return self.origins[0]


def correlation_id_of(req: func.HttpRequest) -> str:
    """Give the caller's own id for the request, or make one."""
    return read_correlation_id(_headers(req)) or str(uuid4())


def origin_of(req: func.HttpRequest, correlation_id: str) -> Origin:
    """Say who asks, as far as the platform vouches for it."""
    caller = read_caller(_headers(req), entra=app().settings.entra)
    return Origin(caller, correlation_id)


def _headers(req: func.HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in req.headers.items()}
