"""Calls of the app that was deployed, with its key, and a token where Entra ID is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from infra.deploying.azure import WEB_API, text_at, without_case
from infra.deploying.installation import Installation
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.web import Answer, call

_SETTLING = {0, 401, 403, 404, 429, 500, 502, 503, 504}


def access(one: Installation) -> dict[str, str]:
    """Give the headers by which the app lets somebody in."""
    return {"x-functions-key": _key(one), **_token(one)}


def call_app(
    one: Installation, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Make one call, again and again while the app does not answer yet."""
    answers: list[Answer] = []

    def asked() -> Answer | None:
        answers[:] = [call(method, f"{one.output('appUrl')}{path}", headers, body)]
        return None if answers[0].status in _SETTLING else answers[0]

    one.azure.patience.tried("the app does not answer yet", asked)
    return answers[0]


def _key(one: Installation) -> str:
    path = f"{one.output('appId')}/host/default/listkeys?api-version={WEB_API}"

    def key() -> str | None:
        try:
            return _any_key(one.azure.rest("post", path))
        except CallFailed as failure:
            print(f"  {failure}", flush=True)
            return None

    if one.azure.dry_run:
        one.azure.rest("post", path)
        return ""
    found = one.azure.patience.tried("the host has no keys yet", key)
    if not isinstance(found, str):
        raise DeploymentStopped("the host gives no function key; run the step again in a while")
    return found


def _any_key(listed: object) -> str | None:
    """Give the default key; where it was deleted, as one may, another caller's."""
    keys = without_case(listed).get("functionkeys") if isinstance(listed, dict) else None
    others = [each for _, each in sorted(keys.items())] if isinstance(keys, dict) else []
    found = [text_at(keys, "default"), *(each for each in others if isinstance(each, str))]
    return next(filter(None, found), None)


def _token(one: Installation) -> dict[str, str]:
    client = one.parameters.get("entraClientId")
    if not client:
        return {}
    asked = ("--resource", f"api://{client}", "--subscription", one.home)
    told = one.azure.run("account", "get-access-token", *asked)
    return {"Authorization": f"Bearer {text_at(told, 'accessToken')}"}
