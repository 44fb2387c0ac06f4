"""Kubernetes objects in a file, as `kubectl get -o yaml` and GitOps repositories have them.

YAML is read as kubectl reads it (sigs.k8s.io/yaml over go-yaml v2), not as PyYAML would by itself:
`01:00` is text and not a number to the base of 60, a date is text, `08` is the number 8, and `010`
is the number 8 as well. What is a number there is a number here, so that a check finds what the
API server would refuse.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml

from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.plain_text import one_line

FIELD: Final = "FILE"
STDIN: Final = "-"
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_VALUES: Final = 2_000_000
"""A few lines of aliases to aliases are more than a machine has room for."""

_DEEPEST: Final = 100
_MERGE, _TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
_KEPT = ("tag:yaml.org,2002:bool", _MERGE, "tag:yaml.org,2002:null")
_INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

type Json = dict[str, object]


# Not libyaml's loader, which is faster: it overflows the process's stack where this one raises.
class _Loader(yaml.SafeLoader):
    """Reads a scalar as Go does, and refuses a name that stands twice in one object."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401, FBT001, FBT002 - PyYAML's own
        seen = set[str]()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = f"'{one_line(key.value)}' stands twice in one object"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
                # Names are text in JSON: 1 and true would be one name in Python.
                key.tag = key.tag if key.tag == _MERGE else _TEXT
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag in _KEPT]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_INT_TAG, _FLOAT_TAG = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_Loader.add_implicit_resolver(_INT_TAG, re.compile(rf"(?:{_INT.pattern})\Z"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    _FLOAT_TAG, re.compile(rf"(?:{_FLOAT.pattern})\Z"), list("-+.0123456789")
)


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", text)
    return int(f"{octal[1]}0o{octal[2]}", 0) if octal else int(text, 0)


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float | int:
    number = float(str(loader.construct_scalar(node)))
    return int(number) if number.is_integer() else number


_Loader.add_constructor(_INT_TAG, _int)
_Loader.add_constructor(_FLOAT_TAG, _float)


def read_manifests(file: str) -> list[Json]:
    """Read the objects of a file, or of standard input (`-`); raises InvalidInput.

    YAML with any number of documents, or JSON, which is read as such first.
    """
    name = "standard input" if file == STDIN else file
    try:
        content = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput.because(FIELD, name, error.strerror or "cannot be read") from error
    if len(content) > MOST_BYTES:
        raise InvalidInput.because(FIELD, name, f"must be at most {MOST_BYTES} bytes")
    return list(_objects(name, _documents(name, content)))


def _documents(name: str, content: bytes) -> list[object]:
    try:
        return [json.loads(content, object_pairs_hook=_once)]
    except (ValueError, RecursionError):
        pass
    try:
        return list(yaml.load_all(content, _Loader))
    except yaml.YAMLError as error:
        raise InvalidInput.because(FIELD, name, f"is not YAML: {_told(error)}") from error
    except RecursionError as error:
        raise InvalidInput.because(FIELD, name, "is nested too deeply") from error
    except (ValueError, OverflowError) as error:
        raise InvalidInput.because(FIELD, name, f"is not YAML: {one_line(str(error))}") from error


def _told(error: yaml.YAMLError) -> str:
    """Say what and where: PyYAML's own text has several lines."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        return f"line {mark.line + 1}, column {mark.column + 1}: {one_line(what, 160)}"
    return one_line(str(error).replace("\n", " "), 160)


def _once(pairs: list[tuple[str, object]]) -> Json:
    """Refuse a name that stands twice; YAML's own message then says where."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _objects(name: str, documents: list[object]) -> Iterator[Json]:
    values = _Values(name)
    for document in documents:
        if document is None:
            continue
        plain = values.plain(document)
        if not isinstance(plain, dict):
            raise InvalidInput.because(FIELD, name, "must hold objects, as kubectl writes them")
        yield plain


class _Values:
    """Copies what was read into plain JSON, as far as there is room for it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = MOST_VALUES

    def plain(self, value: object, depth: int = 0) -> object:
        """Give a value with text for its keys; raises InvalidInput for too many, or too deep."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            rule = f"must hold at most {MOST_VALUES:,} values, nested at most {_DEEPEST} deep"
            raise InvalidInput.because(FIELD, self._name, rule)
        if isinstance(value, Mapping):
            return {_key(key): self.plain(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple | set):
            return [self.plain(each, depth + 1) for each in value]
        if value is None or isinstance(value, str | int | float):
            return value
        return str(value)


def _key(key: object) -> str:
    return key if isinstance(key, str) else json.dumps(key, default=str)
