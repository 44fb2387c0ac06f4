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
from http import HTTPStatus
from pathlib import Path

from infra.deploying.refusals import CallFailed, DeploymentStopped

WEB_API = "2025-03-01"
"""The api-version of Microsoft.Web."""
_ERROR = re.compile(r"^(?:Exception Details:)?\s*\(([A-Za-z]\w+)\) (.*)", re.MULTILINE)


@dataclass(frozen=True)
class Patience:
    """How long to wait for what spreads through Azure, and how often to look; in seconds."""

    longest: float = 300
    every: float = 10

    def tried(self, what: str, attempt: Callable[[], object | None]) -> object | None:
        """Repeat until `attempt` gives something; None if the time is over. Says that it waits.

        A call that Azure did not answer this once is made again too.
        """
        started = time.monotonic()
        while True:
            try:
                given = attempt()
            except CallFailed as failure:
                if not failure.passes or time.monotonic() - started >= self.longest:
                    raise
                print(f"  {failure}", flush=True)
                given = None
            if given is not None or time.monotonic() - started >= self.longest:
                return given
            self.pause(what)

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
    # Bytes that are no text in this machine's encoding must not end the deployment.
    done = subprocess.run(  # noqa: S603 - arguments are passed as they are, without a shell
        _command(program, arguments), check=False, capture_output=True, text=True, errors="replace"
    )
    return Said(done.returncode, done.stdout, done.stderr)


def _command(program: str, arguments: Sequence[str]) -> str | list[str]:
    """Give what starts a program with arguments that arrive as they are.

    On Windows az is a batch file: cmd reads its line, and takes `&` in an address for the end of a
    command unless it stands in quotes.
    """
    if not program.lower().endswith((".cmd", ".bat")):
        return [program, *arguments]
    wrong = next((each for each in arguments if set(each) & set('"\r\n')), None)
    if wrong is not None:
        raise DeploymentStopped(f"az takes no quotes and no line breaks on Windows: {wrong!r}")
    return " ".join(f'"{each}"' for each in (program, *arguments))


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
        try:
            return json.loads(said.out) if said.out.strip() else None
        except ValueError:
            # Not what it was: it may hold a token or a key.
            command = " ".join(each for each in arguments[:2] if not each.startswith("-"))
            told = f"az {command} wrote what is no JSON, {len(said.out)} characters"
            raise CallFailed("", told) from None

    def rest(self, method: str, path: str, body: object = None, *, quiet: bool = False) -> object:
        """Call Resource Manager: `path` is a resource id with its api-version."""
        arguments = ["rest", "--method", method, "--url", path]
        if body is None:
            return self.run(*arguments, quiet=quiet)
        # By a file: quotes in JSON do not survive every shell on their way to az.
        with written(json.dumps(body)) as file:
            return self.run(*arguments, "--body", f"@{file}", quiet=quiet)

    def get(self, path: str) -> dict[str, object] | None:
        """Read a resource; None where there is none. Raises CallFailed, where it is hidden too."""
        try:
            found = self.rest("get", path, quiet=True)
        except CallFailed as failure:
            if failure.is_absent:
                return None
            raise
        return found if isinstance(found, dict) else None

    def every(self, path: str) -> list[dict[str, object]]:
        """Read a list to its end; empty where there is nothing to list."""
        listed: list[dict[str, object]] = []
        page = self.get(path)
        while page is not None:
            values = page.get("value")
            found = values if isinstance(values, list) else []
            listed += [each for each in found if isinstance(each, dict)]
            following = page.get("nextLink")
            page = self.get(following) if isinstance(following, str) and following else None
        return listed


def who_is_not_known(failure: CallFailed) -> str:
    """Say that nobody is signed in, or in az's own words why it does not tell who."""
    if "az login" in failure.message:
        return "az is not signed in"
    return f"az does not say who is signed in: {failure}"


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
    """Read what az wrote: JSON of a failed deployment, `(Code) message`, or a status of HTTP.

    `az rest` begins with the status in words; `az deployment` writes the inner errors, which say
    why, after the outer one, each as JSON of its own.
    """
    said = re.split("^ERROR: ", said.strip(), maxsplit=1, flags=re.MULTILINE)[-1].strip()
    in_words = said.partition("(")[0]
    status = next((each.value for each in HTTPStatus if in_words == each.phrase), 0)
    read = [found for found in map(_innermost, _objects(said)) if found[0]]
    if read:
        inner = read[1:] or read
        more = "".join(f"; {code}: {message}" for code, message in inner[:-1])
        return CallFailed(inner[-1][0], inner[-1][1] + more, status)
    if found := _ERROR.findall(said):
        return CallFailed(found[-1][0], found[-1][1].strip(), status)
    return CallFailed("", said[-2000:], status)


def _objects(said: str) -> Iterator[object]:
    """Give each JSON object in a text, one after the other."""
    decoder, at = json.JSONDecoder(), said.find("{")
    while at >= 0:
        try:
            read, end = decoder.raw_decode(said, at)
        except ValueError:
            end = at + 1
        else:
            yield read
        at = said.find("{", end)


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
