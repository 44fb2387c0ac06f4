"""A tenant for each test, and one package for all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.local.deploying.tenant import Tenant, packed, started


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack the app once."""
    return packed(tmp_path_factory.mktemp("package"))


@pytest.fixture
async def tenant(
    tmp_path: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Tenant]:
    """Start an empty tenant, whose certificate is trusted."""
    made = await started(tmp_path, package)
    monkeypatch.setenv("SSL_CERT_FILE", made.environment["SSL_CERT_FILE"])
    # urllib keeps its first opener, which trusts the simulator of the test before.
    monkeypatch.setattr("urllib.request._opener", None)
    try:
        yield made
    finally:
        await made.server.stop()
