"""The values that go in and out of an invocation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from local.host.protos.checked import Message, fits

# What protobuf gives for a kind that is not set; each kind takes values of its default's type.
_KINDS: Final[dict[str, object]] = {"string": "", "json": "", "bytes": b"", "int": 0, "double": 0.0}


class TypedData(Message):
    """A value of exactly one kind, or of none: protobuf's unset message.

    `TypedData(json="{}")` has the kind `json`; reading another kind gives protobuf's default.
    """

    __slots__ = ("_kind", "_value")

    def __init__(self, **kinds: object) -> None:
        """Raise a ValueError for an unknown kind or for two, a TypeError for a wrong value."""
        given = {kind: value for kind, value in kinds.items() if value is not None}
        if not kinds.keys() <= _KINDS.keys() or len(given) > 1:
            raise ValueError(f"TypedData takes one of {', '.join(_KINDS)}, not {sorted(kinds)}")
        self._kind: str | None
        self._value: object
        self._kind, self._value = next(iter(given.items()), (None, None))
        if self._kind is not None and not fits(self._value, type(_KINDS[self._kind])):
            raise TypeError(f"TypedData.{self._kind} cannot be {self._value!r}")

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's own name
        """Name the kind that is set."""
        return self._kind if group == "data" else super().WhichOneof(group)

    def __getattr__(self, kind: str) -> object:
        if kind not in _KINDS:
            raise AttributeError(f"TypedData has no kind {kind!r}")
        return self._value if kind == self._kind else _KINDS[kind]

    def __repr__(self) -> str:
        return f"TypedData({self._kind}={self._value!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterBinding(Message):
    """The value of one parameter."""

    name: str
    data: TypedData | None

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's own name
        """Name the way the value travels: `data`, the only one that this host uses."""
        return "data" if group == "rpc_data" else super(ParameterBinding, self).WhichOneof(group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp(Message):
    """Seconds since 1970 in UTC (google.protobuf.Timestamp)."""

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableString(Message):
    """A text that may be absent."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableBool(Message):
    """A truth value that may be absent."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableDouble(Message):
    """A number that may be absent."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableTimestamp(Message):
    """An instant that may be absent."""

    value: Timestamp


class CookieSameSite:
    """The numbers of a cookie's SameSite."""

    Lax: Final = 1
    Strict: Final = 2
    ExplicitNone: Final = 3


# The label of 0 is Python's keyword; the worker library reads it with getattr too.
setattr(CookieSameSite, "None", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcHttpCookie(Message):
    """One cookie that a response sets; `max_age` is in seconds."""

    SameSite: ClassVar[type[CookieSameSite]] = CookieSameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: int = 0
    max_age: NullableDouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcHttp(Message):
    """A request, or a response: the worker answers with the status code as text."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: TypedData = field(default_factory=TypedData)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    status_code: str = ""
    enable_content_negotiation: bool = False
    cookies: Sequence[RpcHttpCookie] | None = None


_KINDS["http"] = RpcHttp()
