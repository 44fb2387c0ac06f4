"""The simulated Azure works templates out as ARM's own engine does: the snapshots are its word."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.azure.arm.errors import AzureRefusal
from local.azure.clock import Clock
from local.azure.deploying.evaluation import Evaluation, Place
from local.azure.deploying.expressions import TemplateIsInvalidError
from local.azure.deploying.templates import Job, Made, Target
from local.azure.simulator import Setup, Simulator
from local.infra_check.policy_tables import ROLES
from local.infra_check.values import INFRA, read_compiled

HOME = "11111111-1111-1111-1111-111111111111"
TENANT = "99999999-9999-9999-9999-999999999999"
PARAMETERS = sorted(path.stem for path in INFRA.glob("snapshots/*.bicepparam"))
_UNIQUE = re.compile(r"(?:^|(?<=[a-z -]))[a-z2-7]{13}(?=$|[/ -])")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def given(path: Path) -> tuple[str, Mapping[str, object]]:
    """Read a parameter file: the template, and the values, which are literals."""
    text = path.read_text(encoding="utf-8")
    values = {}
    for name, value in re.findall(
        r"^param (\w+) = (.*?)(?=^param |\Z)", text, re.MULTILINE | re.DOTALL
    ):
        as_json = re.sub(r"(\w+): ", r'"\1": ', value.strip().replace("'", '"'))
        values[name] = json.loads(as_json)
    template = re.search(r"^using '\.\./(\w+)\.bicep'", text)
    assert template is not None
    return template[1], values


def worked_out(template: str, values: Mapping[str, object]) -> list[Made]:
    """Deploy a template to a simulated Azure, or, for those that need others before, to nowhere."""
    simulator = Simulator(Setup(clock=Clock(datetime(2026, 11, 27, tzinfo=UTC), frozen=True)))
    for number in "123":
        simulator.state.add_subscription(HOME.replace("1", number))
    made: list[Made] = []
    store = simulator.cloud.store

    def put(one: Made) -> None:
        if template == "main":
            store.put(one)
        made.append(one)

    def look(_: str) -> dict[str, object]:
        return {"properties": {"principalId": "somebody"}}

    target = Target(put, store.look if template == "main" else look, lambda _: None)
    place = Place(TENANT, "https://management.azure.com", HOME, "", "x", "westeurope")
    for _ in Job(dict(read_compiled(template)), place, values, target).steps():
        pass
    return made


def comparable(value: object, *, exact: bool) -> object:
    """Give a value without what only the real engine knows: unique strings, GUIDs of them."""
    match value:
        case str():
            text = _UNIQUE.sub("…", value)
            return text if exact else _GUID.sub("…", text)
        case list():
            return [comparable(each, exact=exact) for each in value]
        case dict():
            return {name: comparable(each, exact=exact) for name, each in value.items()}
        case _:
            return value


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_snapshot_is_what_is_deployed(name: str) -> None:
    """The same resources come into being, with all that is known before in their bodies."""
    template, values = given(INFRA / "snapshots" / f"{name}.bicepparam")
    text = (INFRA / "snapshots" / f"{name}.snapshot.json").read_text(encoding="utf-8")
    theirs = json.loads(text)["predictedResources"]
    exact = template != "main"
    ours = worked_out(template, values)
    made = {_key(one.id, one.body, exact=exact): one for one in ours}
    wanted = {_key(one["id"], one, exact=exact): one for one in theirs}
    assert made.keys() == wanted.keys()
    assert (len(made), len(wanted)) == (len(ours), len(theirs))
    for key, one in wanted.items():
        for path, value in _leaves({"tags": one.get("tags"), "properties": one.get("properties")}):
            if not isinstance(value, str) or not value.startswith("["):
                found = comparable(_at(made[key].body, path), exact=exact)
                assert found == comparable(value, exact=exact), (key, path)


def _key(resource_id: str, body: Mapping[str, object], *, exact: bool) -> tuple[object, str]:
    """Tell resources apart; the GUIDs of assignments are not comparable, their roles are."""
    role = _at(body, ("properties", "roleDefinitionId"))
    is_built_in = str(role)[-36:] in ROLES.values()
    return comparable(resource_id, exact=exact), str(role)[-36:] if is_built_in else ""


def _leaves(value: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in _leaves(each, (*path, name))]
    return [(path, value)] if value is not None and not isinstance(value, list) else []


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(value, dict):
            return None
        # The simulated Azure makes other names than the real one for what it alone knows.
        value = value.get(name)
    return value


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"subscriptions": ""}, 'subscriptions: "" is not the id of a subscription'),
        ({"subscriptions": "abc"}, 'subscriptions: "abc" is not the id'),
        ({"subscriptions": f"{HOME[:-1]}g"}, "is not the id of a subscription"),
        ({"subscriptions": f"{HOME}, {HOME}"}, f"subscriptions: {HOME} is there twice"),
        ({"subscriptions": f"{HOME},"}, '"" is not the id of a subscription'),
        ({"environmentName": "naptime_prod"}, '"naptime_prod" must be lower-case letters'),
        ({"environmentName": "Prod"}, '"Prod" must be lower-case letters'),
        ({"environmentName": "1prod"}, '"1prod" must be'),
        ({"environmentName": "prod-"}, '"prod-" must be'),
        ({"settings": ["WINDOW=x"]}, 'settings: "WINDOW=x" is not NAPTIME_NAME=value'),
        ({"settings": ["NAPTIME_EXCLUDE"]}, 'settings: "NAPTIME_EXCLUDE" is not'),
        (
            {"settings": ["NAPTIME_DRY_RUN=false"]},
            'settings: "NAPTIME_DRY_RUN=false" would set nothing',
        ),
        (
            {"settings": ["NAPTIME_WINDOWS_DAY=Sunday"]},
            'settings: "NAPTIME_WINDOWS_DAY=Sunday" would set nothing',
        ),
        ({"existingSystemTopics": ["x"]}, 'existingSystemTopics: "x" is not the id'),
    ],
)
def test_nonsense_is_refused_by_name(values: dict[str, object], says: str) -> None:
    """The template itself refuses, naming parameter and value, before anything is made."""
    usual = {"environmentName": "prod", "location": "westeurope", "subscriptions": HOME}
    with pytest.raises(AzureRefusal, match=re.escape(says)):
        worked_out("main", {**usual, **values})


def test_a_region_is_the_same_however_it_is_written() -> None:
    """Another text for it makes no second installation beside the first, in the same group."""
    usual = {"environmentName": "prod", "subscriptions": HOME}
    written = [
        {one.id for one in worked_out("main", {**usual, "location": location})}
        for location in ("westeurope", "West Europe", "WestEurope")
    ]
    assert written[0] == written[1] == written[2]


PLACE = Place(TENANT, "https://arm", HOME, "rg", "d", "westeurope")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[not one]", "[not one]"),
        ("[concat('it''s ', string(true()))]", "it's True"),
        ("[format('{0}-{1}', 1, 'a')]", "1-a"),
        ("[string(createArray(8, 4))]", "[8,4]"),
        ("[map(range(0, 2), lambda('n', add(lambdaVariables('n'), 1)))]", [1, 2]),
        ("[if(equals(1, 2), fail('no'), 'yes')]", "yes"),
        ("[createObject('A', 1).a]", 1),
        ("[tryGet(createObject('a', 1), 'b')]", None),
        ("[coalesce(null(), 'x')]", "x"),
        (
            "[resourceId('g', 'Microsoft.X/as', 'n')]",
            f"/subscriptions/{HOME}/resourceGroups/g/providers/Microsoft.X/as/n",
        ),
        (
            "[subscriptionResourceId('Microsoft.X/as', 'n')]",
            f"/subscriptions/{HOME}/providers/Microsoft.X/as/n",
        ),
    ],
)
def test_expressions(expression: str, value: object) -> None:
    """Functions give what ARM's documentation says."""
    evaluation = Evaluation(PLACE, {}, {}, lambda _: None)
    assert evaluation.value(expression) == value


@pytest.mark.parametrize(
    "expression",
    ["[concat('a']", "[concat('a') 'b']", "[nowhere()]", "[createObject('a', 1).b]", "['a' + 'b']"],
)
def test_what_arm_cannot_read_is_refused(expression: str) -> None:
    """An expression that is none ends the deployment, not the simulator."""
    with pytest.raises(TemplateIsInvalidError):
        Evaluation(PLACE, {}, {}, lambda _: None).value(expression)
