"""How much of what could be mistyped in infra/ is found: minutes, so part of `make campaign`."""

from collections import Counter

import pytest

from local.infra_check.syntax import parse
from tests.local.infra.mutants import Rule, mutants
from tests.local.infra.test_faults import FOLDER, findings

LEAST = {
    Rule.MISSPELT_PROPERTY: 0.95,
    Rule.LOST_PROPERTY: 0.75,
    Rule.MISSPELT_NAME: 0.95,
    Rule.MISSPELT_MEMBER: 0.9,
    Rule.MISSPELT_TEXT: 0.65,
    Rule.FLIPPED: 0.4,
    Rule.NUMBER: 0.3,
    Rule.OTHER_TYPE: 0.8,
}


@pytest.mark.campaign
def test_how_many_mutants_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Each rule's share is at least what it was; the table is what docs/deploy.md shows."""
    made: Counter[Rule] = Counter()
    found: Counter[Rule] = Counter()
    missed: list[str] = []
    for mutant in mutants():
        made[mutant.rule] += 1
        if findings({**FOLDER, mutant.file: parse(mutant.file, mutant.source)}):
            found[mutant.rule] += 1
        else:
            missed.append(f"{mutant.rule}: {mutant.file}:{mutant.line}")
    with capsys.disabled():
        print(*missed, sep="\n")  # noqa: T201 - what a campaign is for
        print(*(f"| {rule} | {found[rule]} of {made[rule]} |" for rule in Rule), sep="\n")  # noqa: T201 - the same
    assert made.keys() == LEAST.keys()
    assert [rule for rule in Rule if found[rule] / made[rule] < LEAST[rule]] == []
