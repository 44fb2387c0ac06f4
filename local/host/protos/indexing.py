"""What the host and the worker say to each other before the first invocation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final

from local.host.protos.checked import Message

RETRY_STRATEGIES: Final = ("exponential_backoff", "fixed_delay")


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcException(Message):
    """An exception as text."""

    message: str = ""
    stack_trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusResult(Message):
    """Whether something succeeded, and the exception where it did not."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerMetadata(Message):
    """What the worker says about itself."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInitRequest(Message):
    """Asks the worker to import and index the app."""

    function_app_directory: str
    capabilities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInitResponse(Message):
    """What importing and indexing the app came to."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingInfo(Message):
    """One binding of a function, without its settings."""

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str
    direction: int
    data_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcRetryOptions(Message):
    """The retry policy of a function."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuse, with a ValueError, a strategy that is no label of protobuf's enum."""
        super(RpcRetryOptions, self).__post_init__()
        if self.retry_strategy not in RETRY_STRATEGIES:
            raise ValueError(f"unknown enum label {self.retry_strategy!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcFunctionMetadata(Message):
    """One function of the app; `raw_bindings` are JSON texts as in function.json."""

    name: str
    function_id: str
    directory: str
    script_file: str
    entry_point: str
    language: str
    is_proxy: bool
    managed_dependency_enabled: bool
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    retry_options: RpcRetryOptions | None
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionMetadataResponse(Message):
    """Every function of the app; None where there is none, or no function_app.py."""

    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLoadRequest(Message):
    """Asks the worker to be ready for a function."""

    function_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLoadResponse(Message):
    """The worker is ready for a function."""

    function_id: str
    result: StatusResult
