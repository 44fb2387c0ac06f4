"""HTTP: the fleet page, and the data that it is drawn from."""

import azure.functions as func

from functions.http.answers import Encoded, NotModified, weak
from functions.http.asked import origin_of
from functions.http.compressing import compressed
from functions.http.problems import ProblemKind, RequestRefused
from functions.http.routes import Routes
from functions.page.document import document
from functions.page.fresh import FreshHeaders
from shared.domain.deciding.conditions import is_named
from shared.domain.errors import InvalidSetting
from shared.reconcile.shown.page.rows import FleetPageJson
from shared.world import app

routes = Routes()
blueprint = routes.blueprint

NO_SIGN_IN = ProblemKind(
    "NoSignIn",
    404,
    "App Service authentication is not turned on.",
    "Send a function key to `GET /api/fleet/data` instead.",
)
NOT_SIGNED_IN = ProblemKind(
    "NotSignedIn",
    401,
    "App Service authentication says of nobody that they are signed in.",
    "Sign in at `/.auth/login/aad`, or send a function key to `GET /api/fleet/data`.",
)


# Anonymous, and outside the sign-in: there is no data in it, and whoever opens it has no key yet.
@blueprint.route("fleet", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def fleet_page(req: func.HttpRequest) -> func.HttpResponse:
    """Give the fleet page, which asks for its data itself."""
    page = document(sign_in=_has_sign_in())
    headers = {
        "Content-Security-Policy": page.policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
        "ETag": weak(page.etag),
    }
    if is_named(page.etag, req.headers.get("if-none-match", "")):
        answer = func.HttpResponse(status_code=304, mimetype="text/html", headers=headers)
    else:
        answer = func.HttpResponse(page.html, mimetype="text/html", headers=headers)
    return compressed(answer, req.headers.get("accept-encoding", ""))


def _has_sign_in() -> bool:
    """Say whether to offer one; where settings are wrong, the data's own answer says so."""
    try:
        return app().settings.entra
    except InvalidSetting:
        return False


@routes.get("fleet/data")
async def fleet_data(headers: FreshHeaders) -> Encoded[FleetPageJson] | NotModified[None]:
    """Give the fleet as it was seen last, compact: what `GET /api/fleet` is drawn from.

    From the tables alone, so it is there while Azure Resource Manager is not. Rows name places in
    the tables beside them; minutes count from `day`.
    """
    return await _data(headers)


@routes.get("signed-in/fleet", anonymous=True, problems=(NO_SIGN_IN, NOT_SIGNED_IN))
async def signed_in_fleet_data(
    headers: FreshHeaders, req: func.HttpRequest
) -> Encoded[FleetPageJson] | NotModified[None]:
    """Give the same to whoever App Service authentication vouches for, without a key.

    Reads only: whatever changes something asks for a key, which no other site can send.
    """
    if not app().settings.entra:
        raise RequestRefused(NO_SIGN_IN, "there is no sign-in here")
    if origin_of(req, "").caller.id is None:
        raise RequestRefused(NOT_SIGNED_IN, "nobody is signed in")
    return await _data(headers)


async def _data(headers: FreshHeaders) -> Encoded[FleetPageJson] | NotModified[None]:
    data = await app().fleet_page.data()
    if headers.has(data.etag):
        return NotModified(data.etag)
    return Encoded(data.body, data.etag)
