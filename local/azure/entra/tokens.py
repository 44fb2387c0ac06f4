"""Tokens: issued as a managed identity's end point issues them, and checked as ARM checks them.

They live by this machine's clock, not by the simulated one: clients measure `expires_on` with
theirs, and a simulated week must not take their tokens away.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from local.azure.arm.errors import AzureRefusal
from local.azure.json_values import JsonObject, as_object, as_text, parse, whole_number

APP_SERVICE_PATH = "/msi/token"
VIRTUAL_MACHINE_PATH = "/metadata/identity/oauth2/token"
TENANT_ID = "72f988bf-0000-4000-8000-2d7cd011db47"
DEFAULT_CLIENT_ID = "0a6f8b2e-5c1d-4e3f-9a7b-1c2d3e4f5a6b"
ARM_AUDIENCES = frozenset(
    {"https://management.azure.com", "https://management.core.windows.net"},
)
# A managed identity's token lives for a day, a service principal's for an hour.
_LIFETIME = timedelta(hours=24)
_CLIENT_LIFETIME = timedelta(hours=1)
_TOKENS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a call: application, its object in the tenant, and the tenant."""

    app_id: str
    object_id: str
    tenant_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, its end in UTC, and its whole lifetime in seconds."""

    text: str
    expires_on: datetime
    resource: str
    client_id: str
    lifetime: int


def object_id_of(app_id: str) -> str:
    """Make up the object id that belongs to an application id, always the same."""
    return str(uuid5(NAMESPACE_URL, f"urn:simulated-tenant:{app_id.lower()}"))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a token says, once its signature was right."""

    caller: Caller
    expires: datetime
    audience: str


class Tokens:
    """Issues tokens signed with a key of this start, and recognises them again."""

    def __init__(
        self,
        key: bytes,
        wall: Callable[[], datetime],
        *,
        tenant_id: str = TENANT_ID,
        default_client_id: str = DEFAULT_CLIENT_ID,
    ) -> None:
        self._key = key
        self._wall = wall
        self._tenant_id = tenant_id
        self._default_client_id = default_client_id
        self._known: dict[str, _Known] = {}
        self.audiences = set(ARM_AUDIENCES)

    def issue(self, resource: str, client_id: str = "", *, of_client: bool = False) -> Token:
        """Issue a token for a resource (its URI, as Entra calls an audience).

        It is a managed identity's, or that of a client that has a secret (`of_client`).
        """
        app_id = client_id or self._default_client_id
        now = self._wall().replace(microsecond=0)
        lifetime = _CLIENT_LIFETIME if of_client else _LIFETIME
        expires = now + lifetime
        claims: JsonObject = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{self._tenant_id}/",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "appid": app_id,
            "appidacr": "1" if of_client else "2",
            "idp": f"https://sts.windows.net/{self._tenant_id}/",
            "idtyp": "app",
            "oid": object_id_of(app_id),
            "sub": object_id_of(app_id),
            "tid": self._tenant_id,
            "uti": uuid4().hex[:22],
            "ver": "1.0",
        }
        seconds = int(lifetime.total_seconds())
        return Token(self._signed(claims), expires, resource, app_id, seconds)

    def caller(self, authorization: str, audiences: Collection[str] | None = None) -> Caller:
        """Recognise the caller by the Authorization header; raises AzureRefusal (401).

        The audiences are those of the service that is called: Resource Manager unless said.
        """
        if not authorization:
            raise _refusal(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise _refusal(
                "AuthenticationFailedInvalidHeader",
                "Authentication failed. The 'Authorization' header is provided in an invalid"
                " format.",
            )
        known = self._known.get(text) or self._read(text)
        if known.audience not in (self.audiences if audiences is None else audiences):
            raise _wrong_audience(known.audience)
        if known.expires <= self._wall():
            raise _refusal(
                "ExpiredAuthenticationToken",
                f"The access token expiry UTC time '{known.expires:%m/%d/%Y %I:%M:%S %p}' is"
                f" earlier than current UTC time '{self._wall():%m/%d/%Y %I:%M:%S %p}'.",
            )
        return known.caller

    def _signed(self, claims: JsonObject) -> str:
        head = _base64(json.dumps({"typ": "JWT", "alg": "HS256", "kid": "simulator"}).encode())
        content = f"{head}.{_base64(json.dumps(claims).encode())}"
        return f"{content}.{self._signature(content)}"

    def _signature(self, content: str) -> str:
        return _base64(hmac.new(self._key, content.encode(), hashlib.sha256).digest())

    def _read(self, text: str) -> "_Known":
        content, _, signature = text.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(content).encode()):
            raise _refusal("InvalidAuthenticationToken", "The access token is invalid.")
        claims = as_object(parse(_unbase64(content.partition(".")[2])))
        audience = as_text(claims.get("aud")).rstrip("/")
        caller = Caller(
            app_id=as_text(claims.get("appid")),
            object_id=as_text(claims.get("oid")),
            tenant_id=as_text(claims.get("tid")),
        )
        if len(self._known) >= _TOKENS_KEPT:
            self._known.clear()
        expires = datetime.fromtimestamp(whole_number(claims.get("exp")) or 0, UTC)
        known = _Known(caller, expires, audience)
        self._known[text] = known
        return known


def is_identity_path(path: str) -> bool:
    """Say whether the path is that of an end point for managed identity."""
    return path.rstrip("/").lower() in {APP_SERVICE_PATH, VIRTUAL_MACHINE_PATH}


def is_guid(text: str) -> bool:
    """Say whether the text is a GUID in its usual form."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _refusal(code: str, message: str) -> AzureRefusal:
    challenge = (
        'Bearer authorization_uri="https://login.microsoftonline.com/'
        f'{TENANT_ID}", error="invalid_token", error_description="{message}"'
    )
    return AzureRefusal(
        HTTPStatus.UNAUTHORIZED, code, message, headers={"WWW-Authenticate": challenge}
    )


def _wrong_audience(audience: str) -> AzureRefusal:
    return _refusal(
        "InvalidAuthenticationTokenAudience",
        f"The access token has been obtained for wrong audience or resource '{audience}'."
        " It should exactly match with one of the allowed audiences"
        " 'https://management.core.windows.net/','https://management.core.windows.net',"
        "'https://management.azure.com/','https://management.azure.com'.",
    )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
