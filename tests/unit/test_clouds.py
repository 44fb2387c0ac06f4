"""Each cloud's tokens have an audience of their own."""

import pytest

from shared.clients.arm import scopes_of


@pytest.mark.parametrize(
    ("endpoint", "scope"),
    [
        ("https://management.azure.com", "https://management.azure.com/.default"),
        (
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/.default",
        ),
        (
            "https://management.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
        ),
        ("https://localhost:8443", "https://management.azure.com/.default"),
    ],
)
def test_scope_of_a_cloud(endpoint: str, scope: str) -> None:
    """A sovereign cloud's end point is asked with that cloud's audience, not the public one's."""
    assert scopes_of(endpoint) == [scope]
