"""The hook of azd after the code: what it asks az and curl for, with both played by scripts."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from local.infra_check.syntax import INFRA, Kind, parse_folder
from tests.local.infra.app_facts import ROOT

FOLDER = parse_folder(INFRA)
HOOK = INFRA / "hooks" / "postdeploy.sh"

PLAYED = """#!/bin/sh
# Writes its arguments down, one a line, and answers as the real one would.
printf '%s\\n' "$(basename "$0")" "$@" --- >>"$TOLD"
case "$*" in
    *get-access-token*) echo the-token ;;
    *"keys list"*) echo the-key ;;
esac
case "$0" in *curl) cat >"$TOLD.stdin" ;; esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give what azd would set, and a PATH on which az and curl are played."""
    for name in ("az", "curl"):
        (tmp_path / name).write_text(PLAYED, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    outputs = {each.name: f"the-{each.name}" for each in FOLDER["main.bicep"].of(Kind.OUTPUT)}
    return {
        **outputs,
        "NAPTIME_EXISTING_SYSTEM_TOPICS": '{"a": "b"}',
        "NAPTIME_URL": "https://naptime.example",
        "AZURE_ENV_NAME": "prod",
        "AZURE_LOCATION": "westeurope",
        "AZURE_SUBSCRIPTION_ID": "the-subscription",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "TOLD": str(tmp_path / "told"),
    }


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the hook from somewhere else than the root."""
    command = ["/bin/sh", str(HOOK)]
    return subprocess.run(  # noqa: S603 - the hook itself
        command, env=environment, cwd="/", capture_output=True, text=True, check=False
    )


def calls(environment: dict[str, str]) -> list[list[str]]:
    """Give the calls that were made, each as its arguments."""
    told = Path(environment["TOLD"]).read_text(encoding="utf-8")
    return [call.strip().splitlines() for call in told.split("---\n") if call.strip()]


def test_the_subscriptions_come_first_then_the_run(environment: dict[str, str]) -> None:
    """events.bicep gets every parameter without a default; then a fleet run is asked for."""
    done = run(environment)
    assert done.returncode == 0, done.stderr
    deploy, keys, curl = calls(environment)
    assert deploy[:4] == ["az", "deployment", "sub", "create"]
    assert keys[:4] == ["az", "functionapp", "keys", "list"]
    given = dict(each.split("=", 1) for each in deploy if re.match(r"\w+=", each))
    parameters = FOLDER["events.bicep"].parameters
    required = {name for name, each in parameters.items() if each.value is None}
    assert required <= given.keys() <= parameters.keys()
    assert all(given.values())
    assert json.loads(given["existingSystemTopics"]) == {"a": "b"}
    assert curl[-1] == "https://naptime.example/api/reconcile"
    assert json.loads(curl[curl.index("--data") + 1]) == {"fleet": True}


def test_no_secret_is_an_argument(environment: dict[str, str]) -> None:
    """Key and token go to curl by its configuration, not where other users can read them."""
    environment["NAPTIME_ENTRA_CLIENT_ID"] = "the-client"
    assert run(environment).returncode == 0
    assert not [each for call in calls(environment) for each in call if "the-key" in each]
    sent = Path(f"{environment['TOLD']}.stdin").read_text(encoding="utf-8")
    assert sent.splitlines() == [
        'header = "x-functions-key: the-key"',
        'header = "Authorization: Bearer the-token"',
    ]


def test_without_existing_topics(environment: dict[str, str]) -> None:
    """What nobody set is an empty object, not an empty text."""
    del environment["NAPTIME_EXISTING_SYSTEM_TOPICS"]
    assert run(environment).returncode == 0
    assert "existingSystemTopics={}" in calls(environment)[0]


def test_before_anything_was_provisioned(environment: dict[str, str]) -> None:
    """Without the outputs the hook says what to run, and asks for nothing."""
    del environment["NAPTIME_APP_ID"]
    done = run(environment)
    assert done.returncode != 0
    assert "azd provision" in done.stderr
    assert not Path(environment["TOLD"]).exists()


def test_every_variable_is_one_that_azd_sets() -> None:
    """Both hooks read outputs of main.bicep, or what azd itself sets."""
    own = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID", "NAPTIME_ENTRA_CLIENT_ID"}
    known = own | {each.name for each in FOLDER["main.bicep"].of(Kind.OUTPUT)}
    for name in ("postdeploy.sh", "postdeploy.ps1"):
        source = (INFRA / "hooks" / name).read_text(encoding="utf-8")
        read = set(re.findall(r"\b((?:NAPTIME|AZURE)_[A-Z_]+)\b", source))
        assert read, name
        assert read <= known, name


def test_azure_yaml() -> None:
    """The template is found, the service tagged, nothing built remotely; the hooks are files."""
    azd = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    assert (ROOT / azd["infra"]["path"] / f"{azd['infra']['module']}.bicep").exists()
    ((service, one),) = azd["services"].items()
    app = (INFRA / "modules" / "function-app.bicep").read_text(encoding="utf-8")
    assert f"'azd-service-name': '{service}'" in app
    assert (one["host"], one["language"], one["remoteBuild"]) == ("function", "python", False)
    for shell in ("posix", "windows"):
        assert (ROOT / azd["hooks"]["postdeploy"][shell]["run"]).exists()
    steps = [step["azd"].split()[0] for step in azd["workflows"]["up"]["steps"]]
    assert steps == ["provision", "deploy"]
