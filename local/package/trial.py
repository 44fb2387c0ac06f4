"""Trying a package: unpacked into an empty folder, loaded and called with nothing else in reach."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from local.package.dependencies import SITE_PACKAGES
from local.processes import Child
from local.storage_emulator import Azurite

KEY = "key-of-the-trial"

# Python itself, not that of the environment: no site-packages but the package's own (-S), and
# neither the folder that it is started in (-P) nor the user's own packages (-s).
_PYTHON = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
_ALONE = (str(_PYTHON), "-S", "-P", "-s")


class PackageFailed(Exception):
    """The package does not load or does not answer; says how."""


@dataclass(frozen=True, slots=True)
class Stage:
    """An unpacked package, and the code that runs it in a folder of its own."""

    app: Path
    runner: Path

    @classmethod
    def set_up(cls, repository: Path, app: Path, runner: Path) -> "Stage":
        """Copy `local` for an unpacked package: in its own place `shared` would be beside it."""
        left_out = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(repository / "local", runner / "local", ignore=left_out)
        return cls(app, runner)

    def environment(self, storage: str) -> dict[str, str]:
        """Give the settings, and the order in which production looks for modules."""
        return {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(map(str, (self.app / SITE_PACKAGES, self.runner))),
            "AzureWebJobsStorage": storage,
            "NAPTIME_SUBSCRIPTIONS": "00000000-0000-0000-0000-000000000001",
        }


def load(stage: Stage) -> list[str]:
    """Load the app as the worker does, every lazy import included; the names of its functions."""
    done = subprocess.run(  # noqa: S603 - made of constants and paths
        [*_ALONE, "-m", "local.package.probe", str(stage.app)],
        cwd=stage.runner,
        env=stage.environment("UseDevelopmentStorage=true"),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PackageFailed(f"it does not load: {done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if told["foreign"]:
        raise PackageFailed(f"modules from outside the package: {', '.join(told['foreign'])}")
    return list(told["functions"])


async def answer(stage: Stage) -> list[str]:
    """Run the app on the local host and call it; the calls that were made, all answered."""
    azurite = Azurite()
    storage = await azurite.start()
    try:
        host = await Child.start(
            [*_ALONE, "-m", "local.host", "--port=0", f"--key={KEY}", f"--app={stage.app}"],
            env=stage.environment(storage),
            cwd=stage.runner,
        )
        try:
            return [await _call(host, path) for path in ("health", "openapi.json", "runs")]
        finally:
            await host.stop()
    finally:
        await azurite.stop()


async def _call(host: Child, path: str) -> str:
    url = f"{host.url}/api/{path}"
    async with (
        aiohttp.ClientSession(headers={"x-functions-key": KEY}) as session,
        session.get(url) as response,
    ):
        if response.status != 200:  # noqa: PLR2004 - what it says
            raise PackageFailed(f"GET /api/{path}: {response.status}\n{host.stderr_text()[-2000:]}")
        await response.read()
    return f"GET /api/{path}"
