"""What every suite may use: a storage emulator, and how hypothesis runs."""

import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from local.storage_emulator import Azurite

# A time limit per example would fail on a busy machine; in CI the examples are the same each time.
settings.register_profile("naptime", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("naptime")


@pytest.fixture(scope="session")
async def azurite_connection() -> AsyncIterator[str]:
    """Start an emulator for the whole session, and give its connection string."""
    azurite = Azurite()
    try:
        yield await azurite.start()
    finally:
        await azurite.stop()
