"""Which layer a piece of running code belongs to: the innermost one on its stack."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Final

ROOT: Final = Path(__file__).parents[2]

CONNECTIONS: Final = "connections (asyncio, aiohttp: answers as they come)"
TABLES, QUEUES, ARM = "tables", "queues", "ARM"

_STORAGE: Final = f"{ROOT}/shared/clients/storage"
OWNERS: Final = (
    (f"{_STORAGE}/tables.py", TABLES),
    (f"{_STORAGE}/queries.py", TABLES),
    (f"{_STORAGE}/account_tables.py", TABLES),
    (f"{_STORAGE}/transactions.py", TABLES),
    (f"{_STORAGE}/queues.py", QUEUES),
    # What both have in common says nothing of which it is for; whoever called it does.
    (_STORAGE, ""),
    (f"{ROOT}/shared/clients/transport.py", ""),
    (f"{ROOT}/shared/clients/", ARM),
    (f"{ROOT}/shared/domain/", "domain"),
    (f"{ROOT}/shared/telemetry/", "telemetry"),
    (f"{ROOT}/shared/", "use cases"),
    (f"{ROOT}/functions/", "functions"),
    (f"{ROOT}/function_app.py", "functions"),
    # Whatever happens in the process happens within these two.
    (f"{ROOT}/local/profiling/", ""),
    (f"{ROOT}/local/host/__main__.py", ""),
    (f"{ROOT}/local/host/serving.py", ""),
    (f"{ROOT}/local/", "host (on Azure another process)"),
)
_LIBRARIES: Final = (
    ("/azure_functions_runtime/", "worker library"),
    ("/azure/functions/", "worker library"),
)
LAYERS: Final = (
    "functions",
    "use cases",
    "domain",
    TABLES,
    QUEUES,
    ARM,
    "telemetry",
    "worker library",
    "host (on Azure another process)",
    CONNECTIONS,
)


def owner_of(file: str) -> str:
    """Give the layer that a file makes its callees part of; "" if none."""
    for start, layer in OWNERS:
        if file.startswith(start):
            return layer
    return next((layer for part, layer in _LIBRARIES if part in file), "")


def layer_of(files: Iterable[str]) -> str:
    """Give the layer of a stack, whose innermost file comes first."""
    return next(filter(None, map(owner_of, files)), CONNECTIONS)


def files_of(frame: FrameType | None) -> Iterator[str]:
    """Yield the files of a stack from its innermost frame outwards, awaiting coroutines too."""
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back
