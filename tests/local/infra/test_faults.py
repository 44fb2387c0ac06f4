"""Seeded faults: each is found and named, by the rule that is for it."""

import json
from collections.abc import Iterator

import pytest

from local.infra_check.agreement import check_agreement
from local.infra_check.compiler import TEMPLATES
from local.infra_check.policy import check_policies
from local.infra_check.values import Placed, Snapshots, Value, read_compiled, read_snapshots
from tests.local.infra.app_facts import app_facts
from tests.local.infra.faults import ABSENT, EVENT_FUNCTIONS, FAULTS, Fault

SNAPSHOTS = read_snapshots()
COMPILED = {name: read_compiled(name) for name in TEMPLATES}


def seeded(fault: Fault) -> dict[str, list[Placed]]:
    """Put a fault into a copy of the snapshots."""
    copied = {
        name: [Placed(one.where, one.kind, json.loads(json.dumps(one.body))) for one in each]
        for name, each in SNAPSHOTS.items()
    }
    names = list(copied) if fault.snapshot == "*" else [fault.snapshot]
    changed = [one for name in names for one in _meant(fault, copied[name])]
    assert changed, fault.name
    for one in changed:
        _put(one.body, fault.path.split("."), fault.value)
    return copied


def _meant(fault: Fault, resources: list[Placed]) -> Iterator[Placed]:
    for one in resources:
        assert isinstance(one.body, dict)
        if one.kind == fault.kind and str(one.body["id"]).endswith(fault.ends):
            yield one
            return


def _put(body: Value, path: list[str], value: Value) -> None:
    for part in path[:-1]:
        body = body[int(part)] if isinstance(body, list) else body[part]  # type: ignore[index]  # a fault names what is there
    last = path[-1]
    if isinstance(body, list):
        number = int(last)
        body[number : number + 1] = [] if value == ABSENT else [value]
        return
    assert isinstance(body, dict)
    if value == ABSENT:
        del body[last]
    elif isinstance(value, str) and "→" in value:
        old, new = value.split("→")
        assert old in str(body[last]), f"there is no {old!r} any more"
        body[last] = str(body[last]).replace(old, new, 1)
    else:
        assert body.get(last) != value
        body[last] = value


def findings(snapshots: Snapshots) -> list[str]:
    """Say everything that is wrong."""
    found = check_policies(snapshots, COMPILED)
    found += check_agreement(snapshots, app_facts(EVENT_FUNCTIONS))
    return [str(finding) for finding in found]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_and_named(fault: Fault) -> None:
    """What is said of the fault names it."""
    found = findings(seeded(fault))
    assert any(fault.says in finding for finding in found), found


def test_without_a_fault_nothing_is_found() -> None:
    """The faults, and not something else, are what is found above."""
    assert findings(SNAPSHOTS) == []


def test_each_fault_is_there_once() -> None:
    """No two faults are the same, under whatever name."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_a_type_that_is_gone_is_a_finding() -> None:
    """Rules about a type that nothing deploys any more would pass for ever."""
    without = {
        name: [one for one in each if one.kind != "Microsoft.Web/serverfarms"]
        for name, each in SNAPSHOTS.items()
    }
    assert "infra: there is no Microsoft.Web/serverfarms, and policies about it" in findings(
        without
    )


@pytest.mark.parametrize(
    "spoilt",
    ["listKeys(x)", "securestring", "DefaultEndpointsProtocol=https;AccountKey=x"],
)
def test_a_template_that_would_hand_out_a_key(spoilt: str) -> None:
    """Whatever asks for a key, or carries one, is a finding."""
    main: dict[str, Value] = {**COMPILED["main"], "outputs": {"x": spoilt}}
    templates = {**COMPILED, "main": main}
    found = [str(each) for each in check_policies(SNAPSHOTS, templates)]
    assert any("naptime deploys without keys" in each for each in found)


def test_another_default_of_an_option_is_a_finding() -> None:
    """An option of watch.bicep that defaults to something else than main.bicep's is named."""
    watch = json.loads(json.dumps(COMPILED["watch"]))
    watch["parameters"]["allowScheduleDelete"]["defaultValue"] = True
    found = [str(each) for each in check_policies(SNAPSHOTS, {**COMPILED, "watch": watch})]
    assert "infra: allowScheduleDelete" not in found
    assert found == ["watch.bicep: allowScheduleDelete has another default than in main.bicep"]
