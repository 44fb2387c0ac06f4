"""deploy.py from an empty tenant to clusters that have their window, and back."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from infra.deploying.package import functions_of
from infra.deploying.parameters import compiled

from local.azure.arm.clusters import Cluster
from local.azure.deploying.store import DEFINITION, SYSTEM_TOPIC
from local.azure.json_values import as_object, as_text
from local.storage_emulator import Azurite
from tests.clusters import cluster
from tests.local.deploying.tenant import (
    HOME,
    KEY,
    SECOND,
    WATCHED,
    Hearing,
    RealApp,
    Tenant,
)
from tests.simulated_azure import Controls
from tests.unit.domain.policy.examples import RINGS


@pytest.fixture
async def hearing(tenant: Tenant) -> AsyncIterator[Hearing]:
    """Let every app that is pushed only listen."""
    made = Hearing()
    tenant.sites.runner = made.run
    yield made
    await made.stop()


def is_protected(one: Cluster) -> bool:
    """Tell whether a cluster has a node OS schedule."""
    return "aksmanagednodeosupgradeschedule" in {name.lower() for name in one.configurations}


def window_start(one: Cluster) -> str:
    """Give the hour at which a cluster's window opens."""
    (found,) = one.configurations.values()
    window = as_object(as_object(found.properties)["maintenanceWindow"])
    return as_text(window["startTime"])[:2]


@pytest.fixture
async def new_storage() -> AsyncIterator[str]:
    """Give a storage account that nothing has been written to yet, as a new tenant's."""
    emulator = Azurite()
    yield await emulator.start()
    await emulator.stop()


async def test_from_an_empty_tenant_to_a_protected_fleet(tenant: Tenant, new_storage: str) -> None:
    """One command deploys, with all late that is late in Azure, and protects every cluster."""
    app = RealApp(tenant, new_storage)
    tenant.sites.runner = app.run
    tenant.sites.late.update({"storage role": 2, "functions": 2, "keys": 2})
    tenant.cloud.subscribing.late = 1
    tenant.cloud.store.roles_after = timedelta(minutes=5)
    policy = tenant.folder / "policy.toml"
    policy.write_text(RINGS, encoding="utf-8")
    arrival = asyncio.create_task(roles_arrive(tenant))
    try:
        asked = ("--policy", str(policy))
        ended = await tenant.deploy_as_program(*asked, NAPTIME_DRY_RUN="false")
        assert ended.code == 0, ended.out + ended.err
        clusters = list(tenant.server.simulator.state.clusters())
        assert len(clusters) == 4
        assert all(map(is_protected, clusters)), ended.out
        assert "Created" in ended.out or "Unchanged" in ended.out
        assert "version 1 is in force" in ended.out
        assert {window_start(one) for one in clusters} <= {"02", "03", "04"}
        assert arrival.done()
        assert all(each["remotebuild"] == "false" for each in tenant.sites.published)
    finally:
        await app.stop()


async def roles_arrive(tenant: Tenant) -> None:
    """Let the app's role arrive once it has been refused for the lack of it."""
    simulator = tenant.server.simulator
    while not any(each.status == 403 for each in simulator.journal.entries()):  # noqa: ASYNC110 - another process, or none, would set an event
        await asyncio.sleep(0.05)
    simulator.clock.advance(300)


async def test_a_new_cluster_is_heard_of(tenant: Tenant, hearing: Hearing) -> None:
    """After the deployment an event about a cluster reaches the app."""
    assert (await tenant.deploy()).code == 0
    await make_cluster(tenant, "new-1")
    (heard,) = hearing.heard.values()
    assert heard == ["on_cluster_created"]


async def make_cluster(tenant: Tenant, name: str) -> None:
    """Make a cluster in the first watched subscription, and wait until it has been told."""
    await Controls(f"{tenant.server.http_url}/_simulator").put(cluster(name, subscription=WATCHED))
    async with asyncio.timeout(10):
        while not tenant.server.simulator.outbox.is_idle:  # noqa: ASYNC110 - another process, or none, would set an event
            await asyncio.sleep(0.02)


async def test_deploying_again_makes_nothing_twice(tenant: Tenant, hearing: Hearing) -> None:
    """Deployed again it makes nothing twice, and says that it is a dry run if it is one again."""
    first = await tenant.deploy(NAPTIME_DRY_RUN="false")
    there = set(tenant.cloud.store.resources)
    second = await tenant.deploy()
    assert (first.code, second.code) == (0, 0), second.err
    dry = "a dry run: it writes to no cluster"
    assert (dry in first.out, dry in second.out) == (False, True)
    assert set(tenant.cloud.store.resources) == there
    assert len(hearing.heard) == 1


async def test_two_installations_beside_each_other(tenant: Tenant, hearing: Hearing) -> None:
    """The second shares the first's topic; when the first is removed, the second still hears."""
    assert (await tenant.deploy()).code == 0
    beside = {"AZURE_ENV_NAME": "test", "AZURE_LOCATION": "northeurope"}
    refused = await tenant.deploy(**beside)
    assert refused.code == 1
    topics = [one.id for one in tenant.cloud.store.of_type(SYSTEM_TOPIC)]
    assert all(topic in refused.err for topic in topics)
    shared = {**beside, "NAPTIME_EXISTING_SYSTEM_TOPICS": json.dumps(topics)}
    second = await tenant.deploy(**shared)
    assert second.code == 0, second.err
    await make_cluster(tenant, "new-1")
    assert [len(heard) for heard in hearing.heard.values()] == [1, 1]

    removed = await tenant.deploy("remove")
    assert removed.code == 0, removed.err
    assert all(f"Left: {topic}" in removed.out for topic in topics)
    await make_cluster(tenant, "new-2")
    heard = {name.split("-")[1]: len(events) for name, events in hearing.heard.items()}
    assert heard == {"prod": 1, "test": 2}
    assert {one.id for one in tenant.cloud.store.of_type(SYSTEM_TOPIC)} == set(topics)


async def test_only_the_topic_of_others_is_left(tenant: Tenant, hearing: Hearing) -> None:
    """What naptime made beside a topic that others use goes, whatever options made it."""
    asked = {
        "NAPTIME_SUBSCRIPTIONS": WATCHED,
        "NAPTIME_RESOURCE_NOTIFICATIONS": "true",
        "NAPTIME_IDENTITY_PER_SUBSCRIPTION": "true",
        "NAPTIME_ACTION_GROUP_PER_SUBSCRIPTION": "true",
    }
    assert (await tenant.deploy("resources", "code", "events", **asked)).code == 0
    (topic,) = [
        one.id
        for one in tenant.cloud.store.of_type(SYSTEM_TOPIC)
        if one.id.endswith("-subscription")
    ]
    group = topic.partition("/providers/")[0]
    shared = {"AZURE_ENV_NAME": "test", "NAPTIME_EXISTING_SYSTEM_TOPICS": json.dumps([topic])}
    second = await tenant.deploy(
        "resources", "code", "events", NAPTIME_SUBSCRIPTIONS=WATCHED, **shared
    )
    assert second.code == 0, second.err
    removed = await tenant.deploy("remove", **asked)
    assert removed.code == 0, removed.err
    left = {one for one in tenant.cloud.store.resources if one.startswith(group.lower())}
    assert {one for one in left if "/eventsubscriptions/" not in one} == {
        group.lower(),
        topic.lower(),
    }
    assert hearing.heard


async def test_homes_of_one_name_do_not_meet(tenant: Tenant, hearing: Hearing) -> None:
    """Two homes with one name that watch one subscription keep their events and roles apart."""
    assert (await tenant.deploy(NAPTIME_SUBSCRIPTIONS=WATCHED)).code == 0
    (topic,) = [one.id for one in tenant.cloud.store.of_type(SYSTEM_TOPIC)]
    other = {
        "PLAYED_AZ_SUBSCRIPTION": SECOND,
        "NAPTIME_SUBSCRIPTIONS": WATCHED,
        "AZURE_LOCATION": "northeurope",
        "NAPTIME_EXISTING_SYSTEM_TOPICS": json.dumps([topic]),
    }
    ended = await tenant.deploy(**other)
    assert ended.code == 0, ended.err
    await make_cluster(tenant, "new-1")
    assert [len(heard) for heard in hearing.heard.values()] == [1, 1]


async def test_removing_leaves_nothing_of_naptime(tenant: Tenant, hearing: Hearing) -> None:
    """After `remove` no resource, role or event subscription is left; again is harmless."""
    before = set(tenant.cloud.store.resources)
    assert (await tenant.deploy()).code == 0
    removed = await tenant.deploy("remove")
    assert removed.code == 0, removed.err
    assert set(tenant.cloud.store.resources) == before
    assert "schedules" in removed.out
    assert (await tenant.deploy("remove")).code == 0
    assert hearing.heard


async def test_a_group_that_is_somebody_elses_is_not_removed(
    tenant: Tenant, hearing: Hearing
) -> None:
    """Other products name their groups alike: what holds no installation keeps what it holds."""
    assert (await tenant.deploy()).code == 0
    resources = tenant.cloud.store.resources
    for each in [one for one in resources if "/storageaccounts/stnap" in one.lower()]:
        del resources[each]
    before = set(resources)
    ended = await tenant.deploy("remove")
    assert ended.code == 1
    assert "holds no installation of naptime, but" in ended.err
    assert set(resources) == before
    assert hearing.heard


async def test_a_subscription_that_was_taken_off_is_removed_too(
    tenant: Tenant, hearing: Hearing
) -> None:
    """What an earlier list has left behind is named, and `remove` finds it."""
    assert (await tenant.deploy()).code == 0
    shorter = await tenant.deploy("resources", NAPTIME_SUBSCRIPTIONS=WATCHED)
    assert f"{SECOND} is watched no longer" in shorter.out
    assert f"{WATCHED} is watched no longer" not in shorter.out
    assert "az role assignment delete --role 'naptime prod " in shorter.out
    assert (await tenant.deploy("remove", NAPTIME_SUBSCRIPTIONS=WATCHED)).code == 0
    assert not tenant.cloud.store.resources
    assert hearing.heard


async def test_one_that_shared_a_topic_is_removed_too(tenant: Tenant, hearing: Hearing) -> None:
    """Where others' topic was used there is no group to find; the role names the subscription."""
    assert (await tenant.deploy(NAPTIME_SUBSCRIPTIONS=WATCHED)).code == 0
    (topic,) = [one.id for one in tenant.cloud.store.of_type(SYSTEM_TOPIC)]
    shared = {"AZURE_ENV_NAME": "test", "NAPTIME_EXISTING_SYSTEM_TOPICS": json.dumps([topic])}
    assert (await tenant.deploy(NAPTIME_SUBSCRIPTIONS=WATCHED, **shared)).code == 0
    removed = await tenant.deploy("remove", AZURE_ENV_NAME="test", NAPTIME_SUBSCRIPTIONS=SECOND)
    assert removed.code == 0, removed.err
    roles = [str(one.body["properties"]) for one in tenant.cloud.store.of_type(DEFINITION)]
    assert len(roles) == 1
    assert "'naptime prod " in roles[0]
    heard = [one for one in tenant.cloud.store.resources if "/eventsubscriptions/test-" in one]
    assert heard == []
    assert hearing.heard


@pytest.mark.parametrize("again", [False, True])
async def test_the_rest_of_a_group_that_is_gone(
    tenant: Tenant, hearing: Hearing, *, again: bool
) -> None:
    """Where the group alone was deleted, `remove` still finds roles and topics, and is named."""
    assert (await tenant.deploy("resources", "code", "events")).code == 0
    tenant.cloud.store.delete(f"/subscriptions/{HOME}/resourceGroups/rg-prod")
    looked = await tenant.deploy("preflight")
    assert (
        f"{WATCHED} has a topic of an installation of this name whose group is gone" in looked.err
    )
    if again:
        refused = await tenant.deploy("resources")
        assert "RoleAssignmentUpdateNotPermitted" in refused.err
        assert "run the step `remove`" in refused.err
    removed = await tenant.deploy("remove")
    assert removed.code == 0, removed.err
    assert not tenant.cloud.store.resources
    assert hearing.heard


async def test_a_removal_in_another_tenant_is_none(tenant: Tenant) -> None:
    """There az would find nothing, and the rest would stay."""
    other = {"AZURE_SUBSCRIPTION_ID": SECOND, "PLAYED_AZ_OTHER_TENANT": "theirs"}
    ended = await tenant.deploy("remove", **other)
    assert ended.code == 1
    assert f"run `az account set --subscription {SECOND}`" in ended.err


async def test_a_run_that_was_not_begun_is_told(tenant: Tenant, hearing: Hearing) -> None:
    """An answer without a run, such as a page of somebody in between, is no success."""
    hearing.run_id = ""
    ended = await tenant.deploy("resources", "code", "first-run")
    assert ended.code == 1
    assert "answered without a run" in ended.err


async def test_a_killed_deployment_is_finished_by_the_same_command(
    tenant: Tenant, hearing: Hearing
) -> None:
    """Killed in the middle of the resources, whose deployment goes on, the command picks it up."""
    tenant.cloud.deployments.steps_per_look = 3
    process = await tenant.begin("resources", PLAYED_AZ_POLL="0.2")
    while len(tenant.cloud.store.resources) < 6:  # noqa: ASYNC110 - another process, or none, would set an event
        await asyncio.sleep(0.02)
    process.kill()
    await process.wait()
    assert len(tenant.cloud.store.resources) < 40
    ended = await tenant.deploy()
    assert ended.code == 0, ended.err
    assert "still under way" in ended.out
    assert hearing.heard


async def test_the_same_by_azd(tenant: Tenant, hearing: Hearing) -> None:
    """Azd provisions and pushes by itself; its hooks look first, subscribe and ask for the run."""
    assert (await tenant.deploy("preflight", "resources", "code")).code == 0
    (deployment,) = [
        each for key, each in tenant.cloud.deployments.of.items() if "-resources-" in key
    ]
    # azd gives outputs in the template's case, objects as JSON.
    outputs = {
        name: one["value"] if isinstance(one["value"], str) else json.dumps(one["value"])
        for name, one in deployment.job.outputs.items()
        if isinstance(one, dict)
    }
    assert outputs.keys() == compiled("main")["outputs"].keys()
    ended = await tenant.deploy("--azd", "events", "policy", "first-run", **outputs)
    assert ended.code == 0, ended.err
    assert "no policy.toml: what is in force stays" in ended.out
    await make_cluster(tenant, "new-1")
    assert [len(heard) for heard in hearing.heard.values()] == [1]


async def test_a_policy_that_is_refused(tenant: Tenant, new_storage: str, tmp_path: Path) -> None:
    """Every problem is told with its place, and no run begins."""
    app = RealApp(tenant, new_storage)
    tenant.sites.runner = app.run
    wrong = tmp_path / "policy.toml"
    wrong.write_text(RINGS.replace("Tuesday", "Dienstag").replace("hours = 6", "hours = 3"))
    try:
        ended = await tenant.deploy("--policy", str(wrong))
        assert ended.code == 1
        assert "windows.early.on 'Dienstag': must be daily" in ended.err
        assert "windows.weekend.hours '3': must be" in ended.err
        assert "/api/reconcile" not in ended.out
    finally:
        await app.stop()


async def test_outputs_are_read_in_arms_case(tenant: Tenant, hearing: Hearing) -> None:
    """A step alone reads the outputs from ARM, which gives AZURE_RESOURCE_GROUP back otherwise."""
    assert (await tenant.deploy("resources")).code == 0
    (deployment,) = tenant.cloud.deployments.of.values()
    shown = deployment.to_json()["properties"]
    assert isinstance(shown, dict)
    assert "azurE_RESOURCE_GROUP" in shown["outputs"]
    for step in ("code", "events", "first-run"):
        ended = await tenant.deploy(step)
        assert ended.code == 0, ended.err
    assert hearing.heard


async def test_no_secret_is_an_argument(tenant: Tenant, hearing: Hearing) -> None:
    """Neither the key nor a token is in a command, where other users could read it, or printed."""
    client = {"NAPTIME_ENTRA_CLIENT_ID": "44444444-4444-4444-4444-444444444444"}
    ended = await tenant.deploy(**client)
    assert ended.code == 0, ended.err
    everything = json.dumps(tenant.told()) + ended.out + ended.err
    assert KEY not in everything
    assert "eyJ" not in everything
    resource = f"api://{client['NAPTIME_ENTRA_CLIENT_ID']}"
    assert ["--resource", resource, "--subscription", HOME] in [
        command[2:6] for command in tenant.told()
    ]
    assert hearing.heard


async def test_a_dry_run_prints_and_calls_nothing(tenant: Tenant) -> None:
    """--dry-run shows every command of the deployment and of its removal, and makes no call."""
    shown = await tenant.deploy("--dry-run", "--subscription", HOME)
    assert shown.code == 0, shown.err
    assert "$ az deployment sub create" in shown.out
    assert "RemoteBuild=false" in shown.out
    assert "/api/reconcile" in shown.out
    removal = await tenant.deploy("remove", "--dry-run", "--subscription", HOME)
    assert removal.out.count("--method delete") == 7
    assert tenant.told() == []


async def test_an_app_that_cannot_be_imported_is_said(tenant: Tenant, hearing: Hearing) -> None:
    """Where the host lists no function, each missing one is named, and where the reason stands."""
    tenant.sites.late["functions"] = 10_000
    ended = await tenant.deploy("resources", "code", "--patience", "0.1")
    assert ended.code == 1
    assert f"0 of {len(functions_of(tenant.package))} functions are listed" in ended.err
    assert "sweep_fleet" in ended.err
    assert "AppExceptions" in ended.err
    assert hearing.heard


async def test_what_refuses_the_package_for_too_long_is_told(
    tenant: Tenant, hearing: Hearing
) -> None:
    """In its own words, and nothing else than the package is ever sent there."""
    tenant.sites.late["storage role"] = 1
    assert (await tenant.deploy("resources")).code == 0
    ended = await tenant.deploy("code", "--patience", "0")
    assert ended.code != 0
    assert "did not take the package: 403 InaccessibleStorageException" in ended.err
    assert tenant.sites.published == []
    assert not hearing.heard
    assert (await tenant.deploy("code")).code == 0


async def test_a_package_that_is_none(tenant: Tenant) -> None:
    """A file that is no package is refused before it is sent."""
    assert (await tenant.deploy("resources")).code == 0
    tenant.package.with_name("bad.zip").write_text("no zip", encoding="utf-8")
    tenant.package = tenant.package.with_name("bad.zip")
    ended = await tenant.deploy("code")
    assert ended.code == 1
    assert "is no deploy package" in ended.err
    assert tenant.sites.published == []


async def test_a_refusal_of_azure_is_told_in_its_words(tenant: Tenant) -> None:
    """A deployment that Azure refuses ends with the innermost code and message."""
    existing = json.dumps([f"/subscriptions/{SECOND}/resourceGroups/a/providers/x/y/z"])
    ended = await tenant.deploy(
        "resources", NAPTIME_EXISTING_SYSTEM_TOPICS=existing, NAPTIME_SUBSCRIPTIONS=WATCHED
    )
    assert ended.code == 1
    assert "is not the id of a system topic of a watched subscription" in ended.err
