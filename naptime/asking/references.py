"""How a person names a cluster: by its ARM id, by the portal's URL, or by its name."""

import re
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from shared.domain.vocabulary.ids import (
    CLUSTER_NAME,
    GUID,
    RESOURCE_GROUP,
    ClusterId,
)
from shared.domain.vocabulary.invalid import InvalidInput

FIELD = "CLUSTER"
_RULE = (
    "must be the id of a managed cluster, its name, its resource group and name (rg-1/aks-1), or"
    " its URL in the Azure portal"
)
_PORTALS = ("portal.azure.com", "portal.azure.us", "portal.azure.cn")
_FLAGS = re.ASCII | re.IGNORECASE
_NAME = re.compile(rf"(?:({RESOURCE_GROUP})/)?({CLUSTER_NAME})", _FLAGS)
_IN_URL = re.compile(
    rf"/subscriptions/{GUID}/resourceGroups/{RESOURCE_GROUP}"
    rf"/providers/Microsoft\.ContainerService/managedClusters/{CLUSTER_NAME}(?=$|[/?&#])",
    _FLAGS,
)


class ClusterName(Struct, frozen=True):
    """A cluster's name, and its resource group if that was said; compared without case."""

    name: str
    resource_group: str | None = None

    def fits(self, cluster_id: ClusterId) -> bool:
        """Say whether this cluster may be the one that is meant."""
        same_group = self.resource_group is None or (
            self.resource_group.lower() == cluster_id.resource_group.lower()
        )
        return same_group and self.name.lower() == cluster_id.name.lower()

    def __str__(self) -> str:
        return f"{self.resource_group}/{self.name}" if self.resource_group else self.name


type Reference = ClusterId | ClusterName


def parse_reference(text: str) -> Reference:
    """Read what a person wrote; raises InvalidInput, which names the rule."""
    given = text.strip()
    if given.lower().startswith(("https://", "http://")):
        return _in_portal(given)
    if given.startswith("/"):
        return ClusterId.parse(given.rstrip("/"), FIELD)
    match = _NAME.fullmatch(given)
    if match is None:
        raise InvalidInput.because(FIELD, text, _RULE)
    return ClusterName(match[2], match[1])


def _in_portal(url: str) -> ClusterId:
    """Find the id in the portal's URL, which has it behind the # and often with %2F for /."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidInput.because(FIELD, url, _RULE) from error
    found = _IN_URL.search(unquote(parts.fragment)) if _is_portal(parts.hostname) else None
    if found is None:
        raise InvalidInput.because(FIELD, url, _RULE)
    return ClusterId.parse(found[0], FIELD)


def _is_portal(host: str | None) -> bool:
    return host is not None and any(
        host == portal or host.endswith(f".{portal}") for portal in _PORTALS
    )


def only_one(name: ClusterName, found: list[ClusterId]) -> ClusterId:
    """Give the one cluster of that name; raises InvalidInput where there is none, or several."""
    match sorted(set(found)):
        case [one]:
            return one
        case []:
            rule = "no cluster of this name can be seen in the subscriptions that were looked in"
        case several:
            rule = (
                f"is the name of {len(several)} clusters; say which: {', '.join(map(str, several))}"
            )
    raise InvalidInput.because(FIELD, str(name), rule)
