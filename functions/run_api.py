"""HTTP: runs, and what was given up."""

from typing import TypedDict

from functions.answering import allowed
from functions.answers import Accepted, Ok
from functions.problems import FOREIGN_SUBSCRIPTION, NO_SUCH_RUN
from functions.refusals import RequestRefused
from functions.requests import (
    CLUSTER_EXAMPLE,
    PageQuery,
    ReplayBody,
    RunPath,
    RunQuery,
    RunsQuery,
)
from functions.routes import Routes
from shared.bootstrap import app
from shared.domain.callers import Origin
from shared.domain.cluster_id import ClusterId
from shared.domain.given_up import GivenUpClusterJson
from shared.domain.pages import PageAsked, PageJson
from shared.domain.reasons import Reason
from shared.domain.run_records import RunRecordJson
from shared.reconcile.show_runs import ShownRunJson

routes = Routes()


class ReplayedJson(TypedDict):
    """How many clusters were put on the queue again."""

    replayed: int


@routes.get("runs")
async def list_runs(query: RunsQuery) -> Ok[PageJson[RunRecordJson]]:
    """List runs, the newest first."""
    page = await app().runs.runs(_where(state=query.state, cause=query.cause), _asked(query))
    return Ok(page.to_json())


@routes.get("runs/{runId}", problems=(NO_SUCH_RUN,))
async def show_run(path: RunPath, query: RunQuery) -> Ok[ShownRunJson]:
    """Show one run: its progress, its counts, and a page of its clusters."""
    where = _where(outcome=query.outcome, reason=query.reason)
    shown = await app().runs.run(path.run_id, where, _asked(query))
    if shown is None:
        raise RequestRefused(NO_SUCH_RUN, "there is no run with this id", "runId")
    return Ok(shown)


@routes.get("given-up")
async def list_given_up(query: PageQuery) -> Ok[PageJson[GivenUpClusterJson]]:
    """List what was given up, each with its reason and what to do."""
    return Ok((await app().replayer.list(_asked(query))).to_json())


@routes.post(
    "given-up/replay",
    problems=(FOREIGN_SUBSCRIPTION,),
    examples={
        "one cluster": {"clusterId": CLUSTER_EXAMPLE},
        "all of one reason": {"reason": Reason.ACCESS_DENIED.value},
        "all": {"all": True},
    },
)
async def replay_given_up(body: ReplayBody, origin: Origin) -> Accepted[ReplayedJson]:
    """Put clusters that were given up on the queue again; harmless to repeat."""
    if body.cluster_id is not None:
        cluster_id = allowed(ClusterId.parse(body.cluster_id))
        replayed = await app().commands.replay(origin, cluster_id)
    else:
        replayed = await app().commands.replay(origin, reason=body.reason)
    return Accepted({"replayed": replayed}, "/api/given-up")


def _asked(query: PageQuery) -> PageAsked:
    return PageAsked(query.continuation_token or "", query.page_size)


def _where(**filters: str | None) -> dict[str, str]:
    """Keep the filters that were given; an enumeration's member is its text."""
    return {name: str(value) for name, value in filters.items() if value is not None}
