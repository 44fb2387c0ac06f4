"""naptime's own command with the login of the real az: what it is for, as a user has it."""

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.real_clients.results import Result
from local.real_clients.stage import CLUSTER, GROUP, ROOT, SUBSCRIPTION

_PATIENCE_SECONDS = 120
_NAPTIME = (sys.executable, "-m", "naptime")
_DELETE = ("az", "aks", "maintenanceconfiguration", "delete")
_LOGIN_OF_OTHERS = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET")


async def planned(url: str, environment: Mapping[str, str]) -> list[Result]:
    """Plan with az on PATH and logged in, then without az; the environment is that of az.

    What `naptime show` offers as the same by az is done, and taken back.
    """
    own = {name: value for name, value in environment.items() if name not in _LOGIN_OF_OTHERS}
    asked = {**own, "NAPTIME_ARM_ENDPOINT": url, "PYTHONPATH": str(ROOT)}
    nobody = {**asked, "PATH": os.defpath, "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    plan = await _run((*_NAPTIME, "plan", "--all", "--format", "json"), asked)
    shown = await _run((*_NAPTIME, "show", CLUSTER), asked)
    offered = [shlex.split(line) for line in shown.out.splitlines() if line.startswith("  az aks ")]
    added = await _run(offered[0], asked) if offered else shown
    after = await _run((*_NAPTIME, "plan", "--all", "--format", "json"), asked)
    taken_back = await _run((*_DELETE, *(offered[0] if offered else ())[4:12]), asked)
    without = await _run((*_NAPTIME, "plan", "--all"), nobody)
    return [
        _judged(
            "az login, then naptime plan: what the subscriptions have",
            plan,
            _plans(plan, "WouldCreate"),
        ),
        _judged("the az command of naptime show is taken by az", added, added.code == 0),
        _judged("and is what naptime would have done", after, _plans(after, "Unchanged")),
        _judged("it is taken back", taken_back, taken_back.code == 0),
        _judged(
            "naptime plan without az says in one sentence how to sign in",
            without,
            without.code == 1
            and "Run `az login`" in without.err
            and "Traceback" not in without.err,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said, and its exit code."""

    code: int | None
    out: str
    err: str


def _judged(says: str, ran: Ran, good: bool) -> Result:  # noqa: FBT001 - what it is about
    return Result(says, "" if good else f"exit code {ran.code}\n{ran.out}{ran.err}")


def _plans(ran: Ran, outcome: str) -> bool:
    """Say whether the one cluster with NAP is planned, with this outcome, and no other cluster."""
    if ran.code != 0:
        return False
    rows = json.loads(ran.out)["clusters"]["value"]
    wanted = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/"
    return [(row["clusterId"].rpartition("/")[2], row["outcome"]) for row in rows] == [
        (CLUSTER, outcome)
    ] and all(row["clusterId"].startswith(wanted) for row in rows)


async def _run(words: Sequence[str], environment: Mapping[str, str]) -> Ran:
    process = await asyncio.create_subprocess_exec(
        *words,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_PATIENCE_SECONDS):
        out, err = await process.communicate()
    return Ran(process.returncode, out.decode(), err.decode())
