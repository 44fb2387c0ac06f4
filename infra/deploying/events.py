"""The event subscriptions, once Event Grid can see the functions that they lead to."""

from __future__ import annotations

from infra.deploying.code import count_functions
from infra.deploying.installation import Installation
from infra.deploying.resources import deploy

EVENT_FUNCTIONS = ["on_cluster_created", "on_node_image_released", "on_schedule_changed"]


def deploy_events(one: Installation) -> None:
    """Make the event subscriptions, or change what differs."""
    if not one.azure.dry_run:
        count_functions(one, EVENT_FUNCTIONS)
    deploy(one, "events", "events", one.events_parameters())
