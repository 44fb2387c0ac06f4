"""HTTP: the API described by itself."""

from functools import cache

import azure.functions as func
import msgspec

from functions.api import budgets, clusters, policy, runs, schedules
from functions.http.compressing import compressed
from functions.http.openapi import describe
from functions.page import feeds
from functions.page import routes as page

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types

DESCRIBED = (
    clusters.routes,
    schedules.routes,
    budgets.routes,
    runs.routes,
    policy.routes,
    page.routes,
    feeds.routes,
)
"""Everything that is described: each module of routes, in the order of the document."""


@cache
def document() -> bytes:
    """Make the description once per worker."""
    routes = [route for concern in DESCRIBED for route in concern.declared]
    return msgspec.json.encode(describe(routes))


# Anonymous: it holds no secret and nothing of this installation, and tools fetch it without a key.
@blueprint.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Give the OpenAPI 3.1 document of this API."""
    answer = func.HttpResponse(
        document(), mimetype="application/json", headers={"Cache-Control": "public, max-age=300"}
    )
    return compressed(answer, req.headers.get("accept-encoding", ""))
