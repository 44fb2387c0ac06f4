"""Plain stand-ins for the protobuf messages between the Functions host and the Python worker.

The worker library is handed this package as its namespace of messages, and never imports protobuf.
Names, fields and numbers are those of Azure/azure-functions-language-worker-protobuf,
FunctionRpc.proto; fields that neither side uses here are left out, and so refused.
"""

from local.host.protos.indexing import (
    BindingInfo,
    FunctionLoadRequest,
    FunctionLoadResponse,
    FunctionMetadataResponse,
    RpcException,
    RpcFunctionMetadata,
    RpcRetryOptions,
    StatusResult,
    WorkerInitRequest,
    WorkerInitResponse,
    WorkerMetadata,
)
from local.host.protos.invocation import (
    InvocationRequest,
    InvocationResponse,
    RetryContext,
    RpcTraceContext,
)
from local.host.protos.values import (
    NullableBool,
    NullableDouble,
    NullableString,
    NullableTimestamp,
    ParameterBinding,
    RpcHttp,
    RpcHttpCookie,
    Timestamp,
    TypedData,
)

__all__ = [
    "BindingInfo",
    "FunctionLoadRequest",
    "FunctionLoadResponse",
    "FunctionMetadataResponse",
    "InvocationRequest",
    "InvocationResponse",
    "NullableBool",
    "NullableDouble",
    "NullableString",
    "NullableTimestamp",
    "ParameterBinding",
    "RetryContext",
    "RpcException",
    "RpcFunctionMetadata",
    "RpcHttp",
    "RpcHttpCookie",
    "RpcRetryOptions",
    "RpcTraceContext",
    "StatusResult",
    "Timestamp",
    "TypedData",
    "WorkerInitRequest",
    "WorkerInitResponse",
    "WorkerMetadata",
]
