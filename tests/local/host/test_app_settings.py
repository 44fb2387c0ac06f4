"""How bindings refer to settings."""

import pytest

from local.host.app_settings import MissingSetting, connection_string, is_disabled, resolve


def test_references_are_replaced() -> None:
    """`%NAME%` stands for a setting, also inside a text."""
    assert resolve("%A%-poison %B%", {"A": "work", "B": "2"}) == "work-poison 2"
    assert resolve("100 %", {}) == "100 %"


def test_a_reference_to_nothing_is_an_error() -> None:
    """The missing setting is named."""
    with pytest.raises(MissingSetting, match="%NOWHERE%"):
        resolve("%NOWHERE%", {})


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("", {"AzureWebJobsStorage": "x"}, "x"),
        ("AzureWebJobsStorage", {"AzureWebJobsStorage": "x"}, "x"),
        ("Work", {"Work": "x"}, "x"),
        ("Work", {"Work": "x", "AzureWebJobsWork": "y"}, "y"),
    ],
)
def test_a_connection_is_a_setting(name: str, settings: dict[str, str], expected: str) -> None:
    """The name with AzureWebJobs before it goes first; none means AzureWebJobsStorage."""
    assert connection_string(name, settings) == expected


def test_a_connection_that_is_not_there_is_an_error() -> None:
    """A missing connection is named; one with an identity is said to be no use here."""
    with pytest.raises(MissingSetting, match="connection Work is not set"):
        connection_string("Work", {})
    with pytest.raises(MissingSetting, match="identity"):
        connection_string("Work", {"Work__queueServiceUri": "https://x"})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"AzureWebJobs.f.Disabled": "true"}, True),
        ({"AzureWebJobs.f.Disabled": "1"}, True),
        ({"AzureWebJobs_f_Disabled": "True"}, True),
        ({"AzureWebJobs.f.Disabled": "false"}, False),
        ({"AzureWebJobs.g.Disabled": "true"}, False),
    ],
)
def test_a_setting_switches_a_function_off(settings: dict[str, str], *, expected: bool) -> None:
    """In either spelling of its name; other functions stay on."""
    assert is_disabled("f", settings) == expected
