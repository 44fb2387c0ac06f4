"""`/metadata/endpoints`: where clients of a cloud learn its addresses, in its forms by api-version.

2015-01-01 (and 1.0) is flat, 2018-01-01 names locations as well, 2019-05-01 is a list of clouds,
2022-09-01 is the one cloud that was asked. (hashicorp/go-azure-sdk and azure-cli read them.)
"""

import json
from http import HTTPStatus

from local.azure.arm.locations import LOCATIONS
from local.azure.entra.tokens import ARM_AUDIENCES
from local.azure.json_values import JsonObject
from local.azure.replies import Reply

METADATA_PATH = "/metadata/endpoints"
_FLAT = {"1.0", "2015-01-01"}
_WITH_LOCATIONS = {"2017-12-01", "2018-01-01", "2018-05-01"}
# Services that are not simulated keep names that lead nowhere.
_NOWHERE = "simulated.invalid"
_SUFFIXES: JsonObject = {
    "acrLoginServer": f"azurecr.{_NOWHERE}",
    "keyVaultDns": f"vault.{_NOWHERE}",
    "storage": f"core.{_NOWHERE}",
    "sqlServerHostname": f"database.{_NOWHERE}",
    "azureDataLakeStoreFileSystem": f"datalakestore.{_NOWHERE}",
    "azureDataLakeAnalyticsCatalogAndJob": f"datalakeanalytics.{_NOWHERE}",
}


def metadata_reply(api_version: str, url: str) -> Reply:
    """Answer with the addresses of a simulator at an https URL."""
    if not api_version:
        return _json({"error": {"code": "MissingApiVersionParameter"}}, HTTPStatus.BAD_REQUEST)
    if api_version in _FLAT:
        return _json(_flat(url))
    if api_version in _WITH_LOCATIONS:
        return _json(_with_locations(url))
    cloud = _cloud(url)
    return _json(cloud if api_version >= "2020" else [cloud])


def _json(value: object, status: int = HTTPStatus.OK) -> Reply:
    return Reply(
        status=status,
        body=json.dumps(value, separators=(",", ":")).encode(),
        content_type="application/json; charset=utf-8",
    )


def _authentication(url: str) -> JsonObject:
    # Clients ask Entra for tokens of the first audience.
    audiences = [f"{each}/" for each in sorted(ARM_AUDIENCES, reverse=True)]
    return {"loginEndpoint": f"{url}/", "audiences": audiences}


def _flat(url: str) -> JsonObject:
    return {
        "galleryEndpoint": f"https://gallery.{_NOWHERE}/",
        "graphEndpoint": f"https://graph.{_NOWHERE}/",
        "portalEndpoint": f"https://portal.{_NOWHERE}/",
        "authentication": _authentication(url),
    }


def _with_locations(url: str) -> JsonObject:
    host = url.removeprefix("https://")
    return {
        **_flat(url),
        "graphAudience": f"https://graph.{_NOWHERE}/",
        "authentication": _tenanted(url),
        "cloudEndpoint": {"public": {"endpoint": host, "locations": list(LOCATIONS)}},
    }


def _tenanted(url: str) -> JsonObject:
    return {**_authentication(url), "tenant": "common", "identityProvider": "AAD"}


def _cloud(url: str) -> JsonObject:
    return {
        "portal": f"https://portal.{_NOWHERE}",
        "authentication": _tenanted(url),
        "media": f"https://media.{_NOWHERE}",
        "graphAudience": f"https://graph.{_NOWHERE}/",
        "graph": f"https://graph.{_NOWHERE}/",
        "name": "SimulatedAzure",
        "suffixes": _SUFFIXES,
        "batch": f"https://batch.{_NOWHERE}/",
        "resourceManager": f"{url}/",
        "vmImageAliasDoc": f"https://aliases.{_NOWHERE}/",
        "activeDirectoryDataLake": f"https://datalake.{_NOWHERE}/",
        "sqlManagement": f"https://sql.{_NOWHERE}/",
        "microsoftGraphResourceId": f"https://msgraph.{_NOWHERE}/",
        "gallery": f"https://gallery.{_NOWHERE}/",
    }
