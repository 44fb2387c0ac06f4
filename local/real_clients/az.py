"""`python -m local.real_clients.az`: the real azure-cli against the simulator.

It is installed from PyPI, pinned, into .venv-az beside .venv; that takes a while once, and 700 MB.
"""

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path

from local.azure.deploying.played_az import played_commands
from local.real_clients.az_life_steps import CLUSTER_LIFE, identity_steps
from local.real_clients.az_steps import READING, SCHEDULES, AzStep, login_steps
from local.real_clients.naptime_steps import planned
from local.real_clients.page_commands import page_commands
from local.real_clients.results import Result, concluded, tell
from local.real_clients.stage import ROOT, Stage, staged

_VERSION = "2.91.0"
_HOME = ROOT / ".venv-az"
_AZ = _HOME / "bin" / "az"
_INSTALLED = _HOME / f".azure-cli-{_VERSION}"
_PATIENCE_SECONDS = 120


async def _install() -> None:
    if _INSTALLED.exists():
        return
    print(f"installing azure-cli {_VERSION} into {_HOME.name}", flush=True)
    await _run(sys.executable, "-m", "venv", str(_HOME))
    python = str(_HOME / "bin" / "python")
    await _run(
        *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        f"azure-cli=={_VERSION}",
    )
    _INSTALLED.touch()


async def _run(*argv: str) -> None:
    process = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.PIPE)
    _, err = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {process.returncode}\n{err.decode()}")


def _environment(stage: Stage) -> dict[str, str]:
    return {
        **stage.environment(),
        "PATH": f"{_AZ.parent}{os.pathsep}{os.environ['PATH']}",
        "AZURE_CONFIG_DIR": str(stage.folder / "az"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_CORE_SURVEY_MESSAGE": "no",
        # As for Azure Stack: Microsoft's own list of clouds does not name this one.
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
    }


def _end_operations_by_reads(stage: Stage) -> None:
    # az needs seconds to start: what it does while an operation runs must not hang on the time.
    switches = {"operationSeconds": 86_400, "operationReads": 2}
    url = f"{stage.urls['controlsHttp']}/options"
    with urllib.request.urlopen(url, json.dumps(switches).encode(), timeout=10):  # noqa: S310 - loopback
        pass


async def _tried(step: AzStep, stage: Stage) -> Result:
    process = await asyncio.create_subprocess_exec(
        *(str(_AZ), *step.arguments),
        env={**_environment(stage), **step.environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_PATIENCE_SECONDS):
        out, err = await process.communicate()
    return Result(step.says, _missing(step, process.returncode, out.decode(), err.decode()))


def _missing(step: AzStep, code: int | None, out: str, err: str) -> str:
    said = f"az {' '.join(step.arguments)}\n{out}{err}".rstrip()
    if code != step.code:
        return f"exit code {code}, not {step.code}\n{said}"
    if step.output is not None and out.strip().replace("\t", "\n") != step.output:
        return f"not the output {step.output!r}\n{said}"
    unsaid = [text for text in step.mentions if text not in out + err]
    return f"it does not mention {unsaid}\n{said}" if unsaid else ""


async def _pages_read() -> Result:
    """Let az itself look at every command of the pages and of deploy.py, without running one."""
    of_pages = [command for _, command in page_commands()]
    commands = json.dumps([*of_pages, *played_commands()])
    reader = Path(__file__).with_name("az_reading.py")
    process = await asyncio.create_subprocess_exec(
        *(str(_AZ.with_name("python")), str(reader)),
        env={**os.environ, "AZURE_CORE_COLLECT_TELEMETRY": "no"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_PATIENCE_SECONDS * 3):
        out, err = await process.communicate(commands.encode())
    said = "" if process.returncode == 0 else f"{out.decode()}{err.decode()}"
    return Result("every command and flag on the pages and of deploy.py is one that az has", said)


async def main() -> int:
    """Try every step; 0 only where all of them showed what they were to show."""
    await _install()
    results: list[Result] = [await _pages_read()]
    tell(results[0])
    async with staged() as stage:
        for step in login_steps(stage.url):
            results.append(await _tried(step, stage))
            tell(results[-1])
        for result in await planned(stage.url, _environment(stage)):
            results.append(result)
            tell(result)
        _end_operations_by_reads(stage)
        identity = identity_steps(stage.urls["identityEndpoint"], stage.urls["identityHost"])
        for step in (*READING, *SCHEDULES, *CLUSTER_LIFE, *identity):
            results.append(await _tried(step, stage))
            tell(results[-1])
    return concluded(f"azure-cli {_VERSION} against the simulator", results)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
