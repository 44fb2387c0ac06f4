"""`python -m local.real_clients.js`: the JavaScript SDK of AKS against the simulator.

Its packages come from npm by the lock file in local/js_check; Node 20 or later must be on PATH.
"""

import asyncio
import json
import os
import sys

from local.real_clients.results import Result, concluded, tell
from local.real_clients.stage import (
    CLIENT_ID,
    CLUSTER,
    GROUP,
    ROOT,
    SECRET,
    SUBSCRIPTION,
    TENANT_ID,
    Stage,
    staged,
)

_FOLDER = ROOT / "local" / "js_check"
_LOCK, _INSTALLED = _FOLDER / "package-lock.json", _FOLDER / "node_modules" / ".package-lock.json"
_PATIENCE_SECONDS = 300
_STEPS = 22


async def _install() -> None:
    if _INSTALLED.exists() and _INSTALLED.stat().st_mtime >= _LOCK.stat().st_mtime:
        return
    print("installing the packages of local/js_check", flush=True)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    process = await asyncio.create_subprocess_exec("npm", "ci", *options, cwd=_FOLDER)
    if await process.wait():
        raise SystemExit(f"npm ci ended with {process.returncode}")
    os.utime(_INSTALLED)


def _environment(stage: Stage) -> dict[str, str]:
    return {
        **stage.environment(),
        "IDENTITY_ENDPOINT": stage.urls["identityEndpoint"],
        "IDENTITY_HEADER": "made-up",
        "ARM_URL": stage.url,
        "SUBSCRIPTION": SUBSCRIPTION,
        "TENANT_ID": TENANT_ID,
        "CLIENT_ID": CLIENT_ID,
        "SECRET": SECRET,
        "GROUP": GROUP,
        "CLUSTER": CLUSTER,
    }


async def _tried(stage: Stage) -> list[Result]:
    process = await asyncio.create_subprocess_exec(
        *("node", str(_FOLDER / "check.mjs")),
        env=_environment(stage),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    results: list[Result] = []
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while line := await process.stdout.readline():
            results.append(Result(**json.loads(line)))
            tell(results[-1])
        code = await process.wait()
    if code or len(results) != _STEPS:
        missing = f"node ended with {code} after {len(results)} steps"
        results.append(Result(f"all {_STEPS} steps were tried", missing))
    return results


async def main() -> int:
    """Try every step; 0 only where all of them showed what they were to show."""
    await _install()
    async with staged() as stage:
        results = await _tried(stage)
    return concluded("@azure/arm-containerservice against the simulator", results)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
