"""How a route of the HTTP API is declared.

Its registration with the worker, its validation and its part of `GET /api/openapi.json` all come
from the one declaration, which is the handler's signature:

    routes = Routes()

    @routes.get("clusters/{subscriptionId}/{resourceGroup}/{name}", problems=ASKS_AZURE)
    async def show_cluster(path: ClusterPath, query: ShowQuery) -> Ok[LiveClusterJson]:
        '''Show one cluster as ARM has it now.'''

- Parameters are named for where their values come from, as far as the route has them: `path`,
  `query`, `headers`, `body`, each a `Part` (functions/http/parts.py). They arrive read and
  checked. One named `req` is the worker's own request, and one named `origin` says who asks (an
  `Origin`); neither is described.
- The annotation of what is returned names the answers (functions/http/answers.py) and the types of
  their bodies: TypedDicts, given by a `to_json` of the domain, so that mypy holds them together.
- `problems` are the kinds (functions/http/problems.py) that the handler itself can end in by
  raising `RequestRefused`, `LiveReadFailed` and the like; those of every route are added here.
- `examples` are bodies by name, objects or (of a `TextBody`) texts; tests send each and want a 2xx.
- `attempted` makes a route a command: it says what a request asks for, by the parts that could be
  read, and what is refused is put on record (functions/http/on_record.py).
- The docstring is the description, its first line the summary.

`function_app.py` registers `routes.blueprint`, and functions/api/describe.py lists `routes`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypedDict, Unpack, get_args, get_origin, get_type_hints

import azure.functions as func
from msgspec import Struct, field

from functions.http.answering import answer, found_in, problem
from functions.http.answers import Answer
from functions.http.asked import Request, correlation_id_of
from functions.http.compressing import compressed
from functions.http.on_record import Attempted, put_on_record
from functions.http.parts import Part
from functions.http.problems import (
    BODY_TOO_LARGE,
    INVALID_REQUEST,
    INVALID_SETTING,
    NOT_JSON,
    STORAGE_UNAVAILABLE,
    ProblemKind,
)
from functions.http.reading import read_body, read_headers, read_path, read_query
from shared.domain.messages.audit import CORRELATION_HEADER

type Handler = Callable[..., Awaitable[Answer]]
type Examples = Mapping[str, Mapping[str, object] | str]

READERS: Final = MappingProxyType(
    {"path": read_path, "query": read_query, "headers": read_headers, "body": read_body}
)
NO_QUERY: Final = Part
KINDS: Final = tuple(get_origin(kind) for kind in get_args(Answer.__value__))


class _More(TypedDict, total=False):
    """What only some routes have."""

    anonymous: bool
    attempted: Attempted | None


class Route(Struct, frozen=True):
    """One declared route; `answers` are the types of the bodies by their kind of answer."""

    method: str
    path: str
    handler: Handler
    parts: Mapping[str, type[Part]]
    answers: Mapping[type[Answer], object]
    problems: Sequence[ProblemKind]
    examples: Examples
    anonymous: bool = False
    attempted: Attempted | None = None

    async def answered(self, req: func.HttpRequest) -> func.HttpResponse:
        """Read the request, call the handler, and answer; what it raises is a problem."""
        request = Request(req, correlation_id_of(req))
        try:
            response = answer(await self._handled(request))
        except Exception as error:  # noqa: BLE001 - what is no problem is raised again
            found = found_in(error)
            if self.attempted:
                await put_on_record(self.attempted, request, found)
            response = problem(found, request.correlation_id)
        response.headers[CORRELATION_HEADER] = request.correlation_id
        if path := response.headers.get("Location"):
            response.headers["Location"] = request.address(path)
        return compressed(response, request.accepts)

    async def _handled(self, request: Request) -> Answer:
        request.read(self.parts, READERS)
        given: dict[str, object] = {n: p for n, p in request.parts.items() if self._wants(n)}
        if self._wants("req"):
            given["req"] = request.req
        if self._wants("origin"):
            given["origin"] = request.origin
        return await self.handler(**given)

    def _wants(self, name: str) -> bool:
        return name in self.handler.__annotations__


class Routes(Struct, frozen=True):
    """The routes of one concern, and the blueprint that they are registered with."""

    blueprint: func.Blueprint = field(default_factory=func.Blueprint)
    declared: list[Route] = field(default_factory=list)

    def get(
        self, path: str, *, problems: Sequence[ProblemKind] = (), anonymous: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declare what a GET of the path does."""
        return self._declare("GET", path, problems, {}, anonymous=anonymous)

    def post(
        self,
        path: str,
        *,
        problems: Sequence[ProblemKind] = (),
        examples: Examples,
        attempted: Attempted | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare what a POST to the path does."""
        return self._declare("POST", path, problems, examples, attempted=attempted)

    def put(
        self,
        path: str,
        *,
        problems: Sequence[ProblemKind] = (),
        examples: Examples,
        attempted: Attempted | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare what a PUT to the path does."""
        return self._declare("PUT", path, problems, examples, attempted=attempted)

    def delete(
        self,
        path: str,
        *,
        problems: Sequence[ProblemKind] = (),
        attempted: Attempted | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare what a DELETE of the path does."""
        return self._declare("DELETE", path, problems, {}, attempted=attempted)

    def _declare(
        self,
        method: str,
        path: str,
        problems: Sequence[ProblemKind],
        examples: Examples,
        **more: Unpack[_More],
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            parts = _parts(handler)
            route = Route(
                method,
                path,
                handler,
                parts,
                _answers(handler),
                (*_of_every_route(has_body="body" in parts), *problems),
                examples,
                **more,
            )
            self.declared.append(route)
            self._register(route)
            return handler

        return declare

    def _register(self, route: Route) -> None:
        """Register a function that the worker can index: by its name, with one `req`."""

        async def function(req: func.HttpRequest) -> func.HttpResponse:
            return await route.answered(req)

        function.__name__ = function.__qualname__ = route.handler.__name__
        function.__module__, function.__doc__ = route.handler.__module__, route.handler.__doc__
        level = func.AuthLevel.ANONYMOUS if route.anonymous else func.AuthLevel.FUNCTION
        self.blueprint.route(route.path, methods=[route.method], auth_level=level)(function)


def _parts(handler: Handler) -> dict[str, type[Part]]:
    """Read which parts a handler wants; a query that it does not want has to be empty."""
    hints = get_type_hints(handler, include_extras=True)
    return {"query": NO_QUERY} | {name: hints[name] for name in READERS if name in hints}


def _answers(handler: Handler) -> dict[type[Answer], object]:
    """Read the kinds of answers, each with the type of its body."""
    returned = get_type_hints(handler, include_extras=True)["return"]
    kinds = (returned,) if get_origin(returned) in KINDS else get_args(returned)
    return {get_origin(kind): get_args(kind)[0] for kind in kinds}


def _of_every_route(*, has_body: bool) -> tuple[ProblemKind, ...]:
    of_bodies = (BODY_TOO_LARGE, NOT_JSON) if has_body else ()
    return (INVALID_REQUEST, *of_bodies, INVALID_SETTING, STORAGE_UNAVAILABLE)
