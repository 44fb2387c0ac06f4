"""The little of azure_functions_runtime that this host calls, with types."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol

import azure_functions_runtime as library
from azure_functions_runtime import handle_event
from azure_functions_runtime.functions import Registry

from local.host import protos
from local.host.protos import (
    FunctionLoadRequest,
    FunctionLoadResponse,
    FunctionMetadataResponse,
    InvocationRequest,
    InvocationResponse,
    WorkerInitRequest,
    WorkerInitResponse,
)


class Functions(Protocol):
    """The worker library's registry of the functions of one app."""


@dataclass(frozen=True, slots=True)
class _Verbs:
    worker_init_request: WorkerInitRequest | None = None
    functions_metadata_request: object = None
    function_load_request: FunctionLoadRequest | None = None
    invocation_request: InvocationRequest | None = None


@dataclass(frozen=True, slots=True)
class _StreamingMessage:
    request: _Verbs
    properties: dict[str, object]


def start_threads() -> None:
    """Start the pool that synchronous functions run in, sized as in production."""
    library.start_threadpool_executor()


def index(request: WorkerInitRequest) -> tuple[WorkerInitResponse, Functions]:
    """Import and index an app into a registry of its own."""
    handle_event._functions = registry = Registry()  # noqa: SLF001 - the library has one for ever
    init: Coroutine[object, None, WorkerInitResponse] = library.worker_init_request(
        _message(_Verbs(worker_init_request=request))
    )
    return _at_once(init), registry


def metadata() -> FunctionMetadataResponse:
    """Give the metadata of the app that was indexed last."""
    answer: Coroutine[object, None, FunctionMetadataResponse] = library.functions_metadata_request(
        _message(_Verbs())
    )
    return _at_once(answer)


def load(request: FunctionLoadRequest) -> FunctionLoadResponse:
    """Make a function ready."""
    answer: Coroutine[object, None, FunctionLoadResponse] = library.function_load_request(
        _message(_Verbs(function_load_request=request))
    )
    return _at_once(answer)


async def invoke(request: InvocationRequest, registry: Functions) -> InvocationResponse:
    """Call a function of the app whose registry it is.

    The library looks functions up in its one registry before it first suspends, so setting it
    right before the call is enough for several apps side by side.
    """
    handle_event._functions = registry  # noqa: SLF001 - the library has one for ever
    answer: InvocationResponse = await library.invocation_request(
        _message(_Verbs(invocation_request=request))
    )
    return answer


def thread_invocation_id() -> str | None:
    """Give the id of the invocation that the current thread of the pool runs."""
    invocation_id: str | None = library.invocation_id_cv.get()
    return invocation_id


def _message(verbs: _Verbs) -> _StreamingMessage:
    return _StreamingMessage(verbs, {"protos": protos, "host": "127.0.0.1"})


def _at_once[T](answer: Coroutine[object, None, T]) -> T:
    # The library's handlers before the first invocation are coroutines that never suspend,
    # so they need no event loop, and tests can load an app inside one.
    try:
        answer.send(None)
    except StopIteration as finished:
        value: T = finished.value
        return value
    answer.close()
    raise RuntimeError("the worker library waits for something while it loads the app")
