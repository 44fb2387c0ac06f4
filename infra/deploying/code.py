"""The code: the package as it is, and that every function of it is there afterwards."""

from __future__ import annotations

from infra.deploying.azure import WEB_API, text_at, without_case
from infra.deploying.installation import Installation
from infra.deploying.package import functions_of
from infra.deploying.refusals import DeploymentStopped
from infra.deploying.web import Answer, call

_SETTLING = {0, 401, 403, 404, 409, 429, 500, 502, 503, 504}
"""What a host that is minutes old answers; 403 while the package's role spreads."""
_DONE = 4
_FAILED = {-1: "was cancelled", 3: "failed", 5: "met another deployment", 6: "succeeded in part"}
WHERE_THE_REASON_STANDS = (
    "An app that cannot be imported is Running and has no function at all; the reason stands in"
    " AppExceptions of the workspace, and in the portal under Diagnose and solve problems."
)


def deploy_code(one: Installation) -> None:
    """Send the package, wait until it is deployed, and count the functions."""
    if one.azure.dry_run:
        one.azure.run("account", "get-access-token")
        print(f"$ POST https://<scm host>/api/publish?RemoteBuild=false  < {one.package}")
        return
    wanted = functions_of(one.package)
    host = f"https://{_scm_host(one)}"
    # az builds Python on this plan again whatever it is told, and so does every client that leaves
    # this parameter out.
    url = f"{host}/api/publish?RemoteBuild=false&Deployer=naptime"
    body = one.package.read_bytes()
    print(f"$ POST {url}  < {one.package}", flush=True)

    answers: list[Answer] = []

    def sent() -> Answer | None:
        given = call("POST", url, {**_token(one), "Content-Type": "application/zip"}, body)
        answers.append(given)
        return None if given.status in _SETTLING else given

    one.azure.patience.tried("the deployment host does not take the package yet", sent)
    last = answers[-1]
    if last.status == 0 or last.status >= 300:  # noqa: PLR2004 - HTTP's own
        raise DeploymentStopped(f"{host} did not take the package: {last.status} {last.text[:500]}")
    _wait_until_deployed(one, host, last.json())
    count_functions(one, wanted)


def _wait_until_deployed(one: Installation, host: str, deployment: object) -> None:
    path = deployment if isinstance(deployment, str) and deployment else "latest"

    def state() -> dict[str, object] | None:
        answer = call("GET", f"{host}/api/deployments/{path}", _token(one)).json()
        known = answer if isinstance(answer, dict) else {}
        return known if _status(known) in {_DONE, *_FAILED} else None

    ended = one.azure.patience.tried("the package is being deployed", state)
    if not isinstance(ended, dict):
        raise DeploymentStopped("the deployment of the package has not ended; run `code` again")
    if _status(ended) != _DONE:
        why = _FAILED[_status(ended)]
        raise DeploymentStopped(f"the deployment of the package {why}: {ended.get('status_text')}")
    print("  deployed", flush=True)


def _status(deployment: dict[str, object]) -> int:
    """Give the state of a deployment; 0, which it has at first, where it tells none."""
    status = deployment.get("status")
    return status if isinstance(status, int) else 0


def count_functions(one: Installation, wanted: list[str]) -> None:
    """Wait until every one of the functions is listed. Raises DeploymentStopped with the others."""
    listed: list[str] = []

    def all_there() -> bool | None:
        listed[:] = list_functions(one)
        return set(wanted) <= set(listed) or None

    if one.azure.patience.tried("not every function is listed yet", all_there) is None:
        absent = ", ".join(sorted(set(wanted) - set(listed)))
        raise DeploymentStopped(
            f"{len(listed)} of {len(wanted)} functions are listed, without {absent}."
            f" {WHERE_THE_REASON_STANDS}"
        )
    print(f"  {len(wanted)} functions are listed", flush=True)


def list_functions(one: Installation) -> list[str]:
    """Name the functions that the host has found in the app."""
    listed = one.azure.every(f"{one.output('appId')}/functions?api-version={WEB_API}")
    return [text_at(each, "name").rpartition("/")[2] for each in listed]


def _scm_host(one: Installation) -> str:
    app = one.azure.get(f"{one.output('appId')}?api-version={WEB_API}") or {}
    properties = without_case(app).get("properties")
    states = (
        without_case(properties).get("hostnamesslstates") if isinstance(properties, dict) else 0
    )
    for each in states if isinstance(states, list) else []:
        if text_at(each, "hostType").lower() == "repository":
            return text_at(each, "name")
    raise DeploymentStopped(
        f"{one.output('appName')} has no deployment host: is it a function app?"
    )


def _token(one: Installation) -> dict[str, str]:
    told = one.azure.run("account", "get-access-token", "--subscription", one.home, quiet=True)
    return {"Authorization": f"Bearer {text_at(told, 'accessToken')}"}
