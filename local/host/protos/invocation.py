"""One call of one function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from local.host.protos.checked import Message
from local.host.protos.indexing import RpcException, StatusResult
from local.host.protos.values import ParameterBinding, TypedData


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcTraceContext(Message):
    """The W3C trace context of the call."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryContext(Message):
    """Which attempt this is under the function's own retry policy."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: RpcException = field(default_factory=RpcException)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRequest(Message):
    """Asks the worker to call a function."""

    invocation_id: str
    function_id: str
    input_data: Sequence[ParameterBinding]
    trigger_metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace_context: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry_context: RetryContext = field(default_factory=RetryContext)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResponse(Message):
    """What calling a function came to."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()
