"""Seeded faults: each is found and named, or is on the list of those that are not."""

import re

import pytest

from local.infra_check.agreement import check_agreement
from local.infra_check.check import check_folder
from local.infra_check.policy import check_policies, placed
from local.infra_check.syntax import INFRA, BicepFile, parse, parse_folder
from tests.local.infra.app_facts import ROOT, app_facts
from tests.local.infra.faults import CAUGHT, EVENT_FUNCTIONS, MISSED, Fault

FOLDER = parse_folder(INFRA)


def seeded(fault: Fault) -> dict[str, BicepFile]:
    """Put a fault where the text stands for the first time."""
    source = (INFRA / fault.file).read_text(encoding="utf-8")
    assert fault.old in source, f"{fault.file} has no {fault.old!r} any more"
    return {**FOLDER, fault.file: parse(fault.file, source.replace(fault.old, fault.new, 1))}


def findings(folder: dict[str, BicepFile]) -> list[str]:
    """Say everything that is wrong with a folder."""
    found = check_folder(folder)
    if not any(file.findings for file in folder.values()):
        resources = placed(folder)
        found += check_policies(folder, resources)
        found += check_agreement(folder, resources, app_facts(EVENT_FUNCTIONS))
    return [str(finding) for finding in found]


@pytest.mark.parametrize("fault", CAUGHT, ids=lambda fault: fault.name)
def test_a_fault_is_found_and_named(fault: Fault) -> None:
    """What is said of the fault names it."""
    assert fault.says is not None
    found = findings(seeded(fault))
    assert any(fault.says in finding for finding in found), found


@pytest.mark.parametrize("fault", MISSED, ids=lambda fault: fault.name)
def test_a_fault_that_only_others_find_is_missed(fault: Fault) -> None:
    """The list of what the checker cannot see is true; a fault that it has come to see moves up."""
    assert fault.only in {"bicep build", "Azure"}
    assert findings(seeded(fault)) == []


def test_without_a_fault_nothing_is_found() -> None:
    """The faults, and not something else, are what is found above."""
    assert findings(FOLDER) == []


def test_each_fault_is_there_once() -> None:
    """No two faults are the same, under whatever name."""
    every = CAUGHT + MISSED
    assert len({fault.name for fault in every}) == len(every)
    assert len({(fault.file, fault.old, fault.new) for fault in every}) == len(every)


def test_the_page_states_the_share() -> None:
    """docs/deploy.md says how many faults are found, and names each that is not."""
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"{len(CAUGHT)} of {len(CAUGHT) + len(MISSED)}" in page
    for only in ("bicep build", "Azure"):
        named = [fault.name for fault in MISSED if fault.only == only]
        assert re.search(rf"{only}[^\n]*: {'; '.join(named)}\.", page), "; ".join(named)
