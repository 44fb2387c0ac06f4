"""The API's own description, OpenAPI 3.1, made from what the routes declare.

The schemas are msgspec's, of the structs that read requests and of the types that answers are
given in; nothing is described a second time.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Final, get_args

import msgspec

from functions.http.answers import CALENDAR, YAML, Answer, AsCalendar, AsYaml, NotModified, Tagged
from functions.http.parts import Part, TextBody, without_none
from functions.http.problems import WRITES_TO_AZURE, ProblemJson, ProblemKind
from functions.http.routes import Route
from shared.domain.messages.audit import CORRELATION_HEADER

type Json = dict[str, object]

REF: Final = "#/components/schemas/{name}"
TITLE: Final = "naptime"
VERSION: Final = "1"
PLACES: Final = {"path": "path", "query": "query", "headers": "header"}
WITHOUT_A_SCHEMA: Final = (AsCalendar, NotModified)
COMES_BACK: Final = frozenset({429, 503})
AZURES_OWN: Final = frozenset(kind.reason for kind in WRITES_TO_AZURE)
RETRY_AFTER: Final = {"Retry-After": "In how many seconds to come back."}
OF_EVERY_ANSWER: Final = {CORRELATION_HEADER: "The GUID of the request: its own, or made."}
NO_KEY: Final = {"description": "The function key is missing or wrong; made by the Functions host."}


class Schemas:
    """The schemas of types, and the components that they refer to."""

    def __init__(self, types: Iterable[object]) -> None:
        """Make them all at once, so that each name means one type."""
        self._types = [*dict.fromkeys(types)]
        made, components = msgspec.json.schema_components(
            self._types, schema_hook=_any_value, ref_template=REF
        )
        self._made = [_plain_names(schema) for schema in made]
        self.components: Json = _plain_names(components)

    def of(self, kind: object) -> Json:
        """Give the schema of a type, which may be a reference."""
        return self._made[self._types.index(kind)]

    def of_body(self, kind: object) -> Json:
        """Give the schema of a body, which may be one of several types."""
        schemas = [self.of(member) for member in _members(kind)]
        return {"anyOf": schemas} if len(schemas) > 1 else schemas[0]


def describe(routes: Sequence[Route]) -> Json:
    """Describe routes as an OpenAPI 3.1 document."""
    schemas = Schemas(_types(routes))
    paths: defaultdict[str, Json] = defaultdict(dict)
    for route in routes:
        paths[f"/api/{route.path}"][route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": _DESCRIPTION},
        "paths": dict(paths),
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-functions-key"}
            },
        },
    }


_DESCRIPTION: Final = (
    "Keeps an explicit node OS maintenance window on every AKS cluster with node "
    "auto-provisioning. Errors are problems (RFC 9457); docs/problems.md has each "
    "`reason`. A path that is not known, a wrong method included, is a 404 without a body, made by "
    "the Functions host."
)


def _types(routes: Iterable[Route]) -> Iterable[object]:
    yield ProblemJson
    for route in routes:
        for kind, body in route.answers.items():
            if kind not in WITHOUT_A_SCHEMA:
                yield from _members(body)
        if "body" in route.parts and not issubclass(route.parts["body"], TextBody):
            yield route.parts["body"]
        for place in PLACES:
            for field in _fields(route.parts.get(place)):
                yield without_none(field.type)


def _members(body: object) -> tuple[object, ...]:
    """Take a union apart: msgspec reads no unions of TypedDicts."""
    return get_args(body) if isinstance(body, UnionType) else (body,)


def _fields(kind: type[Part] | None) -> Sequence[msgspec.structs.FieldInfo]:
    return msgspec.structs.fields(kind) if kind else ()


def _operation(route: Route, schemas: Schemas) -> Json:
    text = inspect.getdoc(route.handler) or ""
    parameters = [
        _parameter(field, place, schemas)
        for part, place in PLACES.items()
        for field in _fields(route.parts.get(part))
    ]
    operation: Json = {
        "operationId": route.handler.__name__,
        "summary": text.partition("\n")[0],
        "description": text,
        "parameters": parameters,
        "responses": _responses(route, schemas),
        "security": [] if route.anonymous else [{"key": []}],
    }
    if "body" in route.parts:
        operation["requestBody"] = _request_body(route, schemas)
    return operation


def _parameter(field: msgspec.structs.FieldInfo, place: str, schemas: Schemas) -> Json:
    schema = dict(schemas.of(without_none(field.type)))
    if not field.required and field.default not in {None, msgspec.NODEFAULT}:
        schema["default"] = msgspec.to_builtins(field.default)
    return {"name": field.encode_name, "in": place, "required": field.required, "schema": schema}


def _request_body(route: Route, schemas: Schemas) -> Json:
    examples = {
        re.sub(r"[^A-Za-z0-9]+", "-", name): {"summary": name, "value": value}
        for name, value in route.examples.items()
    }
    body = route.parts["body"]
    if issubclass(body, TextBody):
        # The limit is one of bytes, and its answer a 413; maxLength would count characters.
        schema: Json = {"type": "string"}
        return {
            "required": True,
            "content": {body.media_type: {"schema": schema, "examples": examples}},
        }
    content = {"schema": schemas.of(body), "examples": examples}
    return {"required": True, "content": {"application/json": content}}


def _responses(route: Route, schemas: Schemas) -> Json:
    responses: Json = {
        str(kind.status): _answer(kind, body, schemas) for kind, body in route.answers.items()
    }
    by_status: defaultdict[int, list[ProblemKind]] = defaultdict(list)
    for problem in route.problems:
        by_status[problem.status].append(problem)
    responses |= {
        str(status): _problem(status, kinds, schemas) for status, kinds in sorted(by_status.items())
    }
    return responses if route.anonymous else {**responses, "401": NO_KEY}


def _answer(kind: type[Answer], body: object, schemas: Schemas) -> Json:
    headers = _headers(kind.header_texts, required=kind is not Tagged)
    if kind is NotModified:
        return {"description": kind.told, "headers": headers}
    if kind is AsCalendar:
        text = {CALENDAR: {"schema": {"type": "string"}}}
        return {"description": kind.told, "headers": headers, "content": text}
    content: Json = {"application/json": {"schema": schemas.of_body(body)}}
    if kind is AsYaml:
        content[YAML] = {"schema": {"type": "object", "description": "YAML, with notes."}}
    return {"description": kind.told, "headers": headers, "content": content}


def _headers(texts: Mapping[str, str], *, required: bool = True) -> Json:
    own: Json = {name: _header(text, required=required) for name, text in texts.items()}
    return own | {name: _header(text, required=True) for name, text in OF_EVERY_ANSWER.items()}


def _header(text: str, *, required: bool) -> Json:
    return {"description": text, "required": required, "schema": {"type": "string"}}


def _problem(status: int, kinds: Sequence[ProblemKind], schemas: Schemas) -> Json:
    reasons = [kind.reason for kind in kinds]
    # What Azure refuses now it may grant later, whatever the status: some refusals say when.
    comes, may_come = status in COMES_BACK, not AZURES_OWN.isdisjoint(reasons)
    schema = {
        "allOf": [
            schemas.of(ProblemJson),
            {"properties": {"reason": {"enum": reasons}, "status": {"const": status}}},
        ]
    }
    return {
        "description": " ".join(f"`{kind.reason}`: {kind.title}" for kind in kinds),
        "headers": _headers(RETRY_AFTER if comes or may_come else {}, required=comes),
        "content": {"application/problem+json": {"schema": schema}},
    }


def _any_value(kind: type) -> Json:
    """Describe `object`, msgspec's only unknown here: a value that Azure decides on."""
    if kind is object:
        return {"description": "Any JSON value, as Azure has it."}
    raise NotImplementedError


def _plain_names(schemas: object) -> Json:
    """Take the `Json` off the names of types: Outcome, PageOfOutcome; and write ends as ECMA does.

    Patterns of schemas are ECMA's, whose `$` is the end and nothing else.
    """
    text = msgspec.json.encode(schemas).decode().replace('\\\\Z"', '$"')
    text = re.sub(r"\bPageJson_(\w+?)Json_(?=[\"\W])", r"PageOf\1", text)
    return msgspec.json.decode(re.sub(r"\b([A-Z]\w*?)Json\b", r"\1", text), type=dict[str, object])
