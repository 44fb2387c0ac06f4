"""What the codes in Azure's refusals mean: they decide, more than the status, what to do.

A code that is not here keeps what its status means, and the message says that it is unknown.
"""

from collections.abc import Mapping
from types import MappingProxyType

from shared.domain.errors import (
    AccessDenied,
    ApiVersionNotServed,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    DeniedByAssignment,
    DeniedByPolicy,
    NotAuthenticated,
    OperationInProgress,
    Rejected,
    ResourceLocked,
    SubscriptionDisabled,
    SubscriptionThrottled,
    Throttled,
)

type Kinds = Mapping[str, type[AzureError]]

_ROLLOUT: Kinds = dict.fromkeys(
    (
        "noregisteredproviderfound",
        "noregisteredproviderfoundforapiversion",
        "invalidapiversionparameter",
        "invalidapiversion",
        "unsupportedapiversion",
        "invalidresourcetype",
        "invalidresourcenamespace",
        "resourcetypenotsupported",
        "locationnotavailableforresourcetype",
    ),
    ApiVersionNotServed,
)
"""While AKS or Resource Manager is rolled out these come on paths that worked a minute ago."""

BY_POLICY = frozenset({"requestdisallowedbypolicy"})
"""The codes of refusals that name policies."""

LASTING: Kinds = {
    **dict.fromkeys(BY_POLICY, DeniedByPolicy),
    "denyassignmentauthorizationfailed": DeniedByAssignment,
    "scopelocked": ResourceLocked,
    "readonlydisabledsubscription": SubscriptionDisabled,
}
"""What only somebody else can mend, under whichever status it comes."""

_SERVER: Kinds = dict.fromkeys(
    ("internalservererror", "internaloperationerror", "servertimeout", "gatewaytimeout"),
    AzureUnavailable,
)
"""Trouble that is Azure's own by its name, whatever the status."""

KINDS: Mapping[int, Kinds] = MappingProxyType(
    {
        400: {
            **_ROLLOUT,
            **_SERVER,
            # The code of an operation in progress, as under a 409.
            "operationnotallowed": OperationInProgress,
            **dict.fromkeys(
                ("invalidparameter", "badrequest", "invalidrequestcontent", "invalidresourcename"),
                Rejected,
            ),
        },
        401: dict.fromkeys(
            (
                "authenticationfailed",
                "expiredauthenticationtoken",
                "invalidauthenticationtoken",
                "invalidauthenticationtokentenant",
                "unauthorized",
            ),
            NotAuthenticated,
        ),
        403: {
            **dict.fromkeys(
                ("authorizationfailed", "linkedauthorizationfailed", "forbidden"), AccessDenied
            ),
        },
        404: {
            **_ROLLOUT,
            **dict.fromkeys(
                (
                    "notfound",
                    "resourcenotfound",
                    "resourcegroupnotfound",
                    "parentresourcenotfound",
                    "subscriptionnotfound",
                ),
                ClusterGone,
            ),
        },
        409: {
            "missingsubscriptionregistration": Rejected,
            **dict.fromkeys(
                (
                    "operationnotallowed",
                    "etagmismatch",
                    "conflict",
                    "anotheroperationinprogress",
                    "operationpreempted",
                ),
                OperationInProgress,
            ),
        },
        # Resource Manager's, AKS's and Resource Graph's.
        429: {
            "subscriptionrequeststhrottled": SubscriptionThrottled,
            **dict.fromkeys(("throttled", "toomanyrequests", "ratelimiting"), Throttled),
        },
    }
)
"""By status, and by code in lower case. AKS also makes up codes of its own for a 409; all but the
lasting ones are taken for an operation in progress (docs/decisions/0005)."""
