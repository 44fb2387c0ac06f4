"""The HTTP response that a function's return value stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.cookies import SimpleCookie

from local.host.protos import RpcHttp, RpcHttpCookie, TypedData


class NotAResponse(Exception):
    """The function gave something back that cannot be sent."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response: `cookies` are whole Set-Cookie values."""

    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: tuple[str, ...] = ()


def read_response(value: TypedData | None) -> HttpResponse:
    """Read a return value: nothing is an empty 200, a text is a 200 of text/plain."""
    kind = None if value is None else value.WhichOneof("data")
    if value is None or kind is None:
        return HttpResponse()
    held = getattr(value, kind)
    if isinstance(held, RpcHttp):
        return _whole(held)
    body = held if isinstance(held, bytes) else str(held).encode()
    return HttpResponse(headers={"content-type": "text/plain; charset=utf-8"}, body=body)


def _whole(answer: RpcHttp) -> HttpResponse:
    if not answer.status_code.isdecimal():
        raise NotAResponse(f"the status code is {answer.status_code!r}")
    kind = answer.body.WhichOneof("data")
    body = getattr(answer.body, kind) if kind else b""
    return HttpResponse(
        int(answer.status_code),
        answer.headers,
        body if isinstance(body, bytes) else str(body).encode(),
        tuple(_set_cookie(cookie) for cookie in answer.cookies or ()),
    )


def _set_cookie(cookie: RpcHttpCookie) -> str:
    jar: SimpleCookie = SimpleCookie()
    jar[cookie.name] = cookie.value
    morsel = jar[cookie.name]
    morsel["domain"] = cookie.domain.value if cookie.domain else ""
    morsel["path"] = cookie.path.value if cookie.path else ""
    morsel["secure"] = bool(cookie.secure and cookie.secure.value)
    morsel["httponly"] = bool(cookie.http_only and cookie.http_only.value)
    morsel["samesite"] = {1: "Lax", 2: "Strict", 3: "None"}.get(cookie.same_site, "")
    if cookie.max_age is not None:
        morsel["max-age"] = str(int(cookie.max_age.value))
    if cookie.expires is not None:
        instant = datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
        morsel["expires"] = format_datetime(instant, usegmt=True)
    return morsel.OutputString()
