"""The command as a process of its own, as a shell starts it."""

import asyncio
import os
import pty
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "naptime")
_PATIENCE_SECONDS = 60


def environment(bundle: Path, **more: str) -> dict[str, str]:
    """Give this process's environment with trust in a simulator, and nothing about a terminal."""
    given = {**os.environ, "SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": str(bundle), **more}
    quiet = {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS"} - set(more)
    return {name: value for name, value in given.items() if name not in quiet}


@dataclass(frozen=True, slots=True)
class OnTerminal:
    """What a terminal was sent, and the exit code."""

    code: int
    text: str


async def on_terminal(*words: str, env: Mapping[str, str], columns: int = 80) -> OnTerminal:
    """Run a command with a terminal of its own for everything that it says."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *words),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={"TERM": "xterm-256color", "COLUMNS": str(columns), **env},
    )
    os.close(theirs)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            text = await asyncio.to_thread(_drained, ours)
            return OnTerminal(await process.wait(), text)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        os.close(ours)


def _drained(descriptor: int) -> str:
    found = b""
    # Linux answers with EIO once nobody holds the other end any more.
    with suppress(OSError):
        while some := os.read(descriptor, 65536):
            found += some
    return found.decode()
