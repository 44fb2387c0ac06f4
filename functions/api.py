"""HTTP: naptime asked by hand about clusters."""

import azure.functions as func

from functions.answering import (
    allowed,
    allowed_subscription,
    answers_with_problems,
    filters,
    refuse_unknown,
)
from functions.problems import answer, retry_after
from functions.request_bodies import ReconcileRequest, read_body
from shared.bootstrap import app
from shared.domain.cluster_id import ClusterId, parse_resource_group, parse_subscription_id
from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.reasons import Reason
from shared.domain.run import RunScope
from shared.domain.shard import plain_location
from shared.domain.work import Cause

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the worker binds it by name
    """Say that the app is loaded and answers, and nothing else."""
    return answer({"status": "ok"})


@blueprint.route("reconcile", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def reconcile(req: func.HttpRequest) -> func.HttpResponse:
    """Reconcile one cluster now (200), or start a run over many (202 and where to look)."""
    wanted = read_body(req, ReconcileRequest)
    wanted.check()
    if wanted.cluster_id is None:
        return await _start_run(wanted)
    cluster_id = allowed(ClusterId.parse(wanted.cluster_id))
    outcome = await app().requests.reconcile(cluster_id, dry_run=wanted.dry_run)
    if outcome is None or (outcome.kind is OutcomeKind.DEFERRED and not outcome.dry_run):
        return _accepted(cluster_id, outcome)
    return answer(outcome.to_json())


def _accepted(cluster_id: ClusterId, outcome: Outcome | None) -> func.HttpResponse:
    """Answer 202: the queue has the work, and the cluster's own page shows what becomes of it."""
    path = (
        f"/api/clusters/{cluster_id.subscription_id}/{cluster_id.resource_group}/{cluster_id.name}"
    )
    body = outcome.to_json() if outcome else {"clusterId": str(cluster_id), "outcome": None}
    wait = outcome.retry_after if outcome else None
    return answer(body, 202, {"Location": path, **retry_after(wait)})


async def _start_run(wanted: ReconcileRequest) -> func.HttpResponse:
    """Answer 202: the run's own page shows its progress."""
    asked = await app().asker.ask(_scope(wanted), Cause.ASKED)
    body = {**asked.run.to_json(), "joined": asked.joined}
    return answer(body, 202, {"Location": f"/api/runs/{asked.run.id}"})


def _scope(wanted: ReconcileRequest) -> RunScope:
    subscription_id = group = None
    if wanted.subscription_id is not None:
        subscription_id = allowed_subscription(parse_subscription_id(wanted.subscription_id))
    if wanted.resource_group is not None:
        group = parse_resource_group(wanted.resource_group)
    return RunScope(subscription_id, group, wanted.locations, wanted.dry_run)


@blueprint.route("clusters", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def list_clusters(req: func.HttpRequest) -> func.HttpResponse:
    """List the last known state of every cluster with node auto-provisioning."""
    known = ("subscriptionId", "location", "reason", "outcome", "continuationToken")
    refuse_unknown(req.params, known)
    where = filters(req.params, location=(), reason=tuple(Reason), outcome=tuple(OutcomeKind))
    if "location" in where:
        where["location"] = plain_location(where["location"])
    subscription_id = None
    if text := req.params.get("subscriptionId", ""):
        subscription_id = allowed_subscription(parse_subscription_id(text))
    token = req.params.get("continuationToken", "")
    page = await app().fleet.clusters(subscription_id, where, token)
    return answer(page.to_json())


@blueprint.route(
    "clusters/{subscriptionId}/{resourceGroup}/{name}",
    methods=["GET"],
    auth_level=func.AuthLevel.FUNCTION,
)
@answers_with_problems
async def show_cluster(req: func.HttpRequest) -> func.HttpResponse:
    """Show one cluster as ARM has it now, and what naptime would do, did, and gave up."""
    parts = (req.route_params.get(part, "") for part in ("subscriptionId", "resourceGroup", "name"))
    cluster_id = allowed(ClusterId.of(*parts))
    return answer(await app().viewer.look(cluster_id))
