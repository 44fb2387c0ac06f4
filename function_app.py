"""What the Functions worker loads: the blueprints, registered."""

import azure.functions as func

from functions import (
    api,
    audit_api,
    cluster_events,
    describe_api,
    event_queue,
    image_ages,
    node_image_events,
    poison_queue,
    run_api,
    run_queues,
    schedule_api,
    timers,
    work_queue,
)

app = func.FunctionApp()
for blueprint in (
    cluster_events.blueprint,
    node_image_events.blueprint,
    timers.blueprint,
    image_ages.blueprint,
    work_queue.blueprint,
    run_queues.blueprint,
    event_queue.blueprint,
    poison_queue.blueprint,
    api.routes.blueprint,
    schedule_api.routes.blueprint,
    run_api.routes.blueprint,
    audit_api.routes.blueprint,
    describe_api.blueprint,
):
    app.register_functions(blueprint)
