"""deploy.py from an empty tenant to clusters that have their window."""

from local.azure.arm.clusters import Cluster
from tests.local.deploying.tenant import RealApp, Tenant


def is_protected(cluster: Cluster) -> bool:
    """Tell whether a cluster has a node OS schedule."""
    return "aksmanagednodeosupgradeschedule" in {name.lower() for name in cluster.configurations}


async def test_from_an_empty_tenant_to_a_protected_fleet(
    tenant: Tenant, azurite_connection: str
) -> None:
    """One command deploys, with everything late that is late in Azure, and protects every cluster."""
    app = RealApp(tenant, azurite_connection)
    tenant.sites.runner = app.run
    tenant.sites.late.update({"storage role": 2, "functions": 2, "keys": 2})
    tenant.cloud.subscribing.late = 1
    tenant.cloud.store.late_roles = 1
    try:
        ended = await tenant.deploy(NAPTIME_DRY_RUN="false")
        assert ended.code == 0, ended.out + ended.err
        clusters = list(tenant.server.simulator.state.clusters())
        assert len(clusters) == 4
        assert all(map(is_protected, clusters)), ended.out
    finally:
        await app.stop()
