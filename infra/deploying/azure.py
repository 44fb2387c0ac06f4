"""Calls of `az`, each printed before it is made."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.deploying.refusals import CallFailed, DeploymentStopped

WEB_API = "2025-03-01"
"""The api-version of Microsoft.Web."""
_ERROR = re.compile(r"\(([A-Za-z]\w+)\) (.*)")


@dataclass(frozen=True)
class Patience:
    """How long to wait for what spreads through Azure, and how often to look; in seconds."""

    longest: float = 300
    every: float = 10

    def tried(self, what: str, attempt: Callable[[], object | None]) -> object | None:
        """Repeat until `attempt` gives something; None if the time is over. Says that it waits."""
        started = time.monotonic()
        while (given := attempt()) is None:
            if time.monotonic() - started >= self.longest:
                return None
            self.pause(what)
        return given

    def pause(self, what: str) -> None:
        """Wait once."""
        print(f"  waiting {self.every:g} s: {what}", flush=True)
        time.sleep(self.every)


@dataclass(frozen=True)
class Said:
    """What a program wrote, and how it ended."""

    code: int
    out: str
    err: str


def run_az(arguments: Sequence[str]) -> Said:
    """Run the program itself. Raises DeploymentStopped where there is none."""
    program = shutil.which("az")
    if program is None:
        raise DeploymentStopped(
            "az is not on the path: install azure-cli, or use a cloud shell, which has it"
        )
    done = subprocess.run(  # noqa: S603 - arguments are passed as they are, without a shell
        [program, *arguments], check=False, capture_output=True, text=True
    )
    return Said(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Azure:
    """Calls `az`; with `dry_run` it prints the commands and makes no call."""

    dry_run: bool = False
    patience: Patience = Patience()
    az: Callable[[Sequence[str]], Said] = run_az

    def run(self, *arguments: str, quiet: bool = False) -> object:
        """Run one command of `az` and give the JSON that it answers. Raises CallFailed."""
        if not quiet or self.dry_run:
            print("$ az " + " ".join(map(shlex.quote, arguments)), flush=True)
        if self.dry_run:
            return None
        said = self.az([*arguments, "--only-show-errors", "--output", "json"])
        if said.code:
            raise _failure(said.err)
        return json.loads(said.out) if said.out.strip() else None

    def rest(self, method: str, path: str, body: object = None, *, quiet: bool = False) -> object:
        """Call Resource Manager: `path` is a resource id with its api-version."""
        arguments = ["rest", "--method", method, "--url", path]
        if body is None:
            return self.run(*arguments, quiet=quiet)
        # By a file: quotes in JSON do not survive every shell on their way to az.
        with written(json.dumps(body)) as file:
            return self.run(*arguments, "--body", f"@{file}", quiet=quiet)

    def get(self, path: str) -> dict[str, object] | None:
        """Read a resource; None where there is none, or none that the caller may see."""
        try:
            found = self.rest("get", path, quiet=True)
        except CallFailed as failure:
            if is_absent(failure):
                return None
            raise
        return found if isinstance(found, dict) else None

    def every(self, path: str) -> list[dict[str, object]]:
        """Read a list to its end; empty where there is nothing to list."""
        listed: list[dict[str, object]] = []
        page = self.get(path)
        while page is not None:
            values = page.get("value")
            listed += values if isinstance(values, list) else []
            following = page.get("nextLink")
            page = self.get(following) if isinstance(following, str) and following else None
        return listed


def is_absent(failure: CallFailed) -> bool:
    """Tell whether Azure says that something is not there."""
    return failure.code.endswith("NotFound") or failure.code in {"404", "MissingSubscription"}


@contextlib.contextmanager
def written(text: str) -> Iterator[str]:
    """Give the path of a file that holds a text, while it is needed."""
    with tempfile.TemporaryDirectory(prefix="naptime-") as folder:
        path = Path(folder) / "body.json"
        path.write_text(text, encoding="utf-8")
        yield str(path)


def text_at(value: object, *path: str) -> str:
    """Give the text at a path of a JSON value, minding no case; empty where there is none."""
    for name in path:
        if not isinstance(value, dict):
            return ""
        value = without_case(value).get(name.lower())
    return value if isinstance(value, str) else ""


def without_case(value: dict[str, object]) -> dict[str, object]:
    """Give an object with its names in lower case: ARM gives names back in a case of its own."""
    return {name.lower(): each for name, each in value.items()}


def _failure(said: str) -> CallFailed:
    """Read what az wrote: JSON of a failed deployment, `(Code) message`, or a status of HTTP."""
    said = said.strip().removeprefix("ERROR: ")
    start = said.find("{")
    with contextlib.suppress(ValueError):
        read, _ = json.JSONDecoder().raw_decode(said[start:] if start >= 0 else "")
        return CallFailed(*_innermost(read))
    if found := _ERROR.search(said):
        return CallFailed(found[1], found[2].strip())
    return CallFailed("", said[-2000:])


def _innermost(error: object) -> tuple[str, str]:
    """Give code and message of the cause: ARM wraps it in errors that say less."""
    code = message = ""
    while isinstance(error, dict):
        inner = error.get("error", error)
        if not isinstance(inner, dict):
            break
        code, message = text_at(inner, "code") or code, text_at(inner, "message") or message
        details = inner.get("details")
        error = details[0] if isinstance(details, list) and details else None
    return code, message
