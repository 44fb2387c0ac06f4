"""HTTP: who asked for what."""

from functions.answers import Ok
from functions.routes import Routes
from functions.schedule_requests import AuditQuery
from shared.bootstrap import app
from shared.domain.audit import AuditRecordJson
from shared.domain.cluster_id import ClusterId
from shared.domain.pages import PageAsked, PageJson

routes = Routes()


@routes.get("audit")
async def list_audit(query: AuditQuery) -> Ok[PageJson[AuditRecordJson]]:
    """List what was asked for over HTTP, the newest first: by whom, on what, and what came of it.

    A record whose outcome stays `Intended` is of a command whose worker did not live to say more.
    """
    where = {
        name: value.value
        for name, value in (("action", query.action), ("outcome", query.outcome))
        if value is not None
    }
    if query.cluster_id is not None:
        where["clusterKey"] = ClusterId.parse(query.cluster_id).key
    asked = PageAsked(query.continuation_token or "", query.page_size)
    return Ok((await app().audit.page(where, asked)).to_json())
