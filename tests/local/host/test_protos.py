"""The stand-ins refuse what protobuf refuses."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from local.host import protos

REFUSED: list[tuple[Callable[..., object], dict[str, object], type[Exception]]] = [
    (protos.RpcException, {"reason": "no such field"}, TypeError),
    (protos.RpcException, {"message": 1}, TypeError),
    (protos.RpcException, {"message": b"bytes"}, TypeError),
    (protos.RpcException, {"message": "\ud800"}, TypeError),
    (protos.StatusResult, {"status": "1"}, TypeError),
    (protos.StatusResult, {"status": 1, "exception": "text"}, TypeError),
    (protos.RpcHttp, {"headers": {"a": 1}}, TypeError),
    (protos.RpcHttp, {"headers": [("a", "b")]}, TypeError),
    (protos.RpcHttp, {"status_code": 200}, TypeError),
    (protos.RpcHttp, {"body": b"bytes"}, TypeError),
    (protos.RpcHttp, {"cookies": ["a=1"]}, TypeError),
    (protos.NullableDouble, {"value": "1"}, TypeError),
    (protos.NullableBool, {"value": "true"}, TypeError),
    (protos.RpcRetryOptions, {"max_retry_count": 1, "retry_strategy": "fixed"}, ValueError),
    (protos.RpcRetryOptions, {"max_retry_count": "1", "retry_strategy": "fixed_delay"}, TypeError),
    (protos.TypedData, {"text": "no such kind"}, ValueError),
    (protos.TypedData, {"string": "one", "json": "two"}, ValueError),
    (protos.TypedData, {"string": b"bytes"}, TypeError),
    (protos.TypedData, {"bytes": "text"}, TypeError),
    (protos.TypedData, {"json": {}}, TypeError),
    (protos.TypedData, {"int": "1"}, TypeError),
    (protos.TypedData, {"http": {}}, TypeError),
]


@pytest.mark.parametrize(("message", "given", "error"), REFUSED)
def test_a_message_refuses_what_it_cannot_hold(
    message: Callable[..., object], given: dict[str, object], error: type[Exception]
) -> None:
    """Unknown fields, wrong types, unknown labels and two kinds at once are refused."""
    with pytest.raises(error):
        message(**given)


@pytest.mark.parametrize(
    ("kind", "value"), [("string", ""), ("json", "{}"), ("bytes", b"\0"), ("int", 3), ("double", 2)]
)
def test_typed_data_has_one_kind(kind: str, value: object) -> None:
    """The kind can be asked for, and the other kinds give their defaults."""
    data = protos.TypedData(**{kind: value})
    assert data.WhichOneof("data") == kind
    assert getattr(data, kind) == value
    assert getattr(data, "string" if kind != "string" else "json") == ""


def test_typed_data_may_be_unset() -> None:
    """None is the same as not given, as in protobuf."""
    assert protos.TypedData(string=None).WhichOneof("data") is None


def test_other_attributes_and_groups_do_not_exist() -> None:
    """A misspelt kind or group is an error."""
    with pytest.raises(AttributeError, match="strnig"):
        _ = protos.TypedData(string="x").strnig
    with pytest.raises(ValueError, match="oneof"):
        protos.TypedData(string="x").WhichOneof("date")
    with pytest.raises(ValueError, match="oneof"):
        protos.RpcHttp().WhichOneof("data")
    with pytest.raises(ValueError, match="oneof"):
        protos.ParameterBinding(name="x", data=None).WhichOneof("data")


def test_what_fits_is_taken() -> None:
    """Nested messages, mappings, lists and durations of the right types are held as they are."""
    options = protos.RpcRetryOptions(
        max_retry_count=3, retry_strategy="fixed_delay", delay_interval=timedelta(seconds=1)
    )
    assert options.delay_interval == timedelta(seconds=1)
    cookie = protos.RpcHttpCookie(name="a", value="b", same_site=protos.RpcHttpCookie.SameSite.Lax)
    http = protos.RpcHttp(headers={"a": "b"}, cookies=[cookie], body=protos.TypedData(bytes=b"x"))
    assert http.body.WhichOneof("data") == "bytes"
    assert getattr(protos.RpcHttpCookie.SameSite, "None") == 0
