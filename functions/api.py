"""HTTP: naptime asked by hand."""

from collections.abc import Awaitable, Callable
from functools import wraps

import azure.functions as func

from functions.problems import answer, invalid, problem, refused_by_azure, retry_after
from functions.request_bodies import BODY_LIMIT, ReconcileRequest, TooLarge, read_body
from shared.bootstrap import app
from shared.domain.cluster_id import ClusterId
from shared.domain.errors import InvalidInput, InvalidSetting
from shared.domain.outcome import Outcome, OutcomeKind
from shared.reconcile.look_at_cluster import LiveReadFailed

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types

type Handler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


class ForeignSubscription(Exception):
    """The id is well-formed, but lies outside what naptime may act on."""


def answers_with_problems(handler: Handler) -> Handler:
    """Turn what a handler raises on purpose into a problem; a bug stays a 500."""

    @wraps(handler)
    async def answering(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return await handler(req)
        except InvalidSetting as error:
            return problem(503, "InvalidSetting", str(error), field=error.problems[0].field)
        except InvalidInput as error:
            return invalid(error)
        except TooLarge:
            return problem(
                413, "BodyTooLarge", f"a body holds at most {BODY_LIMIT} bytes", field="body"
            )
        except ForeignSubscription as error:
            detail = f"{error} is not in NAPTIME_SUBSCRIPTIONS"
            return problem(403, "ForeignSubscription", detail, field="subscriptionId")
        except LiveReadFailed as error:
            return refused_by_azure(error.cause, **error.remembered)

    return answering


def _allowed(cluster_id: ClusterId) -> ClusterId:
    if not app().settings.allows(cluster_id.subscription_id):
        raise ForeignSubscription(cluster_id.subscription_id)
    return cluster_id


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the worker binds it by name
    """Say that the app is loaded and answers, and nothing else."""
    return answer({"status": "ok"})


@blueprint.route("reconcile", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_with_problems
async def reconcile(req: func.HttpRequest) -> func.HttpResponse:
    """Reconcile one cluster now: 200 and its outcome, or 202 where the rest comes later."""
    wanted = read_body(req, ReconcileRequest)
    cluster_id = _allowed(ClusterId.parse(wanted.cluster_id))
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


@blueprint.route(
    "clusters/{subscriptionId}/{resourceGroup}/{name}",
    methods=["GET"],
    auth_level=func.AuthLevel.FUNCTION,
)
@answers_with_problems
async def show_cluster(req: func.HttpRequest) -> func.HttpResponse:
    """Show one cluster as ARM has it now, and what naptime would do, did, and gave up."""
    parts = (req.route_params.get(part, "") for part in ("subscriptionId", "resourceGroup", "name"))
    cluster_id = _allowed(ClusterId.of(*parts))
    return answer(await app().viewer.look(cluster_id))
