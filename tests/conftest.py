"""What every suite may use: a storage emulator, and how hypothesis runs."""

import signal
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from local.storage_emulator import Azurite
from tests.examples import MANY

# A time limit per example would fail on a busy machine.
settings.register_profile("naptime", deadline=None, derandomize=not MANY)
settings.load_profile("naptime")

# A background job of a shell ignores Ctrl-C, and so would each process that a test presses it in.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
async def azurite_connection() -> AsyncIterator[str]:
    """Start an emulator for the whole session, and give its connection string."""
    azurite = Azurite()
    try:
        yield await azurite.start()
    finally:
        await azurite.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to run tests that do not say in a sentence what behaviour they show."""
    silent = [item.nodeid for item in items if not _sentence_of(item)]
    if silent:
        raise pytest.UsageError(f"these tests have no sentence: {', '.join(silent)}")


def _sentence_of(item: pytest.Item) -> str | None:
    return item.obj.__doc__ if isinstance(item, pytest.Function) else "not a function"
