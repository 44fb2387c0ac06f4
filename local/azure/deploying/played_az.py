"""`az`, as far as a deployment needs it, played against the simulated Azure.

The real one is 700 MB; `make az-check` tries the same commands with it. Reads from its environment
where the simulator is (`PLAYED_AZ_ARM`, `PLAYED_AZ_IDENTITY`) and which subscription is current
(`PLAYED_AZ_SUBSCRIPTION`); without the latter nobody is signed in. Writes each command to
`PLAYED_AZ_TOLD`, one JSON list a line.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NoReturn

_DEPLOYMENTS = "2025-04-01"
_OVER = {"Succeeded", "Failed", "Canceled"}
DEPLOYER = "dddddddd-0000-4000-8000-00000000d0d0"


def _fail(message: str, code: int = 1) -> NoReturn:
    print(f"ERROR: {message}", file=sys.stderr)
    sys.exit(code)


def _call(method: str, path: str, body: object = None) -> object:
    url = path if path.startswith("https://") else os.environ["PLAYED_AZ_ARM"] + path
    quoted = urllib.parse.quote(url, safe=":/?&=$'()%,")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {_token()}", "Content-Type": "application/json"}
    request = urllib.request.Request(quoted, data=data, headers=headers, method=method.upper())
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text.strip() else None
    except urllib.error.HTTPError as error:
        # As `az rest` writes it: the reason of HTTP, then the body in brackets.
        text = error.read().decode()
        _fail(f"{error.reason}({text})")


def _token(resource: str = "https://management.azure.com") -> str:
    identity = os.environ["PLAYED_AZ_IDENTITY"]
    query = urllib.parse.urlencode(
        {"api-version": "2019-08-01", "resource": resource, "client_id": DEPLOYER}
    )
    request = urllib.request.Request(f"{identity}?{query}", headers={"X-IDENTITY-HEADER": "az"})
    with urllib.request.urlopen(request) as answer:
        return str(json.loads(answer.read())["access_token"])


def _account(asked: argparse.Namespace) -> object:
    subscription = os.environ.get("PLAYED_AZ_SUBSCRIPTION")
    if not subscription:
        _fail("Please run 'az login' to setup account.")
    tenant = os.environ.get("PLAYED_AZ_TENANT", "72f988bf-0000-4000-8000-2d7cd011db47")
    if asked.command == "account show":
        return {"id": subscription, "tenantId": tenant, "state": "Enabled"}
    resource = asked.resource or "https://management.azure.com"
    return {"accessToken": _token(resource), "tenant": tenant, "subscription": subscription}


def _rest(asked: argparse.Namespace) -> object:
    body = _content(asked.body) if asked.body else None
    return _call(asked.method, asked.url, body)


def _content(given: str) -> object:
    text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
    return json.loads(text)


def _create(asked: argparse.Namespace) -> object:
    """Deploy, and wait for the end as az does."""
    path = f"/subscriptions/{asked.subscription}/providers/Microsoft.Resources/deployments"
    url = f"{path}/{asked.name}?api-version={_DEPLOYMENTS}"
    template = json.loads(Path(asked.template_file).read_text(encoding="utf-8"))
    given = _content(asked.parameters)
    parameters = given["parameters"] if isinstance(given, dict) else {}
    properties = {"mode": "Incremental", "template": template, "parameters": parameters}
    _call("put", url, {"location": asked.location, "properties": properties})
    while True:
        found = _call("get", url)
        state = found["properties"]["provisioningState"] if isinstance(found, dict) else ""
        if state in _OVER:
            break
        time.sleep(float(os.environ.get("PLAYED_AZ_POLL", "0")))  # noqa: TID251 - az sleeps too
    if state != "Succeeded" and isinstance(found, dict):
        _fail(json.dumps({"status": state, "error": found["properties"]["error"]}))
    return found


def _runtimes(asked: argparse.Namespace) -> object:
    path = f"/providers/Microsoft.Web/locations/{asked.location}/functionAppStacks"
    found = _call("get", f"{path}?api-version=2023-12-01&stack={asked.runtime}")
    return found["value"] if isinstance(found, dict) else []


_COMMANDS = {
    "account show": (_account, ()),
    "account get-access-token": (_account, ("--resource", "--subscription")),
    "rest": (_rest, ("--method", "--url", "--body")),
    "deployment sub create": (
        _create,
        ("--subscription", "--name", "--location", "--template-file", "--parameters"),
    ),
    "functionapp list-flexconsumption-runtimes": (_runtimes, ("--location", "--runtime")),
}


def main(arguments: list[str]) -> int:
    """Run one command; an unknown one, or an unknown flag, is az's own exit code 2."""
    with Path(os.environ["PLAYED_AZ_TOLD"]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(arguments) + "\n")
    words = [each for each in arguments[:3] if not each.startswith("-")]
    for length in (3, 2, 1):
        command = " ".join(words[:length])
        if command in _COMMANDS:
            break
    else:
        _fail(f"'{' '.join(words)}' is misspelled or not recognized by the system.", 2)
    run, flags = _COMMANDS[command]
    parser = argparse.ArgumentParser("az")
    for flag in (*flags, "--output"):
        parser.add_argument(flag)
    parser.add_argument("--only-show-errors", action="store_true")
    asked = parser.parse_args(arguments[len(command.split()) :])
    asked.command = command
    answer = run(asked)
    if answer is not None:
        print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
