"""HTTP: runs, what was given up, and who asked for what."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypedDict

from msgspec import Meta

from functions.api.named import CLUSTER_EXAMPLE, whole
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
from functions.http.parts import Part
from functions.http.problems import (
    FOREIGN_SUBSCRIPTION,
    NO_SUCH_RUN,
    ProblemKind,
    RequestRefused,
)
from functions.http.routes import Routes
from shared.domain.fleet.run import Run
from shared.domain.fleet.run_records import RunRecordJson
from shared.domain.messages.audit import AuditAction, AuditRecordJson, Origin
from shared.domain.messages.given_up import GivenUpClusterJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.pages import PageJson
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.updates.approve import NothingToApprove, OtherPlan, PutBackJson
from shared.reconcile.ground.audit_log import records_with
from shared.reconcile.shown.runs import ShownRunJson, clusters_with, runs_with
from shared.world import app

routes = Routes()

NOTHING_TO_APPROVE = ProblemKind(
    "NothingToApprove",
    409,
    "The run waits for nobody's approval (any more).",
    "Look at the run: `state` and `approvedRunId`. An approval is used once; a later run plans "
    "anew.",
)
OTHER_PLAN = ProblemKind(
    "OtherPlan",
    409,
    "The plan is not the one that the hash names.",
    "Read what it would change now, and send the `planHash` that comes with it.",
)


type PlanHash = Annotated[str, whole("[0-9a-f]{32}", "The planHash that an earlier answer gave.")]


class ApproveBody(Part, frozen=True):
    """Which plan is approved."""

    plan_hash: PlanHash


class RevertQuery(Part, frozen=True):
    """How updates are to be put back."""

    dry_run: Annotated[
        bool, Meta(description="Answer what would be put back, with its planHash; begin nothing.")
    ] = False


class RevertBody(Part, frozen=True):
    """What is put back: the planHash of a dry run, which needs none."""

    plan_hash: PlanHash | None = None


class BegunRunJson(TypedDict):
    """The run that carries it out."""

    runId: str


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


@routes.post(
    "runs/{runId}/approve",
    problems=(NO_SUCH_RUN, NOTHING_TO_APPROVE, OTHER_PLAN),
    examples={},
    attempted=attempt_of(AuditAction.APPROVE_RUN),
)
async def approve_run(path: RunPath, body: ApproveBody, origin: Origin) -> Accepted[BegunRunJson]:
    """Have exactly what a run has planned carried out, by a new run.

    What has changed since is left out, and named with the reason `ChangedSincePlanned`.
    """
    with _refusing():
        run = await app().approver.approve(path.run_id, body.plan_hash, origin)
    return _begun(run)


@routes.post(
    "runs/{runId}/revert",
    problems=(NO_SUCH_RUN, OTHER_PLAN),
    examples={},
    attempted=attempt_of(AuditAction.REVERT_RUN),
)
async def revert_run(
    path: RunPath, query: RevertQuery, body: RevertBody, origin: Origin
) -> Ok[PutBackJson] | Accepted[BegunRunJson]:
    """Put back what stood before the updates of a run, where naptime still owns the schedule.

    A dry run says what that is, and gives the `planHash` that the revert itself needs.
    """
    if query.dry_run:
        shown = await app().approver.try_out(path.run_id)
        if shown is None:
            raise RequestRefused(NO_SUCH_RUN, "there is no run with this id", "runId")
        return Ok(shown)
    if body.plan_hash is None:
        rule = "is required: take it from the same request with dryRun=true"
        raise InvalidInput.because("planHash", None, rule)
    with _refusing():
        run = await app().approver.revert(path.run_id, body.plan_hash, origin)
    return _begun(run)


def _begun(run: Run | None) -> Accepted[BegunRunJson]:
    if run is None:
        raise RequestRefused(NO_SUCH_RUN, "there is no run with this id", "runId")
    return Accepted({"runId": run.id}, f"/api/runs/{run.id}")


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what the use cases refuse into problems."""
    try:
        yield
    except NothingToApprove as error:
        raise RequestRefused(NOTHING_TO_APPROVE, str(error), "runId") from error
    except OtherPlan as error:
        raise RequestRefused(OTHER_PLAN, str(error), "planHash") from error


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
