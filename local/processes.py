"""Child processes that say `ready URL` on standard output when they listen."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, Self

READY: Final = "ready "
TAIL_CHARACTERS: Final = 4000
STOP_SECONDS: Final = 15.0

_PR_SET_PDEATHSIG: Final = 1  # Linux, include/uapi/linux/prctl.h


class ChildDidNotStart(Exception):
    """A child ended, or let its time pass, before it was ready; holds the end of what it wrote."""


def death_pact() -> Callable[[], None] | None:
    """Give what a new child runs first, so that the kernel kills it when its parent dies.

    Only Linux can do this; elsewhere it is None, and a child of a killed parent stays.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork, where nothing may be loaded
    parent = os.getpid()

    def pact() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the pact was made

    return pact


async def end(process: asyncio.subprocess.Process, seconds: float) -> int:
    """Ask a process to end, and kill it if it has not after so many seconds; its exit code."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


class Child:
    """A running child: `url` is what it said to be ready at. Its standard error is kept."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, stderr: IO[bytes]) -> None:
        self.url = url
        self._process = process
        self._stderr: IO[bytes] | str = stderr
        assert process.stdout is not None  # noqa: S101 - `start` asked for it
        self._drain = asyncio.create_task(_drain(process.stdout))

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stderr: Path | None = None,
        ready_within: float = 60.0,
    ) -> Self:
        """Start a child and wait, so many seconds, for its `ready URL`; else ChildDidNotStart.

        Its standard error goes to the given file, or to a temporary one.
        """
        kept = _open(stderr)
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=env,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=kept,
            start_new_session=True,  # Ctrl-C is for the parent, which stops this in its turn
            preexec_fn=death_pact(),
        )
        try:
            async with asyncio.timeout(ready_within):
                url = await _ready_url(process)
        except (TimeoutError, EOFError) as error:
            code = await end(process, 1)
            said = _text(kept)[-TAIL_CHARACTERS:]
            kept.close()
            raise ChildDidNotStart(f"{' '.join(argv)} ended with {code}\n{said}") from error
        except BaseException:  # cancelled: nobody else knows of the child yet
            process.kill()
            kept.close()
            raise
        return cls(process, url, kept)

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Give the exit code, None while it runs; negative: the signal that killed it."""
        return self._process.returncode

    def stderr_text(self) -> str:
        """Give what it has written to standard error so far."""
        return self._stderr if isinstance(self._stderr, str) else _text(self._stderr)

    async def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Send SIGTERM, and SIGKILL if it has not ended after so many seconds; its exit code."""
        await end(self._process, seconds)
        return await self.wait()

    def kill_now(self) -> None:
        """Send SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def kill(self) -> int:
        """Send SIGKILL; its exit code."""
        self.kill_now()
        return await self.wait()

    async def wait(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        code = await self._process.wait()
        await self._drain
        if not isinstance(self._stderr, str):
            text = _text(self._stderr)
            self._stderr.close()
            self._stderr = text
        return code


def _open(path: Path | None) -> IO[bytes]:
    # Closed when the child has ended.
    return tempfile.TemporaryFile() if path is None else path.open("w+b")


async def _ready_url(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - `start` asked for it
    while line := await process.stdout.readline():
        text = line.decode("utf-8", "replace").strip()
        if text.startswith(READY):
            return text.removeprefix(READY)
    raise EOFError


async def _drain(stream: asyncio.StreamReader) -> None:
    # A child that goes on writing would stand still once the pipe is full.
    while await stream.read(65536):
        pass


def _text(file: IO[bytes]) -> str:
    # The child writes through the same offset, so the file is read without moving it.
    descriptor = file.fileno()
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode("utf-8", "replace")
