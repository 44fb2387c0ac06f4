"""How the end points of managed identity write a token: that of App Service, that of a machine."""

from local.azure.entra.tokens import Token
from local.azure.json_values import JsonObject


def token_body(token: Token) -> JsonObject:
    """Write the answer of App Service's identity end point (api-version 2019-08-01)."""
    return {
        "access_token": token.text,
        "client_id": token.client_id,
        "expires_on": str(int(token.expires_on.timestamp())),
        "resource": token.resource,
        "token_type": "Bearer",
    }


def virtual_machine_body(token: Token) -> JsonObject:
    """Write the answer of the instance metadata service of a virtual machine."""
    ends = int(token.expires_on.timestamp())
    return {
        "access_token": token.text,
        "client_id": token.client_id,
        "expires_in": str(token.lifetime - 1),
        "expires_on": str(ends),
        "ext_expires_in": str(token.lifetime - 1),
        "not_before": str(ends - token.lifetime),
        "resource": token.resource,
        "token_type": "Bearer",
    }
