"""Which layer running code belongs to."""

import sys
from pathlib import Path

import pytest

from local.profiling.layers import CONNECTIONS, LAYERS, OWNERS, ROOT, files_of, layer_of

LIBRARY = "/venv/lib/python3.13/site-packages"


@pytest.mark.parametrize(
    ("stack", "layer"),
    [
        (("shared/domain/window/starts.py", "shared/reconcile/fleet/shift.py"), "domain"),
        (("shared/reconcile/fleet/shift.py", "functions/queues.py"), "use cases"),
        (("shared/clients/storage/tables.py", "shared/reconcile/ground/claim.py"), "tables"),
        (("shared/clients/storage/account.py", "shared/clients/storage/queues.py"), "queues"),
        (("shared/clients/transport.py", "shared/clients/storage/queries.py"), "tables"),
        (("shared/clients/transport.py", "shared/clients/storage/queues.py"), "queues"),
        (("shared/clients/transport.py", "shared/clients/answers.py"), "ARM"),
        (("shared/clients/aks.py", "shared/reconcile/cluster/look.py"), "ARM"),
        (("functions/events.py",), "functions"),
        (("local/host/queues.py", "local/host/__main__.py"), "host (on Azure another process)"),
        (("local/host/__main__.py", "local/profiling/hosted.py"), CONNECTIONS),
    ],
)
def test_the_innermost_own_file_decides(stack: tuple[str, ...], layer: str) -> None:
    """What a library does counts as its caller's; what nobody called is the connections'."""
    files = [f"{LIBRARY}/azure/core/pipeline/_base_async.py", *(f"{ROOT}/{each}" for each in stack)]
    assert layer_of(files) == layer
    assert layer in LAYERS


def test_what_is_told_apart_is_there() -> None:
    """Each file and folder that decides is there: one that was renamed would decide nothing."""
    assert all(Path(owner).exists() for owner, _ in OWNERS)


def test_the_worker_library_is_a_layer() -> None:
    """What the worker library does before a function begins is its own."""
    assert layer_of([f"{LIBRARY}/azure_functions_runtime/handle_event.py"]) == "worker library"


def test_a_stack_is_read_from_within() -> None:
    """The file that runs comes first, and what called it comes after."""
    files = list(files_of(sys._getframe()))
    assert files[0] == __file__
    assert any("pytest" in file for file in files[1:])
