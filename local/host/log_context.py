"""Which invocation a line of the log belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from local.host.worker_library import thread_invocation_id


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function and the id of one call of it."""

    function: str
    id: str


_in_task: Final[ContextVar[Invocation | None]] = ContextVar("invocation", default=None)
_by_id: Final[dict[str, Invocation]] = {}


@contextmanager
def running(function: str, invocation_id: str) -> Iterator[None]:
    """Mark what is done inside as part of an invocation; within itself it changes nothing."""
    invocation = Invocation(function, invocation_id)
    token = _in_task.set(invocation)
    _by_id[invocation_id] = invocation
    try:
        yield
    finally:
        _by_id.pop(invocation_id, None)
        _in_task.reset(token)


def current_invocation() -> Invocation | None:
    """Give the invocation of the current task, or of the current thread of the pool."""
    in_thread = thread_invocation_id()
    return _in_task.get() if in_thread is None else _by_id.get(in_thread)
