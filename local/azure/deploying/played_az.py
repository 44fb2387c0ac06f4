"""`az`, as far as a deployment needs it, played against the simulated Azure.

The real one is 700 MB; `make az-check` tries the same commands with it. Reads from its environment
where the simulator is (`PLAYED_AZ_ARM`, `PLAYED_AZ_IDENTITY`) and which subscription is current
(`PLAYED_AZ_SUBSCRIPTION`); without the latter nobody is signed in. `PLAYED_AZ_VERSION`
is its own, `PLAYED_AZ_OTHER_TENANT` where all other subscriptions are. Writes each command to
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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_DEPLOYMENTS = "2025-04-01"
_OVER = {"Succeeded", "Failed", "Canceled"}
DEPLOYER = "dddddddd-0000-4000-8000-00000000d0d0"
TENANT = "72f988bf-0000-4000-8000-2d7cd011db47"


class AzFailed(Exception):
    """A command that az refuses; `code` is its exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Az:
    """One command's environment."""

    environment: Mapping[str, str]

    def call(self, method: str, path: str, body: object = None) -> object:
        """Call the simulated Resource Manager. Raises AzFailed as `az rest` words it."""
        url = path if path.startswith("https://") else self.environment["PLAYED_AZ_ARM"] + path
        quoted = urllib.parse.quote(url, safe=":/?&=$'()%,")
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(  # noqa: S310 - the simulator's own address
            quoted, data=data, headers=headers, method=method.upper()
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
                text = answer.read()
                return json.loads(text) if text.strip() else None
        except urllib.error.HTTPError as error:
            raise AzFailed(f"{error.reason}({error.read().decode()})") from error

    def token(self, resource: str = "https://management.azure.com") -> str:
        """Give the deployer's token."""
        identity = self.environment["PLAYED_AZ_IDENTITY"]
        query = urllib.parse.urlencode(
            {"api-version": "2019-08-01", "resource": resource, "client_id": DEPLOYER}
        )
        request = urllib.request.Request(  # noqa: S310 - as above
            f"{identity}?{query}", headers={"X-IDENTITY-HEADER": "az"}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return str(json.loads(answer.read())["access_token"])

    def account(self, asked: argparse.Namespace) -> object:
        """Play `az account show` and `get-access-token`."""
        subscription = self.environment.get("PLAYED_AZ_SUBSCRIPTION")
        if not subscription:
            raise AzFailed("Please run 'az login' to setup account.")
        if asked.command == "account show":
            there = self.environment.get("PLAYED_AZ_OTHER_TENANT", TENANT)
            tenant = TENANT if asked.subscription in {None, subscription} else there
            return {"id": asked.subscription or subscription, "tenantId": tenant}
        token = self.token(asked.resource or "https://management.azure.com")
        return {"accessToken": token, "tenant": TENANT, "subscription": subscription}

    def version(self, _: argparse.Namespace) -> object:
        """Play `az version`."""
        return {"azure-cli": self.environment.get("PLAYED_AZ_VERSION", "2.91.0"), "extensions": {}}

    def rest(self, asked: argparse.Namespace) -> object:
        """Play `az rest`."""
        return self.call(asked.method, asked.url, _content(asked.body) if asked.body else None)

    def deploy(self, asked: argparse.Namespace) -> object:
        """Play `az deployment sub create`, which waits for the end."""
        path = f"/subscriptions/{asked.subscription}/providers/Microsoft.Resources/deployments"
        url = f"{path}/{asked.name}?api-version={_DEPLOYMENTS}"
        template = json.loads(Path(asked.template_file).read_text(encoding="utf-8"))
        parameters = _parameters(asked.parameters, template["parameters"])
        properties = {"mode": "Incremental", "template": template, "parameters": parameters}
        self.call("put", url, {"location": asked.location, "properties": properties})
        while (ended := self._ended(url)) is None:
            time.sleep(float(self.environment.get("PLAYED_AZ_POLL", "0")))  # noqa: TID251 - az sleeps too
        if ended["provisioningState"] != "Succeeded":
            raise AzFailed(
                json.dumps({"status": ended["provisioningState"], "error": ended["error"]})
            )
        return self.call("get", url)

    def _ended(self, url: str) -> dict[str, object] | None:
        found = self.call("get", url)
        properties = found["properties"] if isinstance(found, dict) else {}
        return properties if properties.get("provisioningState") in _OVER else None

    def runtimes(self, asked: argparse.Namespace) -> object:
        """Play `az functionapp list-flexconsumption-runtimes`."""
        path = f"/providers/Microsoft.Web/locations/{asked.location}/functionAppStacks"
        found = self.call("get", f"{path}?api-version=2023-12-01&stack={asked.runtime}")
        return found["value"] if isinstance(found, dict) else []


def _parameters(given: Sequence[str], declared: Mapping[str, dict[str, object]]) -> object:
    """Read `@file`, or `name=value` for each: texts as they are, all else as JSON."""
    if given[0].startswith("@"):
        read = _content(given[0])
        return read["parameters"] if isinstance(read, dict) else {}
    pairs = [each.partition("=") for each in given]
    return {
        name: {"value": text if declared[name]["type"] == "string" else json.loads(text)}
        for name, _, text in pairs
    }


def _content(given: str) -> object:
    text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
    return json.loads(text)


type Command = Callable[[Az, argparse.Namespace], object]

_COMMANDS: Mapping[str, tuple[Command, tuple[str, ...]]] = {
    "account show": (Az.account, ("--subscription",)),
    "account get-access-token": (Az.account, ("--resource", "--subscription")),
    "version": (Az.version, ()),
    "rest": (Az.rest, ("--method", "--url", "--body")),
    "deployment sub create": (
        Az.deploy,
        ("--subscription", "--name", "--location", "--template-file", "--parameters"),
    ),
    "functionapp list-flexconsumption-runtimes": (Az.runtimes, ("--location", "--runtime")),
}


def played_commands() -> list[list[str]]:
    """Give each command with all its flags: a deployment calls these, and is refused others."""
    return [[*name.split(), *flags] for name, (_, flags) in _COMMANDS.items()]


def play(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run one command: its exit code, what it writes, and its error."""
    with Path(environment["PLAYED_AZ_TOLD"]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(list(arguments)) + "\n")
    try:
        answer = _run(arguments, environment)
    except AzFailed as failure:
        return failure.code, "", f"ERROR: {failure}\n"
    return 0, "" if answer is None else json.dumps(answer), ""


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> object:
    words = [each for each in arguments[:3] if not each.startswith("-")]
    known = [" ".join(words[:length]) for length in (3, 2, 1)]
    command = next((each for each in known if each in _COMMANDS), "")
    if not command:
        said = f"'{' '.join(words)}' is misspelled or not recognized by the system."
        raise AzFailed(said, 2)
    run, flags = _COMMANDS[command]
    parser = argparse.ArgumentParser("az", exit_on_error=False)
    for flag in (*flags, "--output"):
        parser.add_argument(flag, nargs="+" if flag == "--parameters" else None)
    parser.add_argument("--only-show-errors", action="store_true")
    asked, unknown = parser.parse_known_args(arguments[len(command.split()) :])
    if unknown:
        raise AzFailed(f"unrecognized arguments: {' '.join(unknown)}", 2)
    asked.command = command
    return run(Az(environment), asked)


def main(arguments: Sequence[str]) -> int:
    """Run one command as a program."""
    code, out, err = play(arguments, os.environ)
    sys.stdout.write(out)
    sys.stderr.write(err)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
