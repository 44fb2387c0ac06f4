"""What the worker finds in the app; each line is a promise to whoever deploys it."""

import ast
from datetime import timedelta
from typing import cast

from tests.functions.conftest import ROOT, Loaded


async def test_the_functions_and_their_triggers(loaded: Loaded) -> None:
    """The app has exactly these functions, with these triggers."""
    found = {
        name: (function.trigger.type, function.trigger.settings.get("queueName"))
        for name, function in loaded.worker.functions.items()
    }
    assert found == {
        "on_cluster_created": ("eventGridTrigger", None),
        "on_schedule_changed": ("eventGridTrigger", None),
        "on_node_image_released": ("eventGridTrigger", None),
        "reconcile_one": ("queueTrigger", "naptime-clusters"),
        "start_run": ("queueTrigger", "naptime-runs"),
        "reconcile_shard": ("queueTrigger", "naptime-shards"),
        "publish_events": ("queueTrigger", "naptime-events"),
        "sweep_fleet": ("timerTrigger", None),
        "mind_runs": ("timerTrigger", None),
        "watch_node_images": ("timerTrigger", None),
        "read_image_ages": ("timerTrigger", None),
        "keep_poisoned": ("timerTrigger", None),
        "health": ("httpTrigger", None),
        "reconcile": ("httpTrigger", None),
        "list_clusters": ("httpTrigger", None),
        "show_cluster": ("httpTrigger", None),
        "list_configurations": ("httpTrigger", None),
        "show_schedule": ("httpTrigger", None),
        "put_schedule": ("httpTrigger", None),
        "delete_schedule": ("httpTrigger", None),
        "release_schedule": ("httpTrigger", None),
        "show_budgets": ("httpTrigger", None),
        "check_budgets": ("httpTrigger", None),
        "list_audit": ("httpTrigger", None),
        "list_runs": ("httpTrigger", None),
        "show_run": ("httpTrigger", None),
        "approve_run": ("httpTrigger", None),
        "revert_run": ("httpTrigger", None),
        "list_given_up": ("httpTrigger", None),
        "replay_given_up": ("httpTrigger", None),
        "show_policy": ("httpTrigger", None),
        "put_policy": ("httpTrigger", None),
        "list_policy_versions": ("httpTrigger", None),
        "restore_policy": ("httpTrigger", None),
        "fleet_page": ("httpTrigger", None),
        "fleet_data": ("httpTrigger", None),
        "signed_in_fleet_data": ("httpTrigger", None),
        "windows_calendar": ("httpTrigger", None),
        "list_feeds": ("httpTrigger", None),
        "make_feed": ("httpTrigger", None),
        "revoke_feed": ("httpTrigger", None),
        "openapi": ("httpTrigger", None),
    }


async def test_the_schedules(loaded: Loaded) -> None:
    """Everything is swept every six hours, runs are minded every five minutes, ages read after."""
    schedules = {
        name: function.trigger.settings["schedule"]
        for name, function in loaded.worker.functions.items()
        if function.trigger.type == "timerTrigger"
    }
    assert schedules == {
        "sweep_fleet": "0 0 */6 * * *",
        "mind_runs": "0 */5 * * * *",
        "watch_node_images": "0 */15 * * * *",
        "read_image_ages": "0 30 */6 * * *",
        "keep_poisoned": "*/30 * * * * *",
    }


async def test_a_tick_that_meets_trouble_is_tried_again(loaded: Loaded) -> None:
    """Every timer is tried again half a minute later, or comes by itself as soon as that."""
    timers = {
        name: function.retry
        for name, function in loaded.worker.functions.items()
        if function.trigger.type == "timerTrigger"
    }
    assert timers.pop("keep_poisoned") is None
    for name, retry in timers.items():
        assert retry is not None, name
        assert retry.allows(1)
        assert retry.delay(1) <= timedelta(minutes=1)


async def test_the_routes(loaded: Loaded) -> None:
    """The routes, their methods and who may call them; five ask for no key."""
    routes = {
        f"{method} {function.trigger.settings['route']}": function.trigger.settings["authLevel"]
        for function in loaded.worker.functions.values()
        if function.trigger.type == "httpTrigger"
        for method in cast("list[str]", function.trigger.settings["methods"])
    }
    one = "clusters/{subscriptionId}/{resourceGroup}/{name}"
    assert routes == {
        "GET health": "ANONYMOUS",
        "POST reconcile": "FUNCTION",
        "GET clusters": "FUNCTION",
        f"GET {one}": "FUNCTION",
        f"GET {one}/maintenance-configurations": "FUNCTION",
        f"GET {one}/schedule": "FUNCTION",
        f"PUT {one}/schedule": "FUNCTION",
        f"DELETE {one}/schedule": "FUNCTION",
        f"POST {one}/schedule/release": "FUNCTION",
        f"GET {one}/disruption-budgets": "FUNCTION",
        f"POST {one}/disruption-budgets/check": "FUNCTION",
        "GET runs": "FUNCTION",
        "GET runs/{runId}": "FUNCTION",
        "POST runs/{runId}/approve": "FUNCTION",
        "POST runs/{runId}/revert": "FUNCTION",
        "GET given-up": "FUNCTION",
        "POST given-up/replay": "FUNCTION",
        "GET audit": "FUNCTION",
        "GET policy": "FUNCTION",
        "PUT policy": "FUNCTION",
        "GET policy/versions": "FUNCTION",
        "POST policy/restore": "FUNCTION",
        "GET fleet": "ANONYMOUS",
        "GET fleet/data": "FUNCTION",
        "GET signed-in/fleet": "ANONYMOUS",
        "GET windows.ics": "ANONYMOUS",
        "GET calendar-feeds": "FUNCTION",
        "POST calendar-feeds": "FUNCTION",
        "DELETE calendar-feeds/{feedId}": "FUNCTION",
        "GET openapi.json": "ANONYMOUS",
    }


def test_function_app_only_registers() -> None:
    """function_app.py imports azure.functions and the blueprints, and nothing else."""
    tree = ast.parse((ROOT / "function_app.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [node.module if isinstance(node, ast.ImportFrom) else "" for node in imports]
    assert set(names) == {"", "functions", "functions.api", "functions.page"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.If)]
