"""Functions of ARM templates whose result depends on their arguments alone.

As far as naptime's templates use them; MicrosoftDocs "ARM template functions".
"""

import base64
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from uuid import UUID, uuid5

from local.azure.deploying.expressions import TemplateIsInvalidError

# The name space of ARM's guid() (found by comparing with what the real engine gives).
_GUIDS = UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")


def text_of(value: object) -> str:
    """Give a value as `string` and `format` do."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(value)
    return json.dumps(value, separators=(",", ":"))


def unique(*parts: object) -> str:
    """Give thirteen characters that are the same for the same arguments; ARM's are others."""
    digest = sha256("-".join(map(text_of, parts)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def format_text(template: object, *values: object) -> str:
    """Put values into `{0}`; a doubled brace is one."""
    shown = [text_of(each) for each in values]
    return text_of(template).format(*shown)


def get(of: object, key: object) -> object:
    """Give a member, None where there is none: names of objects are compared without case."""
    if isinstance(of, dict):
        wanted = text_of(key).lower()
        return next((each for name, each in of.items() if name.lower() == wanted), None)
    if isinstance(of, list) and isinstance(key, int) and 0 <= key < len(of):
        return of[key]
    return None


def _union(*values: object) -> object:
    if all(isinstance(each, dict) for each in values):
        return {
            name: one for each in values if isinstance(each, dict) for name, one in each.items()
        }
    listed = [one for each in values if isinstance(each, list) for one in each]
    return [one for number, one in enumerate(listed) if one not in listed[:number]]


def _concat(*values: object) -> object:
    if all(isinstance(each, list) for each in values):
        return [one for each in values if isinstance(each, list) for one in each]
    return "".join(map(text_of, values))


def _contains(of: object, wanted: object) -> bool:
    if isinstance(of, dict):
        return any(name.lower() == text_of(wanted).lower() for name in of)
    return wanted in of if isinstance(of, list) else text_of(wanted) in text_of(of)


def _length(of: object) -> int:
    return len(of) if isinstance(of, str | list | dict) else 0


def _substring(text: object, at: object, length: object = None) -> str:
    start = int(text_of(at))
    return (
        text_of(text)[start:]
        if length is None
        else text_of(text)[start : start + int(text_of(length))]
    )


def _take(of: object, number: object) -> object:
    return of[: int(text_of(number))] if isinstance(of, str | list) else of


def _first(of: object) -> object:
    return of[0] if isinstance(of, list | str) and of else None


def _last(of: object) -> object:
    return of[-1] if isinstance(of, list | str) and of else None


def _equals(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _range(start: object, count: object) -> list[object]:
    first = int(text_of(start))
    return list(range(first, first + int(text_of(count))))


def _create_object(*pairs: object) -> object:
    return {text_of(name): value for name, value in zip(pairs[::2], pairs[1::2], strict=True)}


def _fail(message: object) -> object:
    raise TemplateIsInvalidError(text_of(message))


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def _guid(*parts: object) -> str:
    return str(uuid5(_GUIDS, "-".join(map(text_of, parts))))


def _split(text: object, by: object) -> object:
    return list(text_of(text).split(text_of(by)))


def _join(listed: object, by: object) -> str:
    return text_of(by).join(map(text_of, listed if isinstance(listed, list) else []))


def _extension_id(scope: object, kind: object, *names: object) -> str:
    return f"{text_of(scope)}/providers/{typed(text_of(kind), [text_of(each) for each in names])}"


def typed(kind: str, names: list[str]) -> str:
    """Give `Microsoft.X/as/name/bs/name` of a type and its names."""
    namespace, *types = kind.split("/")
    pairs = [f"{each}/{name}" for each, name in zip(types, names, strict=True)]
    return "/".join([namespace, *pairs])


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "add": lambda one, other: one + other,
    "bool": lambda value: text_of(value).lower() == "true",
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *values: list(values),
    "createobject": _create_object,
    "empty": _is_empty,
    "endswith": lambda text, end: text_of(text).lower().endswith(text_of(end).lower()),
    "equals": _equals,
    "extensionresourceid": _extension_id,
    "fail": _fail,
    "false": lambda: False,
    "first": _first,
    "format": format_text,
    "greater": lambda one, other: one > other,
    "guid": _guid,
    "indexof": lambda text, part: text_of(text).lower().find(text_of(part).lower()),
    "join": _join,
    "last": _last,
    "length": _length,
    "not": lambda value: not value,
    "null": lambda: None,
    "range": _range,
    "replace": lambda text, old, new: text_of(text).replace(text_of(old), text_of(new)),
    "split": _split,
    "startswith": lambda text, start: text_of(text).lower().startswith(text_of(start).lower()),
    "string": text_of,
    "sub": lambda one, other: one - other,
    "substring": _substring,
    "take": _take,
    "tolower": lambda text: text_of(text).lower(),
    "trim": lambda text: text_of(text).strip(),
    "true": lambda: True,
    "tryget": lambda of, *keys: _at(of, keys),
    "union": _union,
    "uniquestring": unique,
}


def _at(of: object, keys: tuple[object, ...]) -> object:
    for key in keys:
        of = get(of, key)
    return of
