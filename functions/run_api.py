"""HTTP: runs, and what was given up."""

import azure.functions as func

from functions.answering import (
    RequestRefused,
    allowed,
    answers_with_problems,
    filters,
    refuse_unknown,
)
from functions.problems import answer
from functions.request_bodies import ReplayRequest, read_body
from shared.bootstrap import app
from shared.domain.cluster_id import ClusterId
from shared.domain.outcome import OutcomeKind
from shared.domain.reasons import Reason
from shared.domain.run import RunState
from shared.domain.work import Cause

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.route("runs", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def list_runs(req: func.HttpRequest) -> func.HttpResponse:
    """List runs, the newest first."""
    refuse_unknown(req.params, ("state", "cause", "continuationToken"))
    where = filters(req.params, state=tuple(RunState), cause=tuple(Cause))
    page = await app().runs.runs(where, req.params.get("continuationToken", ""))
    return answer(page.to_json())


@blueprint.route("runs/{runId}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def show_run(req: func.HttpRequest) -> func.HttpResponse:
    """Show one run: its progress, its counts, and a page of its clusters."""
    refuse_unknown(req.params, ("outcome", "reason", "continuationToken"))
    where = filters(req.params, outcome=tuple(OutcomeKind), reason=tuple(Reason))
    token = req.params.get("continuationToken", "")
    shown = await app().runs.run(req.route_params.get("runId", ""), where, token)
    if shown is None:
        raise RequestRefused(404, "NoSuchRun", "there is no run with this id", "runId")
    return answer(shown)


@blueprint.route("given-up", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def list_given_up(req: func.HttpRequest) -> func.HttpResponse:
    """List what was given up, each with its reason and what to do."""
    refuse_unknown(req.params, ("continuationToken",))
    page = await app().replayer.list(req.params.get("continuationToken", ""))
    return answer(page.to_json())


@blueprint.route("given-up/replay", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def replay_given_up(req: func.HttpRequest) -> func.HttpResponse:
    """Put clusters that were given up on the queue again; harmless to repeat."""
    wanted = read_body(req, ReplayRequest)
    wanted.check()
    if wanted.cluster_id is not None:
        cluster_id = allowed(ClusterId.parse(wanted.cluster_id))
        replayed = await app().replayer.replay_one(cluster_id)
    else:
        replayed = await app().replayer.replay_all(wanted.reason)
    return answer({"replayed": replayed}, 202)
