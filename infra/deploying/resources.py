"""The resources: main.bicep, compiled."""

from __future__ import annotations

import shlex

from infra.deploying.azure import Azure, text_at, without_case, written
from infra.deploying.installation import DEPLOYMENT_API, Installation
from infra.deploying.parameters import INFRA, as_file, compiled
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.remove import tell_of_unwatched

_SETTLING = {"DeploymentActive", "PrincipalNotFound", "AnotherOperationInProgress"}
"""What a second try finds settled: a deployment that was left running, an identity that is new."""
_TRIES = 3


def deploy_resources(one: Installation) -> None:
    """Make the resources, or change what differs; keeps their outputs."""
    if not one.location:
        raise DeploymentStopped("No region was named: --location westeurope, or AZURE_LOCATION.")
    deployed = deploy(one, "resources", "main", dict(one.parameters))
    if deployed is not None:
        properties = without_case(deployed).get("properties")
        one.take(without_case(properties).get("outputs") if isinstance(properties, dict) else None)
        print(f"  {one.output('appUrl')}")
        if one.parameters.get("dryRun") is True:
            print("  a dry run: it writes to no cluster until NAPTIME_DRY_RUN=false is given")
        try:
            tell_of_unwatched(one)
        except CallFailed as failure:
            print(f"  whether naptime left anything elsewhere is not known: {failure}")
    if one.parameters.get("watchFromHere") is False:
        _tell_owners(one)


def deploy(
    one: Installation, step: str, template: str, parameters: dict[str, object]
) -> dict[str, object] | None:
    """Deploy a template at naptime's subscription; None in a dry run. Raises DeploymentStopped."""
    name = one.deployment(step)
    for left in reversed(range(_TRIES)):
        _wait_for_an_earlier_one(one.azure, one.home, name)
        try:
            return _create(one, name, template, parameters)
        except CallFailed as failure:
            # What Event Grid says while it does not see a function yet has no code of its own.
            settles = failure.code in _SETTLING or failure.passes or template == "events"
            if left == 0 or not settles:
                raise DeploymentStopped(
                    f"{name} was refused: {failure}{_way_out(failure)}"
                ) from failure
            print(f"  {failure}; once more", flush=True)
            one.azure.patience.pause("what was refused to settle")
    return None


def _way_out(failure: CallFailed) -> str:
    if failure.code != "RoleAssignmentUpdateNotPermitted":
        return ""
    return (
        "\nAn installation of this name, or its identity, was deleted without its roles. Delete the"
        " assignments of the identity that is gone; or run the step `remove`, which takes all that"
        " has this name, and deploy again."
    )


def _create(
    one: Installation, name: str, template: str, parameters: dict[str, object]
) -> dict[str, object] | None:
    with written(as_file(parameters)) as file:
        deployed = one.azure.run(
            *("deployment", "sub", "create", "--subscription", one.home, "--name", name),
            *("--location", one.location),
            *("--template-file", str(INFRA / "compiled" / f"{template}.json")),
            *("--parameters", f"@{file}"),
        )
    if one.azure.dry_run:
        print(as_file(parameters))
    return deployed if isinstance(deployed, dict) else None


def _wait_for_an_earlier_one(azure: Azure, home: str, name: str) -> None:
    """Let a deployment end that was left running when its command was killed."""
    if azure.dry_run:
        return
    path = f"/subscriptions/{home}/providers/Microsoft.Resources/deployments/{name}"

    def ended() -> bool | None:
        found = azure.get(f"{path}?api-version={DEPLOYMENT_API}")
        return (
            text_at(found, "properties", "provisioningState") not in {"Running", "Accepted"} or None
        )

    if azure.patience.tried(f"{name} is still under way", ended) is None:
        raise DeploymentStopped(f"{name} is still under way; run this again when it has ended")


def _tell_owners(one: Installation) -> None:
    print("  The owners of the watched subscriptions run, each in theirs:")
    for subscription in one.watched:
        values = {**_for_owners(one), **_existing_topic(one, subscription)}
        command = [
            *("deployment", "sub", "create", "--subscription", subscription),
            *("--name", one.deployment("watch"), "--location", one.location),
            *("--template-file", "infra/compiled/watch.json", "--parameters"),
            *(f"{name}={value}" for name, value in values.items()),
        ]
        print(f"    az {shlex.join(command)}")


def _for_owners(one: Installation) -> dict[str, str]:
    """Give the parameters of watch.bicep: each switch that is not at its default there too."""
    shared = compiled("watch")["parameters"].items()
    given = {name: one.parameters.get(name) for name, _ in shared}
    switches = {
        name: str(given[name]).lower()
        for name, each in shared
        if isinstance(given[name], bool) and given[name] != each.get("defaultValue")
    }
    identity = (
        {"eventsIdentityId": one.output("eventsIdentityId")}
        if given["identityOnSystemTopics"] is True and not given["identityPerSubscription"]
        else {}
    )
    return {
        "environmentName": one.name,
        "installation": one.output("installation"),
        "location": one.location,
        "appPrincipalId": one.output("appPrincipalId"),
        **switches,
        **identity,
    }


def _existing_topic(one: Installation, subscription: str) -> dict[str, str]:
    named = one.parameters.get("existingSystemTopics")
    there = f"/subscriptions/{subscription}/".lower()
    for each in named if isinstance(named, list) else []:
        if there in str(each).lower():
            return {"existingSystemTopicId": str(each)}
    return {}
