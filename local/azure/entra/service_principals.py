"""Entra ID as far as service principals need it: discovery, and tokens for client credentials.

Shapes: learn.microsoft.com "OAuth 2.0 client credentials flow" (v2.0, and v1 with `resource`);
error codes: "Microsoft Entra authentication and authorization error codes".
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

from local.azure.entra.tokens import TENANT_ID, Token, Tokens, is_guid
from local.azure.json_values import JsonObject
from local.azure.replies import Call, Reply

_DISCOVERY = "/common/discovery/instance"
_TENANTS = {TENANT_ID, "common", "organizations", "simulated.onmicrosoft.com"}
_DEFAULT_SCOPE = "/.default"


class EntraRefusal(Exception):
    """What Entra refuses: 400 or 401, OAuth's error code, and AADSTS's number."""

    def __init__(self, status: int, error: str, code: int, description: str) -> None:
        super().__init__(f"AADSTS{code}: {description}")
        self.status = status
        self.error = error
        self.code = code

    def reply(self) -> Reply:
        """Write the error as OAuth 2.0 has it."""
        body = {"error": self.error, "error_description": str(self), "error_codes": [self.code]}
        return _json(body, self.status)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Entra: to which tenant, for what."""

    tenant: str
    what: str


def entra_request(path: str) -> Request | None:
    """Recognise a path of Entra's; None for any other."""
    if path == _DISCOVERY:
        return Request("common", "instance")
    tenant, _, rest = path.strip("/").partition("/")
    rest = rest.lower()
    if rest in _WHAT:
        return Request(tenant.lower(), _WHAT[rest])
    return None


_WHAT = {
    "v2.0/.well-known/openid-configuration": "configuration",
    ".well-known/openid-configuration": "configuration",
    "oauth2/v2.0/token": "token",
    "oauth2/token": "token of v1",
    "discovery/v2.0/keys": "keys",
    "discovery/keys": "keys",
}


def entra_reply(request: Request, call: Call, tokens: Tokens, url: str, secret: str) -> Reply:
    """Answer a request; where a secret is set, only that one is right. Raises EntraRefusal."""
    if request.tenant not in _TENANTS:
        message = (
            f"Tenant '{request.tenant}' not found. Check to make sure you have the correct tenant"
            " ID and are signing into the correct cloud."
        )
        raise EntraRefusal(HTTPStatus.BAD_REQUEST, "invalid_tenant", 90002, message)
    match request.what:
        case "instance":
            return _json(_instance(url))
        case "configuration":
            return _json(_configuration(request.tenant, url))
        case "keys":
            # Tokens are signed with a secret of this start, so there is no key to publish.
            return _json({"keys": []})
        case _:
            return _json(_token(call, tokens, secret, v1=request.what == "token of v1"))


def _json(value: object, status: int = HTTPStatus.OK) -> Reply:
    return Reply(
        status=status,
        body=json.dumps(value).encode(),
        content_type="application/json; charset=utf-8",
        headers={"Cache-Control": "no-store, no-cache"},
    )


def _instance(url: str) -> JsonObject:
    host = url.removeprefix("https://")
    return {
        "tenant_discovery_endpoint": f"{url}/{TENANT_ID}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


def _configuration(tenant: str, url: str) -> JsonObject:
    own = TENANT_ID if tenant == "simulated.onmicrosoft.com" else tenant
    base = f"{url}/{own}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": url.removeprefix("https://"),
    }


def _token(call: Call, tokens: Tokens, secret: str, *, v1: bool) -> JsonObject:
    form = {
        name: values[0] for name, values in parse_qs(call.body.decode(errors="replace")).items()
    }
    if form.get("grant_type") != "client_credentials":
        message = (
            "The app requested an unsupported grant type. Only client_credentials is simulated."
        )
        raise EntraRefusal(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", 70003, message)
    client_id = form.get("client_id", "")
    if not is_guid(client_id):
        message = f"Application with identifier '{client_id}' was not found in the directory."
        raise EntraRefusal(HTTPStatus.BAD_REQUEST, "unauthorized_client", 700016, message)
    _check_secret(form, secret)
    token = tokens.issue(_resource(form, v1=v1), client_id, of_client=True)
    return _v1_body(token) if v1 else _v2_body(token)


def _check_secret(form: dict[str, str], secret: str) -> None:
    given = form.get("client_secret", "")
    if not given and not form.get("client_assertion"):
        message = (
            "The request body must contain the following parameter: 'client_assertion' or"
            " 'client_secret'."
        )
        raise EntraRefusal(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000218, message)
    if secret and given != secret:
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the"
            " client secret value, not the client secret ID."
        )
        raise EntraRefusal(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000215, message)


def _resource(form: dict[str, str], *, v1: bool) -> str:
    if v1:
        return form.get("resource", "")
    scope = form.get("scope", "")
    if not scope.endswith(_DEFAULT_SCOPE):
        message = (
            f"The provided value for scope {scope} is not valid. Client credential flows must have"
            " a scope value with /.default suffixed to the resource identifier."
        )
        raise EntraRefusal(HTTPStatus.BAD_REQUEST, "invalid_scope", 1002012, message)
    return scope.removesuffix(_DEFAULT_SCOPE)


def _v2_body(token: Token) -> JsonObject:
    return {
        "token_type": "Bearer",
        "expires_in": token.lifetime - 1,
        "ext_expires_in": token.lifetime - 1,
        "access_token": token.text,
    }


def _v1_body(token: Token) -> JsonObject:
    ends = int(token.expires_on.timestamp())
    return {
        "token_type": "Bearer",
        "expires_in": str(token.lifetime - 1),
        "ext_expires_in": str(token.lifetime - 1),
        "expires_on": str(ends),
        "not_before": str(ends - token.lifetime),
        "resource": token.resource,
        "access_token": token.text,
    }


def journal_form(body: bytes) -> bytes:
    """Give a form without its secrets, for the journal."""
    kept = ("grant_type", "client_id", "scope", "resource")
    form = parse_qs(body.decode(errors="replace"))
    return json.dumps({name: form[name][0] for name in kept if name in form}).encode()
