"""What keeps an app from being served is said when it is loaded."""

from pathlib import Path

import pytest

from local.host.assembly import HostOptions, load_host
from local.host.clock import SystemClock
from local.host.functions import UnusableBinding
from tests.local.host.test_worker import write_app

STORAGE = "UseDevelopmentStorage=true"


def load(folder: Path, text: str, **settings: str) -> None:
    load_host(write_app(folder, text), settings, SystemClock(), HostOptions())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            '@app.blob_trigger(arg_name="b", path="p", connection="C")\ndef f(b: str): ...',
            "blobTrigger",
        ),
        (
            (
                '@app.event_grid_trigger(arg_name="e")\n'
                '@app.queue_output(arg_name="o", queue_name="q", connection="C")\n'
                "def f(e: str, o: func.Out[str]): ..."
            ),
            "binding of type queue",
        ),
        (
            (
                '@app.timer_trigger(arg_name="t", schedule="0 0 25 * * *")\n'
                "def f(t: func.TimerRequest): ..."
            ),
            "schedule: '25' is no hour",
        ),
        (
            (
                '@app.timer_trigger(arg_name="t", schedule="0 0 0 30 2 *")\n'
                "def f(t: func.TimerRequest): ..."
            ),
            "schedule: no day",
        ),
        (
            '@app.timer_trigger(arg_name="t", schedule="%WHEN%")\ndef f(t: func.TimerRequest): ...',
            "schedule: %WHEN% is not set",
        ),
        (
            (
                '@app.queue_trigger(arg_name="m", queue_name="%Q%", connection="Storage")\n'
                "def f(m: str): ..."
            ),
            "queueName: %Q% is not set",
        ),
        (
            (
                '@app.queue_trigger(arg_name="m", queue_name="a_b", connection="Storage")\n'
                "def f(m: str): ..."
            ),
            "'a_b' can be no queue's name",
        ),
        (
            (
                '@app.queue_trigger(arg_name="m", queue_name="q-1", connection="Nowhere")\n'
                "def f(m: str): ..."
            ),
            "connection: the connection Nowhere is not set",
        ),
        (
            (
                '@app.queue_trigger(arg_name="m", queue_name="q-1", connection="Wrong")\n'
                "def f(m: str): ..."
            ),
            "connection: ",
        ),
        (
            (
                '@app.route(route="{x:unknown}")\n'
                "def f(req: func.HttpRequest) -> func.HttpResponse: ..."
            ),
            "unknown constraint 'unknown'",
        ),
    ],
)
def test_a_binding_that_cannot_be_served_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """The error names the function and what is wrong with it."""
    with pytest.raises(UnusableBinding, match=r"^function f: ") as caught:
        load(tmp_path, text, Storage=STORAGE, Wrong="this is no connection string")
    assert why in str(caught.value)


def test_a_disabled_function_may_lack_its_settings(tmp_path: Path) -> None:
    """What is switched off needs no schedule."""
    text = '@app.timer_trigger(arg_name="t", schedule="%WHEN%")\ndef f(t: func.TimerRequest): ...'
    load(tmp_path, text, **{"AzureWebJobs.f.Disabled": "true"})
