"""Where the storage account of the Functions host is, as the host itself has it."""

import re
from dataclasses import dataclass, field

from shared.environment import Environment, https_address, refuse, text


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where queues and tables are: a connection string, or the two service URIs and an identity."""

    connection_string: str | None = field(default=None, repr=False)
    queue_uri: str | None = None
    table_uri: str | None = None
    client_id: str | None = None


def read_storage(environment: Environment) -> StorageSettings:
    """Read the connection that the Functions host itself uses, in the three forms that it takes."""
    name = "AzureWebJobsStorage"
    if connection_string := text(environment, name):
        return StorageSettings(connection_string=_checked(name, connection_string))
    uris = [_service_uri(environment, name, service) for service in ("queue", "table")]
    queue, table = uris
    if not queue or not table:
        rule = "must be a connection string, or in parts: __accountName, or __*ServiceUri for both"
        raise refuse(name, "", rule)
    return StorageSettings(None, queue, table, text(environment, f"{name}__clientId") or None)


_TO_HAVE = (
    {"accountname", "accountkey"},
    {"accountname", "sharedaccesssignature"},
    {"queueendpoint", "tableendpoint", "sharedaccesssignature"},
)


def _checked(name: str, connection_string: str) -> str:
    """Refuse what no client of storage would take; the text itself is a secret and never shown."""
    names = {part.partition("=")[0].lower() for part in connection_string.split(";")}
    is_emulator = connection_string.lower().startswith("usedevelopmentstorage=true")
    if not is_emulator and not any(needed <= names for needed in _TO_HAVE):
        rule = "must be a connection string: AccountName=...;AccountKey=... or with a signature"
        raise refuse(name, "(not shown)", rule)
    return connection_string


def _service_uri(environment: Environment, name: str, service: str) -> str:
    variable = f"{name}__{service}ServiceUri"
    if uri := text(environment, variable):
        return https_address(variable, uri)
    variable = f"{name}__accountName"
    account = text(environment, variable)
    if not account:
        return ""
    if not re.fullmatch(r"[a-z0-9]{3,24}", account, re.ASCII):
        raise refuse(variable, account, "must be 3 to 24 lower-case letters and digits")
    return f"https://{account}.{service}.core.windows.net"
