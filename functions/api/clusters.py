"""HTTP: naptime asked by hand about clusters."""

from typing import NotRequired, TypedDict

from functions.api.named import CLUSTER_EXAMPLE, SUBSCRIPTION_EXAMPLE
from functions.api.requests import (
    ClusterPath,
    ClustersQuery,
    ReconcileBody,
    attempt_to_reconcile,
)
from functions.http.answering import allowed, allowed_subscription
from functions.http.answers import Accepted, Ok
from functions.http.problems import (
    ASKS_AZURE,
    FOREIGN_SUBSCRIPTION,
    TOO_MANY_RUNS,
    TooManyRuns,
    kind_of,
)
from functions.http.routes import Routes
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.run import RunJson, RunScope
from shared.domain.messages.audit import Origin
from shared.domain.vocabulary.ids import (
    ClusterId,
    parse_resource_group,
    parse_subscription_id,
)
from shared.domain.vocabulary.pages import PageJson
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.ask import TooManyActive
from shared.reconcile.shown.cluster_json import LiveClusterJson
from shared.reconcile.shown.clusters import known_with
from shared.reconcile.shown.commands import ExplainedOutcomeJson, explained
from shared.reconcile.shown.known_json import KnownClusterJson
from shared.world import app

routes = Routes()


class HealthJson(TypedDict):
    """That the app is loaded and answers."""

    status: str


class AskedRunJson(RunJson):
    """The run that was asked for; `joined` where one of the same scope was under way already."""

    joined: bool


class KnownClustersJson(PageJson[KnownClusterJson]):
    """Some clusters; `note` says why there are none where no run has ended yet."""

    note: NotRequired[str]


class QueuedJson(TypedDict):
    """A cluster that somebody else is at: the queue has the work."""

    clusterId: str
    outcome: None


@routes.get("health", anonymous=True)
async def health() -> Ok[HealthJson]:
    """Say that the app is loaded and answers, and nothing else."""
    return Ok({"status": "ok"})


@routes.post(
    "reconcile",
    problems=(FOREIGN_SUBSCRIPTION, TOO_MANY_RUNS, kind_of(Reason.PACED)),
    examples={
        "one cluster, only to see what would be done": {
            "clusterId": CLUSTER_EXAMPLE,
            "dryRun": True,
        },
        "one cluster": {"clusterId": CLUSTER_EXAMPLE},
        "some locations of a subscription": {
            "subscriptionId": SUBSCRIPTION_EXAMPLE,
            "locations": ["westeurope", "North Europe"],
        },
        "everything": {"fleet": True},
    },
    attempted=attempt_to_reconcile,
)
async def reconcile(
    body: ReconcileBody, origin: Origin
) -> Ok[ExplainedOutcomeJson] | Accepted[ExplainedOutcomeJson | QueuedJson | AskedRunJson]:
    """Reconcile one cluster now, or start a run over many.

    One cluster is answered with its outcome; where that has to wait, and for a run, 202 says where
    to look. A run of the same scope that is under way is joined.
    """
    if body.cluster_id is None:
        return await _start_run(body, origin)
    cluster_id = allowed(ClusterId.parse(body.cluster_id))
    outcome = await app().commands.reconcile(cluster_id, origin, dry_run=body.dry_run)
    if outcome is None or (outcome.kind is OutcomeKind.DEFERRED and not outcome.dry_run):
        return _accepted(cluster_id, outcome)
    return Ok(explained(outcome))


def _accepted(
    cluster_id: ClusterId, outcome: Outcome | None
) -> Accepted[ExplainedOutcomeJson | QueuedJson | AskedRunJson]:
    """Say that the queue has the work; the cluster's own page shows what becomes of it."""
    path = (
        f"/api/clusters/{cluster_id.subscription_id}/{cluster_id.resource_group}/{cluster_id.name}"
    )
    if outcome is None:
        return Accepted(QueuedJson(clusterId=str(cluster_id), outcome=None), path)
    return Accepted(explained(outcome), path, outcome.retry_after)


async def _start_run(
    body: ReconcileBody, origin: Origin
) -> Accepted[ExplainedOutcomeJson | QueuedJson | AskedRunJson]:
    """Say where the run is; its own page shows its progress."""
    try:
        asked = await app().commands.start_run(_scope(body), origin)
    except TooManyActive as error:
        raise TooManyRuns(error.most) from error
    shown = AskedRunJson(**asked.run.to_json(), joined=asked.joined)
    return Accepted(shown, f"/api/runs/{asked.run.id}")


def _scope(body: ReconcileBody) -> RunScope:
    subscription_id = group = None
    if body.subscription_id is not None:
        subscription_id = allowed_subscription(parse_subscription_id(body.subscription_id))
    if body.resource_group is not None:
        group = parse_resource_group(body.resource_group)
    return RunScope(subscription_id, group, body.locations, body.dry_run)


@routes.get("clusters", problems=(FOREIGN_SUBSCRIPTION,))
async def list_clusters(query: ClustersQuery) -> Ok[KnownClustersJson]:
    """List the last known state of every cluster with node auto-provisioning."""
    where = known_with(query.location, query.reason, query.outcome)
    crowded = query.crowded or query.reason is Reason.WINDOWS_CROWDED
    subscription_id = None
    if query.subscription_id is not None:
        subscription_id = allowed_subscription(parse_subscription_id(query.subscription_id))
    page = await app().fleet.clusters(
        subscription_id, where, query.asked, attention=query.needs_attention, crowded=crowded
    )
    shown = KnownClustersJson(value=list(page.items), continuationToken=page.token)
    nothing = not page.items and not query.continuation_token
    if nothing and (note := await app().runs.none_yet()):
        shown["note"] = note
    return Ok(shown)


@routes.get(
    "clusters/{subscriptionId}/{resourceGroup}/{name}",
    problems=(FOREIGN_SUBSCRIPTION, *ASKS_AZURE),
)
async def show_cluster(path: ClusterPath) -> Ok[LiveClusterJson]:
    """Show one cluster as ARM has it now, and what naptime would do, did, and gave up."""
    cluster_id = ClusterId.of(path.subscription_id, path.resource_group, path.name)
    return Ok(await app().viewer.look(allowed(cluster_id)))
