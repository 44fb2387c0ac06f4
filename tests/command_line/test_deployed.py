"""`--app`: a deployed naptime over its own API, and that a plan by one's login says the same."""

import json
from collections.abc import AsyncIterator
from typing import cast

import pytest

from tests.clusters import OWN_CLIENT_ID
from tests.command_line.conftest import Json, Type
from tests.command_line.deployments import Deployed, deploy
from tests.command_line.golden import put_on_page
from tests.command_line.tenants import a_cluster, subscription
from tests.command_line.test_page import PAGE, examples, without_times, words_of

CLUSTERS, SUBSCRIPTIONS = 400, 30


@pytest.fixture(scope="session")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployed]:
    """Deploy naptime for 400 clusters in thirty subscriptions."""
    async with deploy(tmp_path_factory.mktemp("tenant"), CLUSTERS, SUBSCRIPTIONS) as found:
        yield found


@pytest.fixture
def by_login(app: Deployed, monkeypatch: pytest.MonkeyPatch, typed: Type) -> Type:
    """Type commands where a login is in the environment."""
    for name, value in {
        "NAPTIME_ARM_ENDPOINT": app.urls["arm"],
        "IDENTITY_ENDPOINT": app.urls["identityEndpoint"],
        "IDENTITY_HEADER": "made-up",
        "AZURE_CLIENT_ID": OWN_CLIENT_ID,
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    }.items():
        monkeypatch.setenv(name, value)
    return typed


TIMES = frozenset({"recordedAt"})


def by_cluster(run: Json) -> dict[str, Json]:
    """Give what a run said of each cluster, without when."""
    rows = cast("list[Json]", cast("Json", run["clusters"])["value"])
    kept = [{name: row[name] for name in row if name not in TIMES} for row in rows]
    found = {str(row["clusterId"]): row for row in kept}
    assert len(found) == len(rows)
    return found


async def test_a_plan_is_what_the_deployed_app_would_do(by_login: Type, by_key: Type) -> None:
    """400 clusters in 30 subscriptions: the same outcome, window and start for each of them."""
    asked = await by_key("plan", "--format", "json")
    assert asked.code == 0, asked.err
    with pytest.MonkeyPatch.context() as alone:
        alone.delenv("NAPTIME_APP")
        own = await by_login("plan", "--all", "--format", "json")
    assert own.code == 0, own.err
    deployed, planned = asked.json, own.json
    assert len(by_cluster(planned)) == CLUSTERS * 6 // 8
    assert by_cluster(planned) == by_cluster(deployed)
    for counts in ("outcomes", "reasons", "progress", "unreadableSubscriptions", "calls"):
        assert planned[counts] == deployed[counts]


async def test_a_deployed_app_is_asked(app: Deployed, by_key: Type) -> None:
    """One cluster shown and reconciled, a run waited for, and what became of it listed."""
    cluster_id = a_cluster(8, SUBSCRIPTIONS)
    where = ("--subscription", cluster_id.subscription_id)
    assert (await by_key("reconcile", *where, "--dry-run", "--quiet")).code == 0
    shown = await by_key("show", str(cluster_id))
    assert "naptime would create the schedule" in shown.last
    assert shown.err == f"naptime: asking {app.url}\n"
    tried = await by_key("reconcile", str(cluster_id), "--dry-run")
    assert tried.last.startswith(f"{cluster_id.resource_group}/{cluster_id.name}: WouldCreate.")
    assert not await app.controls.journal(method="PUT", path=f"*{cluster_id.name}*")
    done = await by_key("reconcile", *where, "--format", "json")
    assert done.code == 0
    created = cast("Json", done.json["outcomes"])["Created"]
    text = await by_key("runs", str(done.json["runId"]))
    assert text.last == f"{created} schedules written."
    assert f"got a schedule ({created})" in text.out
    named = await by_key("show", cluster_id.name.upper(), "--format", "json")
    assert cast("Json", named.json["decision"])["action"] == "Leave"
    listed = await by_key("runs")
    assert str(done.json["runId"]) in listed.out
    given_up = await by_key("given-up", "--detailed-exitcode")
    assert (given_up.code, given_up.last) == (0, "Nothing was given up.")
    audit = await by_key("audit", *where, "--format", "markdown")
    assert audit.out.startswith("## naptime audit, ")
    forecast = await by_key("forecast", str(cluster_id))
    assert forecast.code == 0


async def test_budgets_are_the_same_from_either(by_login: Type, by_key: Type) -> None:
    """Made for a cluster's window as the deployed app reads it, and as one's own login does."""
    pool = json.dumps({"kind": "NodePool", "spec": {"disruption": {"budgets": []}}})
    cluster_id = str(a_cluster(4, SUBSCRIPTIONS))
    asked = [
        await by_key("budgets", cluster_id),
        await by_key("budgets", "check", "-", "--cluster", cluster_id, answer=pool),
    ]
    with pytest.MonkeyPatch.context() as alone:
        alone.delenv("NAPTIME_APP")
        own = [
            await by_login("budgets", cluster_id),
            await by_login("budgets", "check", "-", "--cluster", cluster_id, answer=pool),
        ]
    assert [each.code for each in (*asked, *own)] == [0, 0, 0, 0]
    assert [each.out for each in asked] == [each.out for each in own]
    assert "BudgetNoRate" in own[1].out


async def test_a_wrong_key_is_said(by_key: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or wrong key is named, and never shown."""
    monkeypatch.setenv("NAPTIME_KEY", "wrong-secret")
    said = await by_key("runs")
    assert (said.code, said.out) == (1, "")
    assert "NotAuthenticated (401): The key is missing or wrong. Set NAPTIME_KEY" in said.err
    assert "wrong-secret" not in said.err


async def test_the_apps_own_words(by_key: Type) -> None:
    """What the app refuses is said in its words: reason, field, value, rule, advice."""
    foreign = "99999999-9999-9999-9999-999999999999"
    said = await by_key("plan", "--subscription", foreign)
    assert said.code == 1
    assert "naptime: ForeignSubscription (403): " in said.err
    assert "NAPTIME_SUBSCRIPTIONS" in said.err
    nothing = await by_key("runs", "202611-0000")
    assert (nothing.code, "NoSuchRun (404)" in nothing.err) == (1, True)
    several = await by_key(
        "plan", "--subscription", subscription(0), "--subscription", subscription(1)
    )
    assert several.code == 64
    assert "a deployed naptime takes one at a time" in several.err


async def test_every_example_of_the_page(by_key: Type) -> None:
    """What docs/command-line.md shows of a deployed naptime is what it says."""
    found = examples(of_an_app=True)
    assert len(found) >= 3
    for command, output in found:
        said = await by_key(*words_of(command))
        put_on_page(PAGE, command, said.out)
        assert without_times(said.out) == without_times(output), command
