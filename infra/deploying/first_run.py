"""The first run over the fleet, asked for over HTTP."""

from __future__ import annotations

import json

from infra.deploying.azure import WEB_API, text_at, without_case
from infra.deploying.installation import Installation
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.web import Answer, call

_SETTLING = {0, 401, 403, 404, 429, 500, 502, 503, 504}
_BEGUN = {200, 202}
_OVER = {"Completed", "Finished", "Failed"}


def start_first_run(one: Installation) -> None:
    """Ask for a run over everything and show how it ends; a run that is under way is joined."""
    key = _key(one)
    if one.azure.dry_run:
        print("$ POST <appUrl>/api/reconcile  < {\"fleet\": true}")
        return
    headers = {"x-functions-key": key, "Content-Type": "application/json", **_token(one)}
    base = one.output("appUrl")
    print(f"$ POST {base}/api/reconcile  < {{\"fleet\": true}}", flush=True)
    body = json.dumps({"fleet": True}).encode()

    def asked() -> Answer | None:
        answer = call("POST", f"{base}/api/reconcile", headers, body)
        return None if answer.status in _SETTLING else answer

    answer = one.azure.patience.tried("the app does not answer yet", asked)
    if not isinstance(answer, Answer) or answer.status not in _BEGUN:
        last = answer if isinstance(answer, Answer) else call("GET", f"{base}/api/runs", headers)
        raise DeploymentStopped(f"{base} refused the first run: {last.status} {last.text[:500]}")
    _show_end(one, f"{base}/api/runs/{text_at(answer.json(), 'runId')}", headers)


def _show_end(one: Installation, url: str, headers: dict[str, str]) -> None:
    def ended() -> dict[str, object] | None:
        run = call("GET", url, headers).json()
        over = isinstance(run, dict) and bool(without_case(run).get("finishedat"))
        return run if over and isinstance(run, dict) else None

    run = one.azure.patience.tried("the run is under way", ended)
    if not isinstance(run, dict):
        print(f"  the run is still under way: GET {url}")
        return
    print(f"  the run has ended: {url}")
    outcomes = without_case(run).get("outcomes")
    for name, count in sorted(outcomes.items()) if isinstance(outcomes, dict) else ():
        print(f"  {name:<12} {count}")


def _key(one: Installation) -> str:
    path = f"{one.output('appId')}/host/default/listkeys?api-version={WEB_API}"

    def key() -> str | None:
        try:
            return text_at(one.azure.rest("post", path), "functionKeys", "default") or None
        except CallFailed as failure:
            print(f"  {failure}", flush=True)
            return None

    if one.azure.dry_run:
        one.azure.rest("post", path)
        return ""
    found = one.azure.patience.tried("the host has no keys yet", key)
    if not isinstance(found, str):
        raise DeploymentStopped("the host gives no function key; run `first-run` again in a while")
    return found


def _token(one: Installation) -> dict[str, str]:
    client = one.parameters.get("entraClientId")
    if not client:
        return {}
    told = one.azure.run("account", "get-access-token", "--resource", f"api://{client}")
    return {"Authorization": f"Bearer {text_at(told, 'accessToken')}"}
