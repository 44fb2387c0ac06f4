"""What the Functions worker loads: the blueprints, registered."""

import azure.functions as func

from functions import api, cluster_events, poison_queue, run_api, run_queues, timers, work_queue

app = func.FunctionApp()
for concern in (cluster_events, timers, work_queue, run_queues, poison_queue, api, run_api):
    app.register_functions(concern.blueprint)
