"""The worker in a process of its own, as in Azure: it can die alone, and another one takes over.

`python -m local.host.worker_process APP FORMAT` is that process: it answers frames on its standard
input with frames on its standard output. Seen of the real host (4.1037): calls of a worker that
dies fail at once, the next worker serves after a second, and the third death within half an hour
ends the host.
"""

import asyncio
import logging
import os
import pickle
import subprocess
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Self

from local.host.clock import Clock
from local.host.functions import FunctionInfo
from local.host.logs import LogFormat, start_logging
from local.host.payloads import Payload
from local.host.protos import RetryContext
from local.host.worker import AppDidNotLoad, InvocationResult, Worker
from local.processes import death_pact

logger = logging.getLogger("host")

MOST_DEATHS: Final = 3
WITHIN_SECONDS: Final = 1800.0
_SIZE: Final = 4
_DIED: Final = InvocationResult(
    succeeded=False,
    exception="The worker process has ended",
    stack_trace="",
    return_value=None,
)

type _Call = tuple[str, str, Payload, RetryContext | None]


class WorkerProcess:
    """A worker that runs as a child; one that dies is followed by another."""

    def __init__(
        self, app: Path, log_format: LogFormat, clock: Clock, on_end: Callable[[str], None]
    ) -> None:
        self._argv = [sys.executable, "-m", "local.host.worker_process", str(app), log_format]
        self._clock = clock
        self._on_end = on_end
        self._calls: dict[str, asyncio.Future[InvocationResult]] = {}
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        self._loop = asyncio.get_running_loop()
        self._serving = asyncio.Event()
        child, self.functions = self._started()
        self._serve_with(child)

    @classmethod
    def load(
        cls, app: Path, log_format: LogFormat, clock: Clock, on_end: Callable[[str], None]
    ) -> Self:
        """Start the first worker; AppDidNotLoad if it cannot load the app."""
        return cls(app, log_format, clock, on_end)

    async def invoke(
        self,
        name: str,
        payload: Payload,
        *,
        invocation_id: str | None = None,
        retry: RetryContext | None = None,
    ) -> InvocationResult:
        """Call a function; where the worker dies meanwhile, the call has failed."""
        await self._serving.wait()
        number = invocation_id or str(uuid.uuid4())
        answered: asyncio.Future[InvocationResult] = self._loop.create_future()
        self._calls[number] = answered
        call: _Call = (number, name, payload, retry)
        try:
            _write(_pipe(self._child.stdin), call)
        except OSError:
            return _DIED
        return await answered

    def _started(self) -> tuple[subprocess.Popen[bytes], Mapping[str, FunctionInfo]]:
        child = subprocess.Popen(  # noqa: S603 - this module, with this host's own arguments
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=death_pact(),  # noqa: PLW1509 - nothing but a call that was looked up before
        )
        functions = _read(_pipe(child.stdout))
        if not isinstance(functions, dict):
            raise AppDidNotLoad(*(functions if isinstance(functions, tuple) else ("it ended",)))
        return child, functions

    def _serve_with(self, child: subprocess.Popen[bytes]) -> None:
        """Let calls go to a worker, which is known before they do, and notice its death after."""
        self._child = child
        logger.info("Worker process %d serves", child.pid)
        threading.Thread(target=self._listen, args=(child,), daemon=True).start()
        self._serving.set()

    def _listen(self, child: subprocess.Popen[bytes]) -> None:
        while isinstance(answer := _read(_pipe(child.stdout)), tuple):
            self._loop.call_soon_threadsafe(self._answered, *answer)
        child.wait()
        self._loop.call_soon_threadsafe(self._died, child)

    def _answered(self, number: str, result: InvocationResult) -> None:
        call = self._calls.pop(number, None)
        if call is not None and not call.done():
            call.set_result(result)

    def _died(self, child: subprocess.Popen[bytes]) -> None:
        self._serving.clear()
        for pipe in (child.stdin, child.stdout):
            # What nobody will read any more is not worth an error.
            with suppress(OSError):
                _pipe(pipe).close()
        for number in list(self._calls):
            self._answered(number, _DIED)
        now = self._clock.now().timestamp()
        self._deaths.append(now)
        logger.error("The worker process has ended; its calls have failed")
        if len(self._deaths) == MOST_DEATHS and now - self._deaths[0] < WITHIN_SECONDS:
            self._on_end(f"the worker has died {MOST_DEATHS} times within half an hour")
            return
        self._loop.run_in_executor(None, self._start_another)

    def _start_another(self) -> None:
        child, _ = self._started()
        self._loop.call_soon_threadsafe(self._serve_with, child)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - `_started` asked for both
    return stream


def _write(stream: IO[bytes], value: object) -> None:
    data = pickle.dumps(value)
    stream.write(len(data).to_bytes(_SIZE, "big") + data)
    stream.flush()


def _read(stream: IO[bytes]) -> object:
    size = stream.read(_SIZE)
    data = stream.read(int.from_bytes(size, "big"))
    if len(size) < _SIZE or len(data) < int.from_bytes(size, "big"):
        return None
    return pickle.loads(data)  # noqa: S301 - of this host's own child


async def _serve(worker: Worker, requests: IO[bytes], answers: IO[bytes]) -> None:
    running: set[asyncio.Task[None]] = set()

    async def work(number: str, name: str, payload: Payload, retry: RetryContext | None) -> None:
        result = await worker.invoke(name, payload, invocation_id=number, retry=retry)
        _write(answers, (number, result))

    while isinstance(call := await asyncio.to_thread(_read, requests), tuple):
        task = asyncio.create_task(work(*call))
        running.add(task)
        task.add_done_callback(running.discard)


def main() -> None:
    """Load the app, say which functions it has, and call them until the input ends."""
    app, log_format = sys.argv[1:3]
    start_logging(LogFormat(log_format))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr
    try:
        worker = Worker.load(Path(app))
    except AppDidNotLoad as error:
        _write(answers, (str(error), error.stack_trace))
        return
    _write(answers, dict(worker.functions))
    asyncio.run(_serve(worker, sys.stdin.buffer, answers))
    os._exit(0)  # the threads of synchronous functions would hold up the end


if __name__ == "__main__":
    main()
