"""Closed constructors whose values are checked as protobuf checks them."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import ClassVar, get_args, get_origin, get_type_hints


class Message:
    """What every message has: a value that protobuf would refuse is refused here too."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Raise a TypeError that names the field whose value is of a wrong type."""
        own: object = type(self)
        for name, accepted in field_types(own).items():
            value = getattr(self, name)
            if not fits(value, accepted):
                raise TypeError(f"{type(self).__name__}.{name} cannot be {value!r}")

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's own name
        """Name the member of a oneof group that is set; messages without groups refuse."""
        raise ValueError(f"{type(self).__name__} has no oneof {group!r}")


@cache
def field_types(message: object) -> Mapping[str, object]:
    """Give the declared type of each field of a message."""
    hints: dict[str, object] = get_type_hints(message)
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def fits(value: object, accepted: object) -> bool:
    """Tell whether a value can stand in a field of the accepted type."""
    origin, arguments = get_origin(accepted), get_args(accepted)
    if origin is UnionType:
        return any(fits(value, one) for one in arguments)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            fits(key, arguments[0]) and fits(held, arguments[1]) for key, held in value.items()
        )
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(fits(one, arguments[0]) for one in value)
    return _is_scalar(value, accepted)


def _is_scalar(value: object, accepted: object) -> bool:
    if accepted is str:
        return isinstance(value, str) and _is_utf8(value)
    if accepted is float:
        return isinstance(value, int | float)
    return isinstance(accepted, type) and isinstance(value, accepted)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
