"""HTTP: disruption budgets for one cluster's window, and NodePools held against it."""

import asyncio
from datetime import timedelta

import azure.functions as func

from functions.api.asked_budgets import BudgetsQuery, CheckQuery, NodePoolsBody
from functions.api.requests import ClusterPath
from functions.http.answering import allowed
from functions.http.answers import AsYaml, Ok, prefers_json
from functions.http.problems import (
    ASKS_AZURE,
    FOREIGN_SUBSCRIPTION,
    NO_SCHEDULE,
    ProblemKind,
    RequestRefused,
)
from functions.http.routes import Routes
from shared.domain.budgets.checking.pools import objects_in
from shared.domain.budgets.checking.report import report
from shared.domain.budgets.checking.view import Question
from shared.domain.budgets.making.made import make_budgets
from shared.domain.budgets.making.written import title_of
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.budgets import (
    BudgetWindows,
    CheckedBudgetsJson,
    ClusterBudgetsJson,
    budgets_json,
    checked_json,
)
from shared.world import app

routes = Routes()

BUDGETS = "clusters/{subscriptionId}/{resourceGroup}/{name}/disruption-budgets"
NO_WINDOW = ProblemKind(
    "NoWindow",
    409,
    "The cluster's node OS schedule has no window that budgets could be made for.",
    "Give it a window of its own with `PUT`; `detail` says what is there.",
)
GRADUAL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "default"},
    "spec": {
        "disruption": {
            "budgets": [
                {"nodes": "1", "schedule": "0 2 * * *", "duration": "2h"},
                {"nodes": "3", "schedule": "0 4 * * *", "duration": "4h"},
            ]
        },
        "template": {"spec": {"expireAfter": "Never"}},
    },
}


@routes.get(BUDGETS, problems=(FOREIGN_SUBSCRIPTION, NO_SCHEDULE, NO_WINDOW, *ASKS_AZURE))
async def show_budgets(
    path: ClusterPath, query: BudgetsQuery, req: func.HttpRequest
) -> AsYaml[ClusterBudgetsJson]:
    """Make disruption budgets that let nodes roll in a cluster's window and at no other time.

    For the window as ARM has it now; as YAML for a NodePool, or as patches for all of them; as JSON
    if `Accept` prefers that. What Karpenter's cron cannot say of the window is let in, and said;
    `until` asks for a list with dates instead, which has an end. Budgets know UTC only: with `zone`
    there is a list for each offset of the coming year, or one for all of them (`superset`).
    """
    cluster_id = allowed(ClusterId.of(path.subscription_id, path.resource_group, path.name))
    window = _window(BudgetWindows.of(await app().schedules.all(cluster_id)))
    now = app().ports.clock.now()
    made = make_budgets(window, query.wish, now, query.place, superset=query.superset)
    return AsYaml(
        budgets_json(cluster_id, window, made),
        made.text(query.format, title_of(cluster_id.name, window)),
        prefers_json(req.headers.get("accept", "")),
    )


@routes.post(
    f"{BUDGETS}/check",
    problems=(FOREIGN_SUBSCRIPTION, *ASKS_AZURE),
    examples={
        "a budget that is inverted": GRADUAL,
        "kubectl get nodepools -o json": {"apiVersion": "v1", "kind": "List", "items": [GRADUAL]},
    },
)
async def check_budgets(
    path: ClusterPath, query: CheckQuery, body: NodePoolsBody
) -> Ok[CheckedBudgetsJson]:
    """Hold NodePools against a cluster's window: a week of each, and what is wrong with it.

    The body is what `kubectl get nodepools -o json` writes; with pod disruption budgets and the
    workloads that they match in the list (`kubectl get nodepools,pdb,deploy,sts -A -o json`), these
    are looked at too. Nothing is kept. Without a schedule, or one whose window cannot be read, only
    what is wrong in itself is found.
    """
    cluster_id = allowed(ClusterId.of(path.subscription_id, path.resource_group, path.name))
    objects = list(objects_in(body.written))
    windows = BudgetWindows.of(await app().schedules.all(cluster_id))
    question = Question(
        app().ports.clock.now(),
        windows.node_os,
        windows.kubernetes,
        query.nodes,
        timedelta(minutes=query.minutes_per_node),
        query.end,
    )
    # Some seconds of arithmetic for the worst that fits into a body: others go on meanwhile.
    found = await asyncio.to_thread(report, objects, question)
    return Ok(checked_json(cluster_id, windows, found))


def _window(windows: BudgetWindows) -> MaintenanceWindow:
    if windows.schedule is None:
        raise RequestRefused(NO_SCHEDULE, windows.why_none)
    if windows.node_os is None:
        raise RequestRefused(NO_WINDOW, windows.why_none)
    return windows.node_os
