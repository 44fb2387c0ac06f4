"""List prices in US dollars, and what is assumed of a fleet; both are stated, neither is measured.

Prices of pay-as-you-go in the United States as publicly listed, without any agreement; collected on
2026-11-27 from memory and from what others have written down of the lists, since the lists
themselves could not be read. They differ by region and change: check them before you count on them.
"""

from typing import Final

PRICED_ON: Final = "2026-11-27"

GB_SECOND, FREE_GB_SECONDS = 0.000026, 100_000
"""Flex Consumption on demand (azure.microsoft.com/pricing/details/functions)."""

MILLION_EXECUTIONS, FREE_EXECUTIONS = 0.40, 250_000
"""The same page."""

INSTANCE_GB: Final = 2
"""The size of an instance in infra/main.bicep."""

LEAST_SECONDS: Final = 1.0
"""What is billed at least whenever an instance is at work (the same page)."""

TEN_THOUSAND_QUEUE_OPERATIONS: Final = 0.004
"""azure.microsoft.com/pricing/details/storage/queues, general purpose v2, locally redundant."""

TEN_THOUSAND_TABLE_OPERATIONS: Final = 0.00036
"""azure.microsoft.com/pricing/details/storage/tables, locally redundant."""

MILLION_EVENTS, FREE_EVENTS = 0.60, 100_000
"""azure.microsoft.com/pricing/details/event-grid, basic."""

GB_OF_LOGS: Final = 2.76
"""azure.microsoft.com/pricing/details/monitor, pay as you go."""

LOG_ALERT, METRIC_ALERT = 1.50, 0.10
"""The same page: a log alert that looks every five minutes, and one signal of a metric."""

DAYS: Final = 30
WRITES_A_DAY: Final = 20
"""Events of each cluster; who deploys with pipelines has more."""

CLUSTERS_OF_A_SUBSCRIPTION: Final = 10
LOG_ALERTS, METRIC_ALERTS_OF_A_TOPIC = 7, 2
"""As infra/ deploys them; there is a topic for each subscription, and naptime's own."""

BYTES_OF_AN_EVENT, BYTES_OF_AN_OUTCOME = 4_000, 1_000
"""What is logged of an event from its arrival to its outcome, and of a cluster in a run."""

METRICS_GB: Final = 0.03
"""All metrics of a month."""

LOOKS_A_SECOND: Final = 20
"""Four queues, each looked at five times a second while a worker is there (host.json)."""

STAYS_SECONDS: Final = 10.0
"""How long a worker is there after its last work; nobody says, and nobody bills it."""

SWEEPS_A_DAY, TIMERS_A_DAY = 4, 392
"""And what the clock alone starts: minding, node images, ages, poison."""
