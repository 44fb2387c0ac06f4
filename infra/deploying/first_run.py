"""The first run over the fleet, asked for over HTTP."""

from __future__ import annotations

import json

from infra.deploying.app import access, call_app
from infra.deploying.azure import text_at, without_case
from infra.deploying.installation import Installation
from infra.deploying.refusals import DeploymentStopped
from infra.deploying.web import call

_BEGUN = {200, 202}
_SPREADING = {"AccessDenied", "NotAuthenticated"}
"""What a run says of a subscription while the role of a new identity spreads."""


def start_first_run(one: Installation) -> None:
    """Ask for a run over everything and show how it ends; one that is under way is joined.

    It is asked for again while a subscription could not be read because the role is still new.
    """
    headers = {**access(one), "Content-Type": "application/json"}
    if one.azure.dry_run:
        print('$ POST <appUrl>/api/reconcile  < {"fleet": true}')
        return
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
    answer = call_app(one, "POST", "/api/reconcile", headers, body)
    if answer.status not in _BEGUN:
        refused = f"{answer.status} {answer.text[:500]}"
        raise DeploymentStopped(f"{base} refused the first run: {refused}")
    run_id = text_at(answer.json(), "runId")
    if not run_id:
        raise DeploymentStopped(f"{base} answered without a run: {answer.text[:500]}")
    url = f"{base}/api/runs/{run_id}"

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
