"""The switches of the simulated Azure; the defaults are what was recorded of the real one."""

from dataclasses import dataclass, field
from http import HTTPStatus

from local.azure.arm.aks_rules import Rules


@dataclass(slots=True)
class Options:
    """What can be switched while the simulator runs.

    An operation on a cluster is over after `operation_seconds` of simulated time, or earlier once
    its state was read `operation_reads` times (0: reading does not matter). `failing_operations`
    is how many of the next ones end in Failed. Whether AKS refuses a maintenance configuration
    while an operation runs is not known: `conflict_while_busy` makes it 409. The list of a
    subscription's clusters is `list_lag_seconds` behind.
    """

    page_size: int = 100
    created_status: int = HTTPStatus.OK
    rules: Rules = field(default_factory=Rules)
    operation_seconds: float = 15.0
    operation_reads: int = 0
    failing_operations: int = 0
    conflict_while_busy: bool = False
    list_lag_seconds: float = 0.0
    tag_event_names_cluster: bool = False
