"""The harness around the real worker library."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.host.app_folder import REPOSITORY, imported_from
from local.host.log_context import current_invocation
from local.host.payloads import HttpCall, QueueMetadata, TimerStatus, timer_payload
from local.host.protos import RetryContext
from local.host.worker import AppDidNotLoad, Worker
from tests.local.host.conftest import SAMPLE
from tests.local.host.recorder import recorder

HEADER = """
import typing
import azure.functions as func
app = func.FunctionApp()
"""

EVENT = '@app.event_grid_trigger(arg_name="e")\n'
HTTP = '@app.route(route="r")\n'

TIMER = '@app.timer_trigger("t", "0 0 0 * * *")\n'
RETRY = '@app.retry(strategy="{}", max_retry_count="1", delay_interval="{}")\n'

MISTAKES = {
    "a dict as event": (EVENT + "def f(e: dict): ...", "Python type annotation dict"),
    "a union as event": (
        EVENT + "def f(e: func.EventGridEvent | func.CloudEvent): ...",
        "invalid non-type annotation",
    ),
    "a list of events": (
        EVENT + "def f(e: list[func.EventGridEvent]): ...",
        "invalid non-type annotation",
    ),
    "another parameter's name": (EVENT + "def f(event: str): ...", "declared in Python"),
    "a parameter too many": (EVENT + "def f(e: str, extra: int = 1): ...", "declared in Python"),
    "a context of another class": (EVENT + "def f(e: str, context: dict): ...", '"context"'),
    "two functions of one name": ((EVENT + "def f(e: str): ...\n") * 2, "unique function name"),
    "two triggers": (EVENT + TIMER + "def f(e): ...", "trigger was already registered"),
    "a dict as response": (HTTP + "def f(req: func.HttpRequest) -> dict: ...", 'annotation "dict"'),
    "an optional response": (
        HTTP + "def f(req: func.HttpRequest) -> typing.Optional[func.HttpResponse]: ...",
        "non-type return annotation",
    ),
    "an unknown retry strategy": (
        TIMER + RETRY.format("fixed", "00:00:01") + "def f(t: func.TimerRequest): ...",
        "unknown enum label 'fixed'",
    ),
    "a retry delay that is no time": (
        TIMER + RETRY.format("fixed_delay", "10") + "def f(t: func.TimerRequest): ...",
        "time data '10'",
    ),
    "two apps": ("other = func.FunctionApp()\n" + EVENT + "def f(e: str): ...", "More than one"),
    "no app": ("del app", "Could not find top level function app"),
    "no functions": ("", "has no functions"),
    "a missing module": ("import there_is_no_such_module", "there_is_no_such_module"),
    "a syntax error": ("def f(:", "SyntaxError"),
    "an exception": ("raise RuntimeError('at import')", "RuntimeError: at import"),
}


def write_app(folder: Path, text: str) -> Path:
    (folder / "function_app.py").write_text(HEADER + text, "utf-8")
    (folder / "host.json").write_text('{"version": "2.0"}', "utf-8")
    return folder


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_app_with_a_mistake_does_not_load(tmp_path: Path, mistake: str) -> None:
    """What would show no functions in Azure is an error here, with the worker's own words."""
    code, error = MISTAKES[mistake]
    with pytest.raises(AppDidNotLoad, match=error):
        Worker.load(write_app(tmp_path, code))


def test_the_error_names_the_function_and_shows_where(tmp_path: Path) -> None:
    """The message names the function, and there is a traceback."""
    with pytest.raises(AppDidNotLoad, match="the f function") as caught:
        Worker.load(write_app(tmp_path, MISTAKES["a dict as event"][0]))
    assert "Traceback" in caught.value.stack_trace


def test_a_folder_without_function_app_does_not_load(tmp_path: Path) -> None:
    """The missing file is named."""
    with pytest.raises(AppDidNotLoad, match="function_app"):
        Worker.load(tmp_path)


def test_the_functions_are_those_of_the_app(worker: Worker) -> None:
    """Every function is there, with the settings of its trigger."""
    assert list(worker.functions)[:2] == ["echo", "never_reached"]
    trigger = worker.functions["work"].trigger
    assert (trigger.type, trigger.text("queueName")) == ("queueTrigger", "%WORK_QUEUE%")


async def test_an_event_arrives_as_its_text(worker: Worker) -> None:
    """With `event: str` the function gets the JSON as it was sent."""
    sent = {"id": "harness", "data": {}}
    result = await worker.invoke_event_grid("on_event", json.dumps(sent))
    assert result.succeeded
    assert sent in recorder.of("on_event")


async def test_a_message_arrives_with_its_metadata(worker: Worker) -> None:
    """The worker reads the metadata back to what it was."""
    metadata = QueueMetadata(id="one", dequeue_count=4)
    result = await worker.invoke_queue("work", "from the harness", metadata)
    assert result.succeeded
    assert ("from the harness", 4, "one") in recorder.of("work")


async def test_a_timer_arrives_with_its_status(worker: Worker) -> None:
    """Past due and the last times reach the function."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    status = TimerStatus(now, now, now)
    assert (await worker.invoke_timer("tick", past_due=True, status=status)).succeeded
    shown = now.isoformat()
    assert (True, dict.fromkeys(("Last", "Next", "LastUpdated"), shown)) in recorder.of("tick")


async def test_a_request_arrives_and_its_response_comes_back(worker: Worker) -> None:
    """Everything of a request reaches the function, without host, routes or keys."""
    call = HttpCall(
        method="POST",
        url="http://127.0.0.1/api/echo/a",
        headers={"x-one": "1"},
        params={"q": "2", "empty": ""},
        route_params={"name": "a"},
        body=b"\xff\x00",
    )
    response = (await worker.invoke_http("echo", call)).response
    assert response.status == 200
    assert json.loads(response.body) == {
        "method": "POST",
        "url": "http://127.0.0.1/api/echo/a",
        "headers": {"x-one": "1"},
        "params": {"q": "2"},
        "route": {"name": "a"},
        "body": "\ufffd\x00",
    }


async def test_a_failure_comes_back_as_text(worker: Worker) -> None:
    """The exception and its traceback are the worker's."""
    result = await worker.invoke_event_grid("on_event", '{"data": {"fail": true}}')
    assert not result.succeeded
    assert result.exception == "ValueError: told to fail"
    assert "function_app.py" in result.stack_trace


async def test_the_retry_reaches_the_context(worker: Worker) -> None:
    """The function learns which attempt it is."""
    retry = RetryContext(retry_count=2, max_retry_count=5)
    recorder.calls.pop("stubborn", None)
    await worker.invoke("stubborn", timer_payload(), retry=retry)
    assert recorder.of("stubborn") == [(2, False)]


async def test_an_unknown_function_is_an_error(worker: Worker) -> None:
    """Calling what is not there is the caller's mistake."""
    with pytest.raises(KeyError):
        await worker.invoke_timer("nowhere")


async def test_apps_can_live_side_by_side(worker: Worker, tmp_path: Path) -> None:
    """Loading another app, or the same once more, leaves a loaded one as it was."""
    text = EVENT + 'async def on_event(e: str):\n    raise RuntimeError("the other")'
    other = Worker.load(write_app(tmp_path, text))
    again = Worker.load(SAMPLE)
    assert (await other.invoke_event_grid("on_event", "{}")).exception == "RuntimeError: the other"
    assert (await worker.invoke_event_grid("on_event", "{}")).succeeded
    assert (await again.invoke_event_grid("on_event", "{}")).succeeded
    assert list(again.functions) == list(worker.functions)


def test_an_app_is_loaded_afresh(tmp_path: Path) -> None:
    """A second load sees what has changed in the app's own modules."""
    module = tmp_path / "naming_of_this_app.py"
    text = "from naming_of_this_app import NAME\n@app.function_name(NAME)\n" + EVENT
    write_app(tmp_path, text + "def f(e: str): ...")
    module.write_text("NAME = 'first'", "utf-8")
    first = Worker.load(tmp_path)
    module.write_text("NAME = 'the_second'", "utf-8")
    second = Worker.load(tmp_path)
    assert [*first.functions, *second.functions] == ["first", "the_second"]


def test_what_is_installed_in_the_apps_folder_is_not_loaded_afresh() -> None:
    """This repository holds its environment and this host, and neither is the app's own code."""
    own = imported_from(REPOSITORY, sys.modules)
    assert not any(name.startswith(("azure.", "local.", "tests.")) for name in own)
    assert imported_from(Path(pytest.__file__).parents[1], ["pytest"]) == []
    assert imported_from(Path(json.__file__).parents[1], ["json"]) == ["json"]


def test_dependencies_go_before_the_apps_own_modules(tmp_path: Path) -> None:
    """A module of the app named like an installed package is shadowed, as in production."""
    (tmp_path / "isodate.py").write_text("raise RuntimeError('the app came first')", "utf-8")
    Worker.load(write_app(tmp_path, "import isodate\n" + EVENT + "def f(e: str): ..."))


async def test_log_lines_know_their_invocation(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """A line from a thread of the pool belongs to the function that runs there."""
    seen: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        invocation = current_invocation()
        seen.append(f"{record.getMessage()} by {invocation and invocation.function}")
        return True

    logger = logging.getLogger("sample")
    logger.addFilter(note)
    with caplog.at_level(logging.INFO):
        await worker.invoke_http("in_thread", HttpCall())
        logger.info("outside")
    logger.removeFilter(note)
    assert seen == ["from a thread by in_thread", "outside by None"]
