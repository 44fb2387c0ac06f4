"""What the Functions worker loads: the blueprints, registered."""

import azure.functions as func

from functions import api, cluster_events, poison_queue, work_queue

app = func.FunctionApp()
for concern in (cluster_events, work_queue, poison_queue, api):
    app.register_functions(concern.blueprint)
