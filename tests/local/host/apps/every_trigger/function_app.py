"""A small app with every trigger that the local host serves."""

import json
import logging
from typing import cast

import azure.functions as func
from azure.functions.timer import TimerRequest

from tests.local.host.recorder import recorder

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
logger = logging.getLogger("sample")


def told(req: func.HttpRequest, **more: object) -> func.HttpResponse:
    """Answer with what the function was given."""
    given = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode("utf-8", "replace"),
        **more,
    }
    return func.HttpResponse(json.dumps(given), mimetype="application/json")


@app.route(route="echo/{name}/{number:int?}", methods=["GET", "POST"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the request."""
    return told(req)


@app.route(route="echo/first/9", methods=["GET"])
async def never_reached(req: func.HttpRequest) -> func.HttpResponse:
    """Stand behind a route that also matches."""
    return told(req, by="never_reached")


@app.route(route="files/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
async def files(req: func.HttpRequest) -> func.HttpResponse:
    """Take any path, with any method, without a key."""
    return told(req)


@app.route(route="secret", auth_level=func.AuthLevel.ADMIN)
async def secret(req: func.HttpRequest) -> func.HttpResponse:
    """Take the master key only."""
    return told(req)


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def failing(req: func.HttpRequest) -> func.HttpResponse:
    """Fail."""
    raise RuntimeError(f"a detail of {req.method} that nobody may see")


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def cookies(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger
    """Set a cookie, a header and a status."""
    response = func.HttpResponse("made", status_code=201, headers={"x-made": "yes"})
    response.headers.add("Set-Cookie", "a=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60")
    response.headers.add("Set-Cookie", "b=2; Expires=Thu, 01 Jan 2032 00:00:00 GMT")
    return response


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def unsendable(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger
    """Answer with a status that HTTP does not have."""
    return func.HttpResponse("x", status_code=cast("int", "many"))


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def in_thread(req: func.HttpRequest) -> func.HttpResponse:
    """Log from a thread of the pool."""
    logger.info("from a thread")
    return told(req)


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def text_only(req: func.HttpRequest) -> str:
    """Answer with a text instead of a response."""
    return f"a text for {req.method}"


@app.event_grid_trigger(arg_name="event")
async def on_event(event: str) -> None:
    """Keep the event; fail if it says so."""
    content = json.loads(event)
    recorder.add("on_event", content)
    if content.get("data", {}).get("fail"):
        raise ValueError("told to fail")


@app.event_grid_trigger(arg_name="event")
async def on_typed_event(event: func.EventGridEvent) -> None:
    """Keep the class that the worker made of an event."""
    recorder.add("on_typed_event", type(event).__name__)


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
async def work(msg: func.QueueMessage) -> None:
    """Keep the message; do what it says."""
    text = msg.get_body().decode()
    recorder.add("work", text, msg.dequeue_count, msg.id)
    if text.startswith("fail"):
        raise ValueError(text)
    if text.startswith("wait"):
        await recorder.until(lambda: text in recorder.of("go"))


@app.queue_trigger(
    arg_name="msg", queue_name="%WORK_QUEUE%-poison", connection="AzureWebJobsStorage"
)
async def poisoned(msg: str) -> None:
    """Keep a poisoned message."""
    recorder.add("poisoned", msg)


@app.queue_trigger(arg_name="msg", queue_name="%TEXT_QUEUE%", connection="Other")
async def plain(msg: str) -> None:
    """Keep a message as text."""
    recorder.add("plain", msg)


@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%", run_on_startup=False)
async def tick(timer: TimerRequest) -> None:
    """Keep the state of the timer."""
    recorder.add("tick", timer.past_due, timer.schedule_status)


@app.timer_trigger(arg_name="timer", schedule="01:00:00", run_on_startup=True)
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:07")
async def stubborn(timer: func.TimerRequest, context: func.Context) -> None:
    """Fail each time, and keep which retry it was."""
    recorder.add("stubborn", context.retry_context.retry_count, timer.past_due)
    raise RuntimeError("again")


@app.function_name("off")
@app.route(route="off", auth_level=func.AuthLevel.ANONYMOUS)
async def switched_off(req: func.HttpRequest) -> func.HttpResponse:
    """Be disabled by a setting."""
    return told(req)
