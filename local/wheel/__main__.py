"""`python -m local.wheel`: build the wheel into dist/, install it where nothing else is, try it."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from local.real_clients.results import Result, concluded, tell
from local.real_clients.stage import CLIENT_ID, CLUSTER, ROOT, SECRET, TENANT_ID, Stage, staged

FIRST_WORDS_WITHIN = 0.6
"""Seconds until something is to be seen."""

_PATIENCE_SECONDS = 60
_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did, and how many seconds went by until its first output."""

    code: int
    out: str
    err: str
    first_after: float


def build(folder: Path) -> Path:
    """Build the wheel of this checkout."""
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("naptime-*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Install it, with what it needs, into a new environment; give the command."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 - made of paths
    _pip(str(folder / "bin" / "python"), "install", str(wheel))
    return folder / "bin" / "naptime"


def _pip(python: str, command: str, *words: str) -> None:
    subprocess.run([python, *_PIP, command, *words], check=True)  # noqa: S603 - made of constants and paths


async def run(command: Path, *words: str, env: dict[str, str], cwd: Path) -> Ran:
    """Run the command in a folder that has nothing of naptime."""
    began = monotonic()
    process = await asyncio.create_subprocess_exec(
        *(str(command), *words),
        env=env,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT if words[-1] != "json" else asyncio.subprocess.PIPE,
    )
    stream = process.stderr or process.stdout
    assert stream is not None  # noqa: S101 - one of the two was asked for
    async with asyncio.timeout(_PATIENCE_SECONDS):
        first = await stream.readline()
        after = monotonic() - began
        out, err = await process.communicate()
    said = first.decode() + (err if process.stderr else out).decode()
    code = process.returncode if process.returncode is not None else 1
    return Ran(code, out.decode() if process.stderr else said, said, after)


async def tried(command: Path, stage: Stage) -> list[Result]:
    """Try what a user does first, each with its time to the first words."""
    env = {
        **stage.environment(),
        "NAPTIME_ARM_ENDPOINT": stage.url,
        "AZURE_AUTHORITY_HOST": stage.url,
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_CLIENT_SECRET": SECRET,
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
    }
    # Once for Python to compile what was just installed.
    await run(command, "plan", "--all", "--format", "json", env=env, cwd=stage.folder)
    version = await run(command, "--version", env=env, cwd=stage.folder)
    helped = await run(command, "plan", "--help", env=env, cwd=stage.folder)
    plan = await run(command, "plan", "--all", "--format", "json", env=env, cwd=stage.folder)
    names = _planned(plan)
    return [
        _judged("naptime --version", version, good=version.out.startswith("naptime ")),
        _judged("naptime plan --help", helped, good="Examples:" in helped.out),
        _judged("naptime plan --all against the simulator", plan, good=names == [CLUSTER]),
    ]


def _planned(ran: Ran) -> list[str]:
    if ran.code != 0:
        return []
    rows = json.loads(ran.out)["clusters"]["value"]
    return [str(row["clusterId"]).rpartition("/")[2] for row in rows]


def _judged(says: str, ran: Ran, *, good: bool) -> Result:
    timed = f"{says}: first words after {ran.first_after:.2f} s"
    if ran.code != 0 or not good:
        return Result(timed, f"exit code {ran.code}\n{ran.out}\n{ran.err}")
    late = ran.first_after > FIRST_WORDS_WITHIN
    return Result(timed, f"later than {FIRST_WORDS_WITHIN} s" if late else "")


async def main() -> int:
    """Build, install, try; 0 only where everything works in time."""
    with tempfile.TemporaryDirectory(prefix="naptime-wheel-") as name:
        folder = Path(name)
        wheel = build(folder)
        print(f"built {wheel.name}, {wheel.stat().st_size / 1000:.0f} kB", flush=True)
        (ROOT / "dist").mkdir(exist_ok=True)
        for older in (ROOT / "dist").glob("naptime-*.whl"):
            older.unlink()
        shutil.copy(wheel, ROOT / "dist")
        command = install(wheel, folder / "empty")
        async with staged() as stage:
            results = await tried(command, stage)
    for result in results:
        tell(result)
    return concluded("the command line as a wheel, in an empty environment", results)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
