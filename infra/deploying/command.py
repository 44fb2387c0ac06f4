"""The command line of `infra/deploy.py`."""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.deploying.azure import Azure, Patience, Said, run_az, text_at, who_is_not_known
from infra.deploying.code import deploy_code
from infra.deploying.events import deploy_events
from infra.deploying.first_run import start_first_run
from infra.deploying.given import unread, wrong_names
from infra.deploying.installation import Installation
from infra.deploying.parameters import INFRA, read_parameters
from infra.deploying.policy import put_policy
from infra.deploying.preflight import preflight
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.remove import remove
from infra.deploying.resources import deploy_resources

_STEPS: dict[str, Callable[[Installation], None]] = {
    "preflight": preflight,
    "resources": deploy_resources,
    "code": deploy_code,
    "events": deploy_events,
    "policy": put_policy,
    "first-run": start_first_run,
    "remove": remove,
}
_IN_ORDER = ("preflight", "resources", "code", "events", "policy", "first-run")
_EPILOG = """\
Steps, each harmless to repeat; without one, the first six in this order:
  preflight   everything that would stop the deployment, found before anything is made
  resources   main.bicep, compiled: what naptime consists of, and its role where it watches
  code        the package as it is, and that every function of it is there
  events      the event subscriptions, once Event Grid can see the functions
  policy      policy.toml beside azure.yaml, put in force; without one nothing
  first-run   a run over everything, asked for over HTTP
  remove      everything that was made, in every subscription; schedules stay

Every other option is a variable of the environment, listed in infra/main.parameters.json; until
NAPTIME_DRY_RUN=false is set, naptime writes nothing to any cluster.
"""


def main(
    arguments: Sequence[str],
    environment: Mapping[str, str] = os.environ,
    az: Callable[[Sequence[str]], Said] = run_az,
) -> int:
    """Run the steps that were asked for; 1 and the reason where one cannot."""
    asked = _parser().parse_args(arguments)
    try:
        _run(asked, {**environment, **_variables(asked)}, az)
    except (DeploymentStopped, CallFailed) as reason:
        print(f"naptime: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("naptime: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "deploy.py",
        description="Deploy naptime with az.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("steps", nargs="*", metavar="step", help="what to do (below)")
    for option, variable, shown in _OPTIONS:
        parser.add_argument(option, dest=variable, metavar=shown, help=f"{variable}")
    parser.add_argument(
        *("--release", "--package"),
        type=Path,
        default=INFRA.parent / "dist" / "naptime.zip",
        metavar="FILE",
        help="the deploy package: one that was built, or that a release holds (dist/naptime.zip)",
    )
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="which window for which cluster (policy.toml, if there is one)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the commands, run none")
    parser.add_argument("--azd", action="store_true", help="called by azd, with its environment")
    for option, default, shown in (
        ("--patience", 300.0, "longest wait for Azure, in seconds (300)"),
        ("--every", 10.0, "how often to look meanwhile, in seconds (10)"),
    ):
        parser.add_argument(option, default=default, help=shown, type=_seconds, metavar="SECONDS")
    return parser


def _seconds(text: str) -> float:
    """Read a time to wait. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"must be seconds, 0 or more, not {text!r}")
    return seconds


_OPTIONS = (
    ("--name", "AZURE_ENV_NAME", "NAME"),
    ("--location", "AZURE_LOCATION", "REGION"),
    ("--subscription", "AZURE_SUBSCRIPTION_ID", "ID"),
    ("--subscriptions", "NAPTIME_SUBSCRIPTIONS", "ID,ID"),
)


def _variables(asked: argparse.Namespace) -> dict[str, str]:
    given = {variable: getattr(asked, variable) for _, variable, _ in _OPTIONS}
    return {name: value for name, value in given.items() if value is not None}


def _run(
    asked: argparse.Namespace,
    environment: Mapping[str, str],
    az: Callable[[Sequence[str]], Said],
) -> None:
    unknown = [step for step in asked.steps if step not in _STEPS]
    if unknown:
        raise DeploymentStopped(f"{unknown[0]!r} is no step; the steps are {', '.join(_STEPS)}")
    azure = Azure(asked.dry_run, Patience(asked.patience, asked.every), az)
    if not environment.get("AZURE_ENV_NAME"):
        raise DeploymentStopped("the installation has no name: --name, or AZURE_ENV_NAME")
    if asked.policy is not None and not asked.policy.is_file():
        raise DeploymentStopped(f"--policy: {asked.policy} is no file")
    one = _installation(asked, environment, azure)
    steps = asked.steps or _IN_ORDER
    wrong = list(wrong_names(one))
    if wrong and "preflight" not in steps:
        raise DeploymentStopped("\n".join(map(str, wrong)))
    if not (wrong or one.location or azure.dry_run):
        # Whoever is not signed in is told so by the first step.
        with contextlib.suppress(CallFailed):
            one.learn_location()
    for step in steps:
        print(f"naptime {one.name}: {step}", flush=True)
        if step == "preflight" and asked.azd:
            preflight(one, _azd_tenant)
        else:
            _STEPS[step](one)


def _installation(
    asked: argparse.Namespace, environment: Mapping[str, str], azure: Azure
) -> Installation:
    home = environment.get("AZURE_SUBSCRIPTION_ID", "").strip() or _current(azure)
    parameters = read_parameters({**environment, "AZURE_SUBSCRIPTION_ID": home})
    policy = asked.policy or INFRA.parent / "policy.toml"
    one = Installation(azure, home.lower(), parameters, asked.release, policy)
    one.unread = unread(environment)
    # Windows has the names of variables in capitals, whatever case azd gave them.
    lower = {name.lower(): value for name, value in environment.items()}
    if asked.azd and lower.get("appid"):
        one.outputs = {**lower}
    return one


def _current(azure: Azure) -> str:
    """Give the subscription that az works in."""
    if azure.dry_run:
        azure.run("account", "show")
        return "<the subscription of az account show>"
    try:
        return text_at(azure.run("account", "show", quiet=True), "id")
    except CallFailed as failure:
        raise DeploymentStopped(f"{who_is_not_known(failure)}: run `az login`") from None


def _azd_tenant() -> str:
    """Give the tenant that azd is signed in to: its token says so; empty where it is not."""
    program = shutil.which("azd")
    if program is None:
        return ""
    done = subprocess.run(  # noqa: S603 - azd itself
        [program, "auth", "token", "--output", "json"], check=False, capture_output=True, text=True
    )
    try:
        claims = text_at(json.loads(done.stdout), "token").split(".")[1]
        padded = claims + "=" * (-len(claims) % 4)
        return text_at(json.loads(base64.urlsafe_b64decode(padded)), "tid")
    except (ValueError, IndexError):
        return ""
