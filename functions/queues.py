"""The queues: clusters, runs, shards and events to publish; and what the host moved aside."""

from collections.abc import Awaitable, Callable

import azure.functions as func

from shared.domain.fleet.run_work import (
    RUNS_POISON_QUEUE,
    RUNS_QUEUE,
    SHARDS_POISON_QUEUE,
    SHARDS_QUEUE,
)
from shared.domain.messages.outbox import EVENTS_POISON_QUEUE, EVENTS_QUEUE
from shared.domain.messages.work import CLUSTERS_POISON_QUEUE, CLUSTERS_QUEUE
from shared.domain.vocabulary.errors import InvalidMessage
from shared.telemetry.lines import MESSAGE_GIVEN_UP, POISONED
from shared.world import app

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.queue_trigger("msg", CLUSTERS_QUEUE, "AzureWebJobsStorage")
async def reconcile_one(msg: func.QueueMessage) -> None:
    """Reconcile one cluster."""
    text = msg.get_body().decode("utf-8", "replace")
    await _work_on(text, lambda: app().messages.receive(text, msg.insertion_time))


@blueprint.queue_trigger("msg", RUNS_QUEUE, "AzureWebJobsStorage")
async def start_run(msg: str) -> None:
    """Start a run, or list one of its subscriptions."""
    await _work_on(msg, lambda: app().run_messages.receive_run_work(msg))


@blueprint.queue_trigger("msg", SHARDS_QUEUE, "AzureWebJobsStorage")
async def reconcile_shard(msg: str) -> None:
    """Work on one shard of a run for some seconds, then pass the baton on."""
    await _work_on(msg, lambda: app().run_messages.receive_baton(msg))


@blueprint.queue_trigger("msg", EVENTS_QUEUE, "AzureWebJobsStorage")
async def publish_events(msg: str) -> None:
    """Publish the events of one message to the custom topic."""
    await _work_on(msg, lambda: app().publisher.publish(msg))


async def _work_on(text: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do the work of one message; what would be refused each time is given up, here alone."""
    try:
        await work()
    except InvalidMessage as error:
        await app().poison.record(text, str(error))
        MESSAGE_GIVEN_UP.log(why=str(error))


WHY = "the message failed as often as the queue delivers it"


@blueprint.queue_trigger("msg", CLUSTERS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_cluster(msg: str) -> None:
    """Move the message to the table of what was given up."""
    await _record(msg)


@blueprint.queue_trigger("msg", RUNS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_run(msg: str) -> None:
    """Keep the message until its run ends, which goes on once `mind_runs` misses it."""
    await _record(msg)


@blueprint.queue_trigger("msg", SHARDS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_shard(msg: str) -> None:
    """Keep the baton until its run ends; its shard gets another once `mind_runs` misses it."""
    await _record(msg)


@blueprint.queue_trigger("msg", EVENTS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_events(msg: str) -> None:
    """Keep the events that were never published."""
    await _record(msg)


async def _record(msg: str) -> None:
    given_up = await app().poison.record(msg, WHY)
    POISONED.log(cluster_id=given_up.cluster_id, reason=given_up.reason, advice=given_up.advice)
