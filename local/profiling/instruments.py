"""What is found out about a process from within: samples, counts, and memory at its peak."""

import signal
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import CodeType, FrameType
from typing import Final, ParamSpec, TypedDict

import aiohttp

from local.profiling.layers import QUEUES, TABLES, files_of, layer_of
from local.walk.tracing import APP

SAMPLE_SECONDS: Final = 0.001
LOOK_SECONDS: Final = 0.1
FRAMES: Final = 16
GROWN: Final = 1.5
LEAST_SEEN: Final = 4_000_000
"""A look at the memory costs seconds; it is taken again where so much more is held than before."""

_TOOL: Final = sys.monitoring.PROFILER_ID
_Asked = ParamSpec("_Asked")


class Samples:
    """Where the process was each time that it had used a millisecond of processor time."""

    def __init__(self) -> None:
        self._layers = Counter[str]()
        self._began = 0.0

    def begin(self) -> None:
        """Begin anew."""
        self._layers.clear()
        self._began = time.process_time()
        signal.signal(signal.SIGPROF, self._note)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)

    def _note(self, _: int, frame: FrameType | None) -> None:
        self._layers[layer_of(files_of(frame))] += 1

    def found(self) -> Mapping[str, float]:
        """Give the seconds of each layer; together they are what the process has used."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        used = time.process_time() - self._began
        samples = self._layers.total() or 1
        return {layer: used * number / samples for layer, number in self._layers.items()}


class Counts:
    """How often own functions were entered, and what was asked of the storage account."""

    def __init__(self) -> None:
        self._entered = Counter[str]()
        self._asked = Counter[str]()
        monitoring = sys.monitoring
        monitoring.use_tool_id(_TOOL, "local.profiling")
        monitoring.register_callback(_TOOL, monitoring.events.PY_START, self._enter)
        _count_requests(self._asked)

    def begin(self) -> None:
        """Begin anew."""
        self._entered.clear()
        self._asked.clear()
        sys.monitoring.set_events(_TOOL, sys.monitoring.events.PY_START)
        sys.monitoring.restart_events()

    def _enter(self, code: CodeType, _: int) -> object:
        if not code.co_filename.startswith(APP):
            return sys.monitoring.DISABLE
        self._entered[layer_of([code.co_filename])] += 1
        return None

    def found(self) -> Mapping[str, Mapping[str, int]]:
        """Give both by layer; what was asked is told apart by its method as well."""
        sys.monitoring.set_events(_TOOL, 0)
        return {"entered": self._entered, "asked": self._asked}


def _count_requests(asked: Counter[str]) -> None:
    """Count the app's requests to storage where all of them pass: in the clients' one session."""

    def counted(
        send: Callable[_Asked, Awaitable[aiohttp.ClientResponse]],
    ) -> Callable[_Asked, Awaitable[aiohttp.ClientResponse]]:
        async def counting(*args: _Asked.args, **kwargs: _Asked.kwargs) -> aiohttp.ClientResponse:
            layer = layer_of(files_of(sys._getframe()))  # noqa: SLF001 - CPython's way to the stack
            if layer in {TABLES, QUEUES}:
                what = "$batch" if str(args[2]).endswith("$batch") else args[1]
                asked[f"{layer} {what}"] += 1
            return await send(*args, **kwargs)

        return counting

    # A middleware would have to be passed to each session that the app makes.
    setattr(aiohttp.ClientSession, "_request", counted(aiohttp.ClientSession._request))  # noqa: SLF001, B010


class Held(TypedDict):
    """Bytes: the most that were held, and what each layer had then."""

    peak: int
    held: Mapping[str, int]


class Memory:
    """What was held when most was held, by what had asked for it.

    A look holds much itself: what was held is read before it, and no look comes within another.
    """

    def __init__(self) -> None:
        self._most = 0
        self._seen = 0
        self._held = Counter[str]()

    def begin(self) -> None:
        """Begin anew; what is held already counts for nothing."""
        self._most, self._seen = 0, LEAST_SEEN
        self._held.clear()
        tracemalloc.stop()
        tracemalloc.start(FRAMES)
        signal.signal(signal.SIGPROF, self._look)
        self._look_again()

    def _look_again(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, LOOK_SECONDS)

    def _look(self, _: int, __: FrameType | None) -> None:
        held = tracemalloc.get_traced_memory()[0]
        self._most = max(self._most, held)
        if held > self._seen * GROWN:
            self._seen = held
            self._note()
        self._look_again()

    def _note(self) -> None:
        self._held.clear()
        for trace in tracemalloc.take_snapshot().traces:
            files = (frame.filename for frame in reversed(trace.traceback))
            self._held[layer_of(files)] += trace.size

    def found(self) -> Held:
        """Give the most bytes that were held at a look, and those of each layer near it."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        most = max(self._most, tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        return {"peak": most, "held": self._held}
