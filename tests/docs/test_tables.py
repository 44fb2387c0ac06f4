"""The tables of reasons and of settings say what the code does, or the build fails."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.window.body import write_window
from shared.settings import read_settings
from tests.clusters import cluster_id
from tests.docs.pages import blocks_run_by, page, rows

TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
SETTINGS = page("settings.md")


def test_every_reason_has_its_row() -> None:
    """The table of reasons is the code's own, word by word and in its order."""
    expected = [
        [f"`{reason.value}`", text.meaning, text.naptime_does, text.you_can]
        for reason, text in REASONS.items()
    ]
    assert rows("reasons", page("reasons.md")) == expected


class Recording(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        """Give a variable, and remember that it was asked for."""
        self.asked.append(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        """Go over the variables that are set."""
        return iter(self._known)

    def __len__(self) -> int:
        """Count the variables that are set."""
        return len(self._known)


def test_every_setting_has_its_row() -> None:
    """The table of settings names exactly the variables that the code reads."""
    environment = Recording(
        {
            "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
            "AzureWebJobsStorage__accountName": "acc",
        }
    )
    read_settings(environment)
    assert {row[0].strip("`") for row in rows("settings", SETTINGS)} == set(environment.asked)


@pytest.mark.parametrize(
    "row",
    [row for row in rows("settings", SETTINGS) if row[1].startswith("`")],
    ids=lambda row: row[0],
)
def test_the_defaults_are_the_codes(row: list[str]) -> None:
    """Setting a variable to the default that the page names changes nothing."""
    least = {
        "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    spelt_out = {**least, row[0].strip("`"): row[1].strip("`")}
    assert read_settings(spelt_out) == read_settings(least)


def test_the_default_window_is_the_settings() -> None:
    """The body on the page is what is written by default, days before the window."""
    (shown,) = blocks_run_by("tests/docs/test_tables.py")
    least = {
        "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    desired = read_settings(least).desired
    (window,) = desired.policy.windows.values()
    body = json.loads(shown.text)["properties"]["maintenanceWindow"]
    assert body == write_window(window.planned(cluster_id(), TUESDAY, desired.lead))
