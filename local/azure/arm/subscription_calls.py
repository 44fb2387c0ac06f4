"""What clients ask for around clusters: tenants, subscriptions, resource providers.

The gateway answers these itself: compact JSON, content type with a charset.
"""

import json
from http import HTTPStatus

from local.azure.arm.api_versions import PREVIEWS, STABLE
from local.azure.arm.errors import AzureRefusal
from local.azure.arm.locations import LOCATIONS
from local.azure.arm.state import Subscription
from local.azure.arm.visits import Visit
from local.azure.entra.tokens import TENANT_ID
from local.azure.json_values import JsonObject
from local.azure.replies import Reply

# Clients register what they are about to use; these are what they may name beside AKS.
_PROVIDERS = {
    each.lower(): each
    for each in (
        *("Microsoft.ContainerService", "Microsoft.Compute", "Microsoft.Network"),
        *("Microsoft.ManagedIdentity", "Microsoft.Storage", "Microsoft.EventGrid"),
        *("Microsoft.Authorization", "Microsoft.OperationalInsights", "Microsoft.Insights"),
        *("Microsoft.Web", "Microsoft.App"),
    )
}
_TYPES = {
    "Microsoft.ContainerService": (
        *("managedClusters", "managedClusters/maintenanceConfigurations"),
        *("locations", "locations/operations", "locations/nodeImageVersions"),
    )
}


def compact(value: object, status: int = HTTPStatus.OK) -> Reply:
    """Answer as the gateway does."""
    return Reply(
        status=status,
        body=json.dumps(value, separators=(",", ":")).encode(),
        content_type="application/json; charset=utf-8",
    )


def list_tenants(_: Visit) -> Reply:
    """List the one tenant."""
    tenant = {
        "id": f"/tenants/{TENANT_ID}",
        "tenantId": TENANT_ID,
        "countryCode": "DE",
        "displayName": "Simulated",
        "domains": ["simulated.onmicrosoft.com"],
        "defaultDomain": "simulated.onmicrosoft.com",
        "tenantType": "AAD",
        "tenantCategory": "Home",
    }
    return compact({"value": [tenant]})


def list_subscriptions(visit: Visit) -> Reply:
    """List every subscription."""
    shown = [_subscription(each) for each in visit.state.subscriptions.values()]
    return compact({"value": shown, "count": {"type": "Total", "value": len(shown)}})


def get_subscription(visit: Visit) -> Reply:
    """Show one subscription."""
    return compact(_subscription(visit.subscription))


def _subscription(subscription: Subscription) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": TENANT_ID,
        "displayName": f"simulated {subscription.id[:8]}",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def list_locations(visit: Visit) -> Reply:
    """List the locations: some well-known ones, and those of the subscription's clusters."""
    used = {each.location for each in visit.subscription.clusters.values()}
    names = sorted({*LOCATIONS, *used})
    base = f"/subscriptions/{visit.subscription.id}/locations"
    shown = [
        {
            "id": f"{base}/{name}",
            "name": name,
            "type": "Region",
            "displayName": name,
            "regionalDisplayName": name,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name in names
    ]
    return compact({"value": shown})


def list_providers(visit: Visit) -> Reply:
    """List the resource providers and whether they are registered."""
    return compact({"value": [_provider(visit, each) for each in _PROVIDERS.values()]})


def get_provider(visit: Visit) -> Reply:
    """Show one resource provider."""
    return compact(_provider(visit, _namespace(visit)))


def register_provider(visit: Visit) -> Reply:
    """Register a resource provider; it says Registering once, as Azure's first answer does."""
    namespace = _namespace(visit)
    was_missing = namespace.lower() in visit.subscription.unregistered
    visit.subscription.unregistered.discard(namespace.lower())
    shown = _provider(visit, namespace)
    return compact({**shown, "registrationState": "Registering"} if was_missing else shown)


def unregister_provider(visit: Visit) -> Reply:
    """Take a registration back: clusters cannot be made then."""
    namespace = _namespace(visit)
    visit.subscription.unregistered.add(namespace.lower())
    return compact(_provider(visit, namespace))


def _namespace(visit: Visit) -> str:
    asked = visit.route.namespace
    found = _PROVIDERS.get(asked.lower())
    if found is None:
        raise AzureRefusal(
            HTTPStatus.NOT_FOUND,
            "InvalidResourceNamespace",
            f"The resource namespace '{asked}' is invalid.",
        )
    return found


def _provider(visit: Visit, namespace: str) -> JsonObject:
    registered = namespace.lower() not in visit.subscription.unregistered
    return {
        "id": f"/subscriptions/{visit.subscription.id}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered" if registered else "NotRegistered",
        "resourceTypes": [
            {
                "resourceType": name,
                "locations": list(LOCATIONS),
                "apiVersions": [*reversed(PREVIEWS), *reversed(STABLE)],
                "capabilities": "None",
            }
            for name in _TYPES.get(namespace, ())
        ],
    }
