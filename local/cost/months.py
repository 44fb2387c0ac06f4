"""What a month costs, by the number of clusters: arithmetic alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from local.cost import prices
from local.cost.work import Work

_MILLION, _TEN_THOUSAND, _GB = 1_000_000, 10_000, 1_000_000_000
_DAY = 24 * 60 * 60
QUEUE_OPERATIONS_OF_A_MESSAGE = 3
"""It is sent, taken and deleted."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a fleet: what happens in it, by what one event and one cluster's part cost."""

    clusters: int
    event: Work
    swept: Work

    @property
    def topics(self) -> int:
        """One for each subscription, and naptime's own."""
        return -(-self.clusters // prices.CLUSTERS_OF_A_SUBSCRIPTION) + 1

    @property
    def events(self) -> float:
        return self.clusters * prices.WRITES_A_DAY * prices.DAYS

    @property
    def looks(self) -> float:
        """How often a cluster is looked at in a sweep."""
        return self.clusters * prices.SWEEPS_A_DAY * prices.DAYS

    @property
    def executions(self) -> float:
        timers = prices.TIMERS_A_DAY * prices.DAYS
        return timers + self._all(self.event.executions, self.swept.executions)

    @property
    def gb_seconds(self) -> float:
        """Each execution as if it were alone, and a second long, which is the most it comes to."""
        return self.executions * prices.LEAST_SECONDS * prices.INSTANCE_GB

    @property
    def queue_operations(self) -> float:
        messages = self._all(self.event.messages, self.swept.messages)
        uses = self.executions / prices.DAYS
        awake = min(_DAY, uses * prices.STAYS_SECONDS) * prices.DAYS
        return messages * QUEUE_OPERATIONS_OF_A_MESSAGE + awake * prices.LOOKS_A_SECOND

    @property
    def table_operations(self) -> float:
        return self._all(self.event.table_operations, self.swept.table_operations)

    @property
    def calls(self) -> float:
        """The calls to Azure, which cost nothing."""
        return self._all(self.event.calls, self.swept.calls)

    @property
    def logs_gb(self) -> float:
        told = self.events * prices.BYTES_OF_AN_EVENT + self.looks * prices.BYTES_OF_AN_OUTCOME
        return told / _GB + prices.METRICS_GB

    def dollars(self) -> Mapping[str, float]:
        """Give what each of it costs, by name."""
        billed = max(0.0, self.gb_seconds - prices.FREE_GB_SECONDS)
        executions = max(0.0, self.executions - prices.FREE_EXECUTIONS)
        delivered = max(0.0, 2 * self.events - prices.FREE_EVENTS)
        metrics = self.topics * prices.METRIC_ALERTS_OF_A_TOPIC * prices.METRIC_ALERT
        return {
            "functions, time": billed * prices.GB_SECOND,
            "functions, executions": executions / _MILLION * prices.MILLION_EXECUTIONS,
            "Event Grid": delivered / _MILLION * prices.MILLION_EVENTS,
            "queues": self.queue_operations / _TEN_THOUSAND * prices.TEN_THOUSAND_QUEUE_OPERATIONS,
            "tables": self.table_operations / _TEN_THOUSAND * prices.TEN_THOUSAND_TABLE_OPERATIONS,
            "logs": self.logs_gb * prices.GB_OF_LOGS,
            "alerts": prices.LOG_ALERTS * prices.LOG_ALERT + metrics,
        }

    def _all(self, of_an_event: float, of_a_look: float) -> float:
        return self.events * of_an_event + self.looks * of_a_look
