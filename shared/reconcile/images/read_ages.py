"""How old the images of all NAP machines are: listed once for the fleet, told by cluster.

Machines are counted as their pages come, so what is kept is one count for each node resource
group. A listing that fails changes nothing: what was read before stays, with its own time.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import batched

from msgspec import Struct

from shared.domain.errors import AzureError
from shared.domain.images.age import AgesRead, ImageAge, ImageCount
from shared.domain.images.machines import MachinePage, NodeGroup
from shared.ports.azure import Clock, NapMachines, Retry
from shared.reconcile.ground.memory import ClusterMemory

SUBSCRIPTIONS_A_QUERY = 500
"""Well under the 10,000 that Resource Graph takes; a failed batch costs the others nothing."""

LONGEST_WAIT = timedelta(minutes=1)
"""A quota resets within seconds; no answer may put the reading to sleep for longer."""

type Counts = defaultdict[NodeGroup, ImageCount]


class ImageAgeReader(Struct, frozen=True):
    """Reads the machines of all subscriptions, and notes the ages beside each cluster."""

    machines: NapMachines
    memory: ClusterMemory
    retry: Retry
    clock: Clock
    subscriptions: frozenset[str]
    old_days: int

    async def read(self) -> AgesRead:
        """Read everything once; a batch of subscriptions that fails is in the result."""
        read = AgesRead()
        for batch in batched(sorted(self.subscriptions), SUBSCRIPTIONS_A_QUERY, strict=False):
            read_at = self.clock.now()
            try:
                counts = await self._counts(batch, read)
            except AzureError as error:
                read.failures.append(error)
                continue
            for subscription_id in batch:
                await self._note(subscription_id, counts, read_at, read)
            read.strange_machines += sum(count.machines for count in counts.values())
        return read

    async def _counts(self, subscriptions: Sequence[str], read: AgesRead) -> Counts:
        counts: Counts = defaultdict(ImageCount)
        place = ""
        while True:
            page = await self._page(subscriptions, place, read)
            for machine in page.machines:
                counts[machine.group] = counts[machine.group].counting(machine.image)
            if not page.next_page:
                break
            place = page.next_page
            if page.wait:
                await self.clock.sleep(min(page.wait, LONGEST_WAIT).total_seconds())
        read.machines += sum(count.machines for count in counts.values())
        read.unknown_images += sum(count.unknown for count in counts.values())
        return counts

    async def _page(self, subscriptions: Sequence[str], place: str, read: AgesRead) -> MachinePage:
        async def attempt() -> MachinePage:
            read.queries += 1
            return await self.machines.page(subscriptions, place)

        return await self.retry(attempt)

    async def _note(
        self, subscription_id: str, counts: Counts, read_at: datetime, read: AgesRead
    ) -> None:
        """Write down the ages of a subscription's clusters; takes their counts out of `counts`."""
        ages: dict[str, ImageAge] = {}
        async for known in self.memory.of_subscription(subscription_id):
            if not known.node_resource_group:
                continue
            group = NodeGroup(subscription_id, known.node_resource_group)
            age = ImageAge.judged(counts.pop(group, ImageCount()), read_at, self.old_days)
            ages[known.key] = age
            read.count_cluster(age)
        await self.memory.note_images(subscription_id, ages)
