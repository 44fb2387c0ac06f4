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
        return StorageSettings(connection_string=connection_string)
    uris = [_service_uri(environment, name, service) for service in ("queue", "table")]
    queue, table = uris
    if not queue or not table:
        rule = "must be a connection string, or in parts: __accountName, or __*ServiceUri for both"
        raise refuse(name, "", rule)
    return StorageSettings(None, queue, table, text(environment, f"{name}__clientId") or None)


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
