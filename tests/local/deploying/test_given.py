"""What is given to deploy.py is looked at before anything is done with it."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from infra.deploying.app import access
from infra.deploying.azure import Azure, Patience, Said
from infra.deploying.command import main
from infra.deploying.installation import Installation
from infra.deploying.parameters import INFRA, compiled, read_parameters
from infra.deploying.refusals import DeploymentStopped
from infra.deploying.web import call

from tests.local.deploying.tenant import HOME, WATCHED, Tenant

USUAL = ("--name", "prod", "--location", "westeurope", "--subscription", HOME)


def az_that_is_not_called(asked: Sequence[str]) -> Said:
    """Stand for an az that nobody should need."""
    raise AssertionError(asked)


@pytest.mark.parametrize("option", ["--every", "--patience"])
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "soon"])
def test_a_time_that_is_none(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wait is in seconds, and comes to an end."""
    with pytest.raises(SystemExit):
        main([*USUAL, f"{option}={value}"], {}, az_that_is_not_called)
    assert f"{option}: must be seconds, 0 or more, not '{value}'" in capsys.readouterr().err


def test_a_policy_that_was_named_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt --policy is told before anything is made, and never passed over."""
    assert main([*USUAL, "--policy", "polcy.toml"], {}, az_that_is_not_called) == 1
    assert "--policy: polcy.toml is no file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--name", "prod/../rg-data"], "'prod/../rg-data' is no name"),
        (["--subscription", "My Subscription"], "'my subscription' is not the id"),
        (["--subscriptions", f"{WATCHED},$(id)"], "'$(id)' is not the id of a subscription"),
        (["--subscriptions", f"{WATCHED}\n{HOME}"], "is not the id of a subscription"),
        (["--location", "west?europe"], "'west?europe' is no region"),
    ],
)
@pytest.mark.parametrize("step", ["resources", "code", "events", "first-run", "remove"])
def test_no_step_goes_on_with_nonsense(
    given: list[str], says: str, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names and ids become paths of Azure: each step looks at them, without a call."""
    assert main([*USUAL, *given, step], {}, az_that_is_not_called) == 1
    assert says in capsys.readouterr().err


async def test_a_step_alone_needs_no_region(tenant: Tenant) -> None:
    """The region is that of the group: what was deployed is found again without --location."""
    assert (await tenant.deploy("resources", AZURE_LOCATION="West Europe")).code == 0
    ended = await tenant.deploy("code", AZURE_LOCATION="")
    assert ended.code == 0, ended.err
    made = len(tenant.cloud.store.resources)
    assert (await tenant.deploy("resources", AZURE_LOCATION="")).code == 0
    assert len(tenant.cloud.store.resources) == made


async def test_resources_need_a_region(tenant: Tenant) -> None:
    """Where there is no group yet a region has to be named."""
    ended = await tenant.deploy("resources", AZURE_LOCATION="")
    assert ended.code == 1
    assert "No region was named" in ended.err


def test_outputs_that_azd_gives_on_windows() -> None:
    """There names of variables are capitals: the outputs are found all the same."""
    asked: list[str] = []

    def az(arguments: Sequence[str]) -> Said:
        asked.append(str(arguments))
        return Said(0, '{"value": [{"name": "app/on_cluster_created"}]}', "")

    outputs = {name.upper(): "x" for name in compiled("main")["outputs"]}
    environment = {"AZURE_ENV_NAME": "prod", "AZURE_SUBSCRIPTION_ID": HOME, **outputs}
    steps = ("--azd", "events", "--patience", "0", "--every", "0")
    main([*steps], {**environment, "APPID": "/the-app", "AZURE_LOCATION": "westeurope"}, az)
    assert "/the-app/functions" in asked[0]


async def test_a_certificate_that_is_not_trusted(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told at once, with the way out; what az is told to trust is trusted here as well."""
    bundle = tenant.environment["SSL_CERT_FILE"]
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(DeploymentStopped, match="SSL_CERT_FILE names a file"):
        await asyncio.to_thread(call, "GET", tenant.server.url, {})
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert (await asyncio.to_thread(call, "GET", tenant.server.url, {})).status


def test_a_subscription_that_is_disabled(capsys: pytest.CaptureFixture[str]) -> None:
    """Azure shows it and writes nothing there: a finding before anything is made."""

    def az(asked: Sequence[str]) -> Said:
        body = {"id": HOME, "state": "Enabled" if HOME in str(asked) else "Disabled"}
        return Said(0, json.dumps(body), "")

    assert main([*USUAL, "--subscriptions", WATCHED, "preflight"], {}, az) == 1
    told = capsys.readouterr().err
    assert f"The subscription {WATCHED} is Disabled: it can only be read" in told
    assert f"The subscription {HOME} is" not in told


def test_a_removal_that_was_stopped_is_finished(capsys: pytest.CaptureFixture[str]) -> None:
    """A group that is being deleted has lost its storage account; the same command waits for it."""
    looks = iter(["Deleting", "Deleting", "Deleting"])
    asked: list[Sequence[str]] = []

    def az(arguments: Sequence[str]) -> Said:
        asked.append(arguments)
        if arguments[0] == "account":
            return Said(0, json.dumps({"id": HOME}), "")
        if "delete" in arguments:
            return Said(1, "", "ERROR: (ResourceGroupBeingDeleted) It is going.")
        if "/resources?" in str(arguments):
            return Said(0, '{"value": [{"id": "a", "name": "log-prod", "type": "x"}]}', "")
        state = next(looks, "")
        absent = 'Not Found({"error": {"code": "ResourceGroupNotFound", "message": "…"}})'
        body = json.dumps({"properties": {"provisioningState": state}})
        return Said(0, body, "") if state else Said(1, "", absent)

    assert main([*USUAL, "--every", "0", "remove"], {}, az) == 0
    assert "Left: the schedules" in capsys.readouterr().out
    assert len(asked) == 7


def test_a_value_may_stand_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in main.parameters.json in the place of a variable is taken, as by azd."""
    shutil.copytree(INFRA / "compiled", tmp_path / "compiled")
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    given["parameters"] |= {"tags": {"value": {"costCentre": "42"}}, "dryRun": {"value": False}}
    (tmp_path / "main.parameters.json").write_text(json.dumps(given), encoding="utf-8")
    monkeypatch.setattr("infra.deploying.parameters.INFRA", tmp_path)
    read = read_parameters({})
    assert (read["tags"], read["dryRun"]) == ({"costCentre": "42"}, False)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"default": "a", "other": "b"}, "a"),
        ({"second": "c", "first": "b", "none": None}, "b"),
        ({}, None),
    ],
)
def test_any_key_opens_the_app(keys: dict[str, str | None], key: str | None) -> None:
    """Where the default key was deleted, as the pages say one may, another one is taken."""
    told = json.dumps({"functionKeys": keys})
    one = Installation(
        Azure(patience=Patience(0, 0), az=lambda _: Said(0, told, "")), HOME, {}, Path()
    )
    one.outputs = {"appid": "/app"}
    if key is None:
        with pytest.raises(DeploymentStopped, match="no function key"):
            access(one)
    else:
        assert access(one) == {"x-functions-key": key}
