"""HTTP: runs, what was given up, and who asked for what."""

from typing import TypedDict

from functions.api.named import CLUSTER_EXAMPLE
from functions.api.requests import (
    AuditQuery,
    PageQuery,
    ReplayBody,
    RunPath,
    RunQuery,
    RunsQuery,
    attempt_of,
)
from functions.http.answering import allowed
from functions.http.answers import Accepted, Ok
from functions.http.problems import FOREIGN_SUBSCRIPTION, NO_SUCH_RUN, RequestRefused
from functions.http.routes import Routes
from shared.domain.fleet.run_records import RunRecordJson
from shared.domain.messages.audit import AuditAction, AuditRecordJson, Origin
from shared.domain.messages.given_up import GivenUpClusterJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.pages import PageJson
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.ground.audit_log import records_with
from shared.reconcile.shown.runs import ShownRunJson, clusters_with, runs_with
from shared.world import app

routes = Routes()


class ReplayedJson(TypedDict):
    """How many clusters were put on the queue again."""

    replayed: int


@routes.get("runs")
async def list_runs(query: RunsQuery) -> Ok[PageJson[RunRecordJson]]:
    """List runs, the newest first."""
    page = await app().runs.runs(runs_with(query.state, query.cause), query.asked)
    return Ok(page.to_json())


@routes.get("runs/{runId}", problems=(NO_SUCH_RUN,))
async def show_run(path: RunPath, query: RunQuery) -> Ok[ShownRunJson]:
    """Show one run: its progress, its counts, and a page of its clusters."""
    where = clusters_with(query.outcome, query.reason)
    shown = await app().runs.run(path.run_id, where, query.asked)
    if shown is None:
        raise RequestRefused(NO_SUCH_RUN, "there is no run with this id", "runId")
    return Ok(shown)


@routes.get("given-up")
async def list_given_up(query: PageQuery) -> Ok[PageJson[GivenUpClusterJson]]:
    """List what was given up, each with its reason and what to do."""
    return Ok((await app().replayer.list(query.asked)).to_json())


@routes.post(
    "given-up/replay",
    problems=(FOREIGN_SUBSCRIPTION,),
    examples={
        "one cluster": {"clusterId": CLUSTER_EXAMPLE},
        "all of one reason": {"reason": Reason.ACCESS_DENIED.value},
        "all": {"all": True},
    },
    attempted=attempt_of(AuditAction.REPLAY),
)
async def replay_given_up(body: ReplayBody, origin: Origin) -> Accepted[ReplayedJson]:
    """Put clusters that were given up on the queue again; harmless to repeat."""
    if body.cluster_id is not None:
        cluster_id = allowed(ClusterId.parse(body.cluster_id))
        replayed = await app().commands.replay(origin, cluster_id)
    else:
        replayed = await app().commands.replay(origin, reason=body.reason)
    return Accepted({"replayed": replayed}, "/api/given-up")


@routes.get("audit")
async def list_audit(query: AuditQuery) -> Ok[PageJson[AuditRecordJson]]:
    """List what was asked for over HTTP, the newest first: by whom, on what, and what came of it.

    A record whose outcome stays `Intended` is of a command whose worker did not live to say more.
    """
    cluster_id = ClusterId.parse(query.cluster_id) if query.cluster_id is not None else None
    where = records_with(cluster_id, query.action, query.outcome)
    return Ok((await app().audit.page(where, query.asked)).to_json())
