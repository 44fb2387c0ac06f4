"""The first run over the fleet, asked for over HTTP."""

from __future__ import annotations

import json

from infra.deploying.azure import WEB_API, text_at, without_case
from infra.deploying.installation import Installation
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.web import Answer, call

_SETTLING = {0, 401, 403, 404, 429, 500, 502, 503, 504}
_BEGUN = {200, 202}
_SPREADING = {"AccessDenied", "NotAuthenticated"}
"""What a run says of a subscription while the role of a new identity spreads."""


def start_first_run(one: Installation) -> None:
    """Ask for a run over everything and show how it ends; one that is under way is joined.

    It is asked for again while a subscription could not be read because the role is still new.
    """
    key = _key(one)
    if one.azure.dry_run:
        print('$ POST <appUrl>/api/reconcile  < {"fleet": true}')
        return
    headers = {"x-functions-key": key, "Content-Type": "application/json", **_token(one)}
    last: list[dict[str, object]] = []

    def read_everything() -> dict[str, object] | None:
        last[:] = [_run(one, headers)]
        return None if _is_early(last[0]) else last[0]

    one.azure.patience.tried("the role has not reached every subscription yet", read_everything)
    _show(one, last[0])


def _run(one: Installation, headers: dict[str, str]) -> dict[str, object]:
    """Begin or join a run, and give it as it is at its end, names in lower case."""
    base = one.output("appUrl")
    print(f'$ POST {base}/api/reconcile  < {{"fleet": true}}', flush=True)
    body = json.dumps({"fleet": True}).encode()
    answers: list[Answer] = []

    def asked() -> Answer | None:
        answers[:] = [call("POST", f"{base}/api/reconcile", headers, body)]
        return None if answers[0].status in _SETTLING else answers[0]

    one.azure.patience.tried("the app does not answer yet", asked)
    answer = answers[0]
    if answer.status not in _BEGUN:
        refused = f"{answer.status} {answer.text[:500]}"
        raise DeploymentStopped(f"{base} refused the first run: {refused}")
    url = f"{base}/api/runs/{text_at(answer.json(), 'runId')}"

    def ended() -> dict[str, object] | None:
        given = call("GET", url, headers).json()
        run = without_case(given) if isinstance(given, dict) else {}
        return run if run.get("finishedat") else None

    run = one.azure.patience.tried("the run is under way", ended)
    return run if isinstance(run, dict) else {"runid": url.rpartition("/")[2]}


def _is_early(run: dict[str, object]) -> bool:
    unreadable = run.get("unreadablesubscriptions")
    listed = unreadable if isinstance(unreadable, list) else []
    return any(text_at(each, "reason") in _SPREADING for each in listed)


def _show(one: Installation, run: dict[str, object]) -> None:
    """Show how the run ended: a line for each outcome, and what could not be read."""
    state = "has ended" if run.get("finishedat") else "is still under way"
    print(f"  the run {state}: {one.output('appUrl')}/api/runs/{run.get('runid')}")
    outcomes = run.get("outcomes")
    for name, count in sorted(outcomes.items()) if isinstance(outcomes, dict) else ():
        print(f"  {name:<12} {count}")
    unreadable = run.get("unreadablesubscriptions")
    for each in unreadable if isinstance(unreadable, list) else ():
        told = f"{text_at(each, 'reason')}: {text_at(each, 'advice')}"
        print(f"  {text_at(each, 'subscriptionId')} could not be read: {told}")


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
