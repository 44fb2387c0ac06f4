"""Who asks, and the id that ties a request to its answer, its record and its log line."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit
from uuid import uuid4

import azure.functions as func
from msgspec import Struct, field

from functions.http.parts import Part
from functions.http.problems import RequestRefused
from shared.domain.messages.audit import Origin, read_caller, read_correlation_id
from shared.domain.vocabulary.invalid import InvalidInput
from shared.world import app

type Reader = Callable[[func.HttpRequest, type[Part]], Part]


class Request(Struct, frozen=True):
    """The worker's own request, and what could be read of it so far."""

    req: func.HttpRequest
    correlation_id: str
    parts: dict[str, Part] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)

    def read(self, kinds: Mapping[str, type[Part]], readers: Mapping[str, Reader]) -> None:
        """Read every part that can be read; raise the first of what is wrong."""
        wrong: list[InvalidInput | RequestRefused] = []
        for name, kind in kinds.items():
            try:
                self.parts[name] = readers[name](self.req, kind)
            except (InvalidInput, RequestRefused) as error:
                wrong.append(error)
        if wrong:
            raise wrong[0]

    @property
    def origin(self) -> Origin:
        """Who asks: one object for the whole request, so that it knows its records."""
        if not self.origins:
            self.origins.append(origin_of(self.req, self.correlation_id))
        return self.origins[0]

    @property
    def accepts(self) -> str:
        """What encodings of an answer the client takes."""
        return _headers(self.req).get("accept-encoding", "")

    def address(self, path: str) -> str:
        """Give the address of a path of this app: absolute, as pollers of Azure's SDKs need it.

        The platform says by what name the app is reached. A `Host` is whatever the caller writes,
        and so is an `X-Forwarded-Host`: only one that means this very machine is taken.
        """
        return absolute(path, app().settings.host_name, self.req.url)


def absolute(path: str, host_name: str | None, url: str) -> str:
    """Give the address of a path, by the platform's name or, on this machine, a request's URL."""
    if host_name and not _is_local(host_name):
        return f"https://{host_name}{path}"
    asked = urlsplit(url)
    return f"{asked.scheme}://{asked.netloc}{path}" if _is_local(asked.netloc) else path


def _is_local(authority: str) -> bool:
    """Say whether a host and port are of this machine, as those of Functions Core Tools are."""
    return re.fullmatch(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", authority) is not None


def correlation_id_of(req: func.HttpRequest) -> str:
    """Give the caller's own id for the request, or make one."""
    return read_correlation_id(_headers(req)) or str(uuid4())


def origin_of(req: func.HttpRequest, correlation_id: str) -> Origin:
    """Say who asks, as far as the platform vouches for it."""
    caller = read_caller(_headers(req), entra=app().settings.entra)
    return Origin(caller, correlation_id)


def _headers(req: func.HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in req.headers.items()}
