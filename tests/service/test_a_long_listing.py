"""The listing of a large subscription is read page by page, and never held whole."""

import gc
from collections.abc import AsyncIterator

from shared.domain.deciding.observed import ClusterPage, ObservedCluster, observe_cluster
from shared.domain.fleet.pace import Pace
from tests.clusters import SUBSCRIPTION, cluster
from tests.service_world import World

PAGES, A_PAGE = 30, 100


async def test_a_page_is_let_go_before_the_one_after_the_next() -> None:
    """Of 3,000 clusters that are listed two pages are in memory at the most."""
    world = World(pace=Pace(burst=1000, rate_per_second=100))
    alive = list[int]()

    async def pages(subscription_id: str, resource_group: str | None) -> AsyncIterator[ClusterPage]:
        assert (subscription_id, resource_group) == (SUBSCRIPTION, None)
        for page in range(PAGES):
            names = [f"listed-{page * A_PAGE + number:04}" for number in range(A_PAGE)]
            yield ClusterPage([observe_cluster(cluster(name)) for name in names], ())
            found = (each for each in gc.get_objects() if isinstance(each, ObservedCluster))
            alive.append(sum(each.id.name.startswith("listed-") for each in found))

    world.aks.list_clusters = pages  # type: ignore[method-assign]  # what ARM would have
    gc.collect()
    await world.start()
    await world.deliver_one()
    await world.deliver_one()
    assert len(alive) == PAGES
    assert max(alive) <= 2 * A_PAGE
