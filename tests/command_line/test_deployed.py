"""`--app`: a deployed naptime over its own API, and that a plan by one's login says the same."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.processes import Child
from local.storage_emulator import Azurite
from tests.clusters import OWN_CLIENT_ID
from tests.command_line.conftest import Json, Type
from tests.command_line.golden import put_on_page
from tests.command_line.tenants import a_cluster, bodies, subscription
from tests.command_line.test_page import PAGE, examples, without_times, words_of
from tests.simulated_azure import Controls, trust

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-command-line"
CLUSTERS, SUBSCRIPTIONS = 400, 30


@dataclass(frozen=True, slots=True)
class Deployed:
    """An app on the local host, and the tenant that it looks after."""

    url: str
    urls: dict[str, str]
    controls: Controls


@asynccontextmanager
async def deploy(folder: Path, clusters: int, subscriptions: int) -> AsyncIterator[Deployed]:
    """Start both as processes, with the limits of Azure, and a storage that nobody else uses."""
    azurite = Azurite()
    fleet, bundle = folder / "fleet.json", folder / "ca.pem"
    fleet.write_text(json.dumps({"clusters": list(bodies(clusters, subscriptions))}))
    azure = await Child.start(
        [
            *(sys.executable, "-m", "local.azure", "--port=0", f"--fleet={fleet}"),
            *(f"--ca-out={bundle}", "--throttle"),
        ],
        cwd=ROOT,
    )
    urls = dict(urls_of(azure))
    names = [subscription(number) for number in range(subscriptions)]
    host = await Child.start(
        [sys.executable, "-m", "local.host", "--port=0", f"--key={KEY}"],
        env={
            **clean_environment(),
            **app_settings(urls, bundle, names, OWN_CLIENT_ID),
            "AzureWebJobsStorage": await azurite.start(),
            "IDENTITY_HEADER": "made-up",
        },
        cwd=ROOT,
    )
    trust(bundle.read_bytes())
    try:
        yield Deployed(host.url, urls, Controls(urls["controlsHttp"]))
    finally:
        await host.stop()
        await azure.stop()
        await azurite.stop()


@pytest.fixture(scope="session")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployed]:
    """Deploy naptime for 400 clusters in thirty subscriptions."""
    async with deploy(tmp_path_factory.mktemp("tenant"), CLUSTERS, SUBSCRIPTIONS) as found:
        yield found


@pytest.fixture
def by_key(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, typed: Type) -> Type:
    """Type commands where the app's address and key are in the environment."""
    monkeypatch.setenv("NAPTIME_APP", deployed.url)
    monkeypatch.setenv("NAPTIME_KEY", KEY)
    return typed


@pytest.fixture
def by_login(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, typed: Type) -> Type:
    """Type commands where a login is in the environment."""
    for name, value in {
        "NAPTIME_ARM_ENDPOINT": deployed.urls["arm"],
        "IDENTITY_ENDPOINT": deployed.urls["identityEndpoint"],
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


async def test_a_deployed_app_is_asked(deployed: Deployed, by_key: Type) -> None:
    """One cluster shown and reconciled, a run waited for, and what became of it listed."""
    cluster_id = a_cluster(8, SUBSCRIPTIONS)
    where = ("--subscription", cluster_id.subscription_id)
    assert (await by_key("reconcile", *where, "--dry-run", "--quiet")).code == 0
    shown = await by_key("show", str(cluster_id))
    assert "naptime would create the schedule" in shown.last
    assert shown.err == f"naptime: asking {deployed.url}\n"
    tried = await by_key("reconcile", str(cluster_id), "--dry-run")
    assert tried.last.startswith(f"{cluster_id.resource_group}/{cluster_id.name}: WouldCreate.")
    assert not await deployed.controls.journal(method="PUT", path=f"*{cluster_id.name}*")
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
