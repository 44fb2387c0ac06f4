"""The queues of clusters, of runs and their shards, and of events to publish."""

from collections.abc import Awaitable, Callable

import azure.functions as func

from shared.domain.fleet.run_work import RUNS_QUEUE, SHARDS_QUEUE
from shared.domain.messages.outbox import EVENTS_QUEUE
from shared.domain.messages.work import CLUSTERS_QUEUE
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.patience import Delivery, hold_up
from shared.telemetry.lines import MESSAGE_GIVEN_UP
from shared.world import app

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.queue_trigger("msg", CLUSTERS_QUEUE, "AzureWebJobsStorage")
async def reconcile_one(msg: func.QueueMessage) -> None:
    """Reconcile one cluster."""
    text = msg.get_body().decode("utf-8", "replace")
    delivery = Delivery(CLUSTERS_QUEUE, text, msg.insertion_time)
    await _work_on(delivery, lambda: app().messages.receive(text, msg.insertion_time))


@blueprint.queue_trigger("msg", RUNS_QUEUE, "AzureWebJobsStorage")
async def start_run(msg: str) -> None:
    """Start a run, or list one of its subscriptions and go on with one of its shards."""
    await _work_on(Delivery(RUNS_QUEUE, msg), lambda: app().run_messages.receive_run_work(msg))


@blueprint.queue_trigger("msg", SHARDS_QUEUE, "AzureWebJobsStorage")
async def reconcile_shard(msg: str) -> None:
    """Work on one shard of a run for some seconds, then pass the baton on."""
    await _work_on(Delivery(SHARDS_QUEUE, msg), lambda: app().run_messages.receive_baton(msg))


@blueprint.queue_trigger("msg", EVENTS_QUEUE, "AzureWebJobsStorage")
async def publish_events(msg: str) -> None:
    """Publish the events of one message to the custom topic."""
    await _work_on(Delivery(EVENTS_QUEUE, msg), lambda: app().publisher.publish(msg))


async def _work_on(delivery: Delivery, work: Callable[[], Awaitable[object]]) -> None:
    """Do the work of one message; what would be refused each time is given up, here alone."""
    try:
        await work()
    except InvalidMessage as error:
        await app().poison.record(delivery.text, str(error))
        MESSAGE_GIVEN_UP.log(why=str(error))
    except Exception as error:
        if not await hold_up(delivery, error):
            raise
