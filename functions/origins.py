"""Who asks, and the id that ties a request to its answer, its record and its log line."""

from uuid import uuid4

import azure.functions as func

from shared.bootstrap import app
from shared.domain.callers import Origin, read_caller, read_correlation_id


def correlation_id_of(req: func.HttpRequest) -> str:
    """Give the caller's own id for the request, or make one."""
    return read_correlation_id(_headers(req)) or str(uuid4())


def origin_of(req: func.HttpRequest, correlation_id: str) -> Origin:
    """Say who asks, as far as the platform vouches for it."""
    caller = read_caller(_headers(req), entra=app().settings.entra)
    return Origin(caller, correlation_id)


def _headers(req: func.HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in req.headers.items()}
