"""The calls that read agent pools: `az aks nodepool list` and `show`."""

from http import HTTPStatus

from local.azure.arm.api_versions import shows_etags
from local.azure.arm.bodies import cluster_id, dump
from local.azure.arm.errors import AzureRefusal, Shape
from local.azure.arm.route import AGENT_POOLS
from local.azure.arm.visits import Visit
from local.azure.json_values import JsonObject, as_list, as_object, as_text
from local.azure.replies import Reply


def list_pools(visit: Visit) -> Reply:
    """List a cluster's agent pools; those of NAP are none."""
    shown = [_shown(visit, pool) for pool in _pools(visit)]
    return Reply(body=dump({"value": shown}))


def get_pool(visit: Visit) -> Reply:
    """Show one agent pool."""
    return Reply(body=dump(_shown(visit, pool_of(visit))))


def pool_of(visit: Visit) -> JsonObject:
    """Find the agent pool that a call is about; raises AzureRefusal (404, flat)."""
    wanted = visit.route.pool.lower()
    for pool in _pools(visit):
        if as_text(pool.get("name")).lower() == wanted:
            return pool
    message = (
        f"Could not find the agent pool: {visit.route.pool} in the managed cluster:"
        f" {visit.cluster.name}"
    )
    detail = {"code": "Unspecified", "message": f"rpc error: code = NotFound desc = {message}"}
    raise AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "NotFound",
        f"{message}.",
        shape=Shape.AKS,
        subcode="GetAgentPool_NotFound",
        details=[detail],
    )


def _pools(visit: Visit) -> list[JsonObject]:
    return [as_object(pool) for pool in as_list(visit.cluster.properties.get("agentPoolProfiles"))]


def _shown(visit: Visit, pool: JsonObject) -> JsonObject:
    name = as_text(pool.get("name"))
    properties = {key: value for key, value in pool.items() if key != "name"}
    if shows_etags(visit.api_version):
        properties["eTag"] = visit.cluster.etag
    return {
        "id": f"{cluster_id(visit.cluster)}/agentPools/{name}",
        "name": name,
        "type": AGENT_POOLS,
        "properties": properties,
    }
