"""naptime's own command with the login of the real az: what it is for, as a user has it."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping

from local.real_clients.results import Result
from local.real_clients.stage import CLUSTER, GROUP, ROOT, SUBSCRIPTION

_PATIENCE_SECONDS = 120
_LOGIN_OF_OTHERS = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET")


async def planned(url: str, environment: Mapping[str, str]) -> list[Result]:
    """Plan with az on PATH and logged in, then without az; the environment is that of az."""
    own = {name: value for name, value in environment.items() if name not in _LOGIN_OF_OTHERS}
    asked = {**own, "NAPTIME_ARM_ENDPOINT": url, "PYTHONPATH": str(ROOT)}
    code, out, err = await _run(asked)
    with_az = Result(
        "az login, then naptime plan: every cluster of the subscription that az sees",
        "" if _is_the_plan(code, out) else f"exit code {code}\n{out}{err}",
    )
    nobody = {**asked, "PATH": os.defpath, "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    code, out, err = await _run(nobody)
    clear = code == 1 and not out and "Run `az login`" in err and "Traceback" not in err
    without_az = Result(
        "naptime plan without az says in one sentence how to sign in",
        "" if clear else f"exit code {code}\n{out}{err}",
    )
    return [with_az, without_az]


def _is_the_plan(code: int | None, out: str) -> bool:
    if code != 0:
        return False
    rows = json.loads(out)["clusters"]["value"]
    wanted = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/"
    return [row["clusterId"].rpartition("/")[2] for row in rows] == [CLUSTER] and all(
        row["clusterId"].startswith(wanted) for row in rows
    )


async def _run(environment: Mapping[str, str]) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "naptime", "plan", "--all", "--format", "json"),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_PATIENCE_SECONDS):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()
