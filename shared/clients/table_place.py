"""Where an account's tables are, and how requests are signed, by a connection string.

learn.microsoft.com, "Configure Azure Storage connection strings".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from azure.core.credentials import AzureSasCredential
from azure.core.pipeline.policies import AzureSasCredentialPolicy
from azure.core.utils import parse_connection_string

from shared.clients.clock import SystemClock
from shared.clients.table_service import AuthenticationPolicy, SharedKeyLite

TABLES_SCOPE: Final = "https://storage.azure.com/.default"
"""What tokens are asked for; the same in every cloud."""

# The emulator's account and key are public (Azure/Azurite README, "Default Storage Account").
_EMULATOR: Final = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlm"
    "EtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
)


@dataclass(frozen=True, slots=True)
class TablePlace:
    """An end point without a trailing slash, and what makes its service accept requests."""

    endpoint: str
    authentication: AuthenticationPolicy


def table_place_of(connection_string: str) -> TablePlace:
    """Read a connection string; raises ValueError where something is missing or malformed."""
    is_emulator = connection_string.strip().rstrip(";").lower() == "usedevelopmentstorage=true"
    parts = parse_connection_string(_EMULATOR if is_emulator else connection_string)
    return TablePlace(_endpoint(parts).rstrip("/"), _authentication(parts))


def _endpoint(parts: Mapping[str, str]) -> str:
    if "tableendpoint" in parts:
        return parts["tableendpoint"]
    if "accountname" not in parts:
        raise ValueError("the connection string names neither TableEndpoint nor AccountName")
    protocol = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", "core.windows.net")
    return f"{protocol}://{parts['accountname']}.table.{suffix}"


def _authentication(parts: Mapping[str, str]) -> AuthenticationPolicy:
    if "accountname" in parts and "accountkey" in parts:
        return SharedKeyLite(parts["accountname"], parts["accountkey"], SystemClock())
    if "sharedaccesssignature" in parts:
        signature = AzureSasCredential(parts["sharedaccesssignature"])
        return AzureSasCredentialPolicy(signature)  # type: ignore[return-value]  # typed for synchronous answers only
    raise ValueError("the connection string has neither AccountKey nor SharedAccessSignature")
