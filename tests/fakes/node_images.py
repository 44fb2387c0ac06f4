"""Node images in memory: by location, and by agent pool; refuses by order, remembers calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.domain.errors import AzureError, ClusterGone
from shared.domain.images.machines import ImagePool
from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.ids import ClusterId


def no_refusal(_verb: str, _where: str) -> AzureError | None:
    """Refuse nothing."""
    return None


@dataclass
class FakeNodeImages:
    """The calls of the port."""

    images: dict[str, list[NodeImage]] = field(default_factory=dict)
    """By location."""
    pools: dict[ClusterId, dict[str, tuple[str, str]]] = field(default_factory=dict)
    """By cluster and name: the family, and the full name of the newest image."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    refuses: Callable[[str, str], AzureError | None] = no_refusal
    """What a call is refused with, by its kind (locations, pools, pool) and where it goes."""

    def release(self, location: str, *names: str) -> None:
        """Offer images in a location, beside those that are there."""
        found = [image for name in names if (image := NodeImage.parse(name))]
        assert len(found) == len(names)
        self.images.setdefault(location, []).extend(found)

    def withdraw(self, location: str, name: str) -> None:
        """Offer an image in a location no more."""
        self.images[location] = [each for each in self.images[location] if str(each) != name]

    async def list_node_images(self, subscription_id: str, location: str) -> list[NodeImage]:
        """List the images of a location."""
        self._call("locations", f"{subscription_id}/{location}")
        return list(self.images.get(location, []))

    async def image_pools(self, cluster_id: ClusterId) -> Sequence[ImagePool]:
        """Read a cluster's agent pools, one for each image family."""
        self._call("pools", cluster_id.key)
        if cluster_id not in self.pools:
            raise ClusterGone("no such cluster", status=404)
        return [ImagePool(name, family) for name, (family, _) in self.pools[cluster_id].items()]

    async def newest_of_pool(self, cluster_id: ClusterId, pool: str) -> NodeImage | None:
        """Read the newest image of a pool."""
        self._call("pool", f"{cluster_id.key}/{pool}")
        found = self.pools.get(cluster_id, {}).get(pool)
        if found is None:
            raise ClusterGone("no such pool", status=404)
        return NodeImage.parse(found[1])

    def _call(self, verb: str, where: str) -> None:
        self.calls.append((verb, where))
        if refused := self.refuses(verb, where):
            raise refused
