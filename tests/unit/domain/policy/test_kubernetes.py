"""Which window a rule gives to the upgrades of Kubernetes."""

import pytest

from shared.domain.policy.choose import SameWindow
from shared.domain.policy.read import read_policy
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.invalid import InvalidPolicy
from tests.unit.domain.examples import cluster
from tests.unit.domain.policy.examples import NOW

POLICY = """
version = 1
tags.choose = "window"

[windows.early]
on = "Tuesday"
start = "22:00"
hours = 5

[windows.weekend]
on = "Sunday"
start = "02:00"
hours = 6

[[rules]]
name = "all"
"""


def test_a_rule_names_it() -> None:
    """By its name, or the same as that of the node images; without it there is none."""
    cases = {"": None, 'kubernetes = "same"': SameWindow(), 'kubernetes = "Weekend"': "weekend"}
    for line, wanted in cases.items():
        policy = read_policy(f'{POLICY}window = "early"\n{line}', NOW)
        for tags in ({}, {"window": "weekend"}, {"window": "unknown"}):
            found = policy.choose(cluster(tags=tags), NOW).kubernetes
            shown = found.name if isinstance(found, NamedWindow) else found
            assert shown == wanted, (line, tags)


@pytest.mark.parametrize(
    ("use", "kubernetes", "rule"),
    [
        ('window = "early"', '"nightly"', "must be the name of a window, or same"),
        ('window = "early"', "true", "must be a text"),
        ("report = true", '"same"', "must stand beside a window"),
    ],
)
def test_what_is_wrong_is_named(use: str, kubernetes: str, rule: str) -> None:
    """A window that is not there, and one beside no window, are refused by their place."""
    with pytest.raises(InvalidPolicy) as caught:
        read_policy(f"{POLICY}{use}\nkubernetes = {kubernetes}", NOW)
    (problem,) = caught.value.problems
    assert problem.field == "rules[0].kubernetes"
    assert problem.rule.startswith(rule[:10])
