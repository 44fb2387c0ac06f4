"""What the Functions worker loads: the blueprints, registered."""

import azure.functions as func

from functions import events, queues, timers
from functions.api import budgets, clusters, describe, policy, runs, schedules
from functions.page import feeds
from functions.page import routes as page

app = func.FunctionApp()
for blueprint in (
    events.blueprint,
    timers.blueprint,
    queues.blueprint,
    clusters.routes.blueprint,
    schedules.routes.blueprint,
    budgets.routes.blueprint,
    runs.routes.blueprint,
    policy.routes.blueprint,
    page.blueprint,
    feeds.routes.blueprint,
    describe.blueprint,
):
    app.register_functions(blueprint)
