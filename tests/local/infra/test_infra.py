"""infra/ as it is: nothing wrong with it, and in step with the app."""

import json
import re

from local.infra_check.agreement import check_agreement, role_actions
from local.infra_check.check import check_folder
from local.infra_check.evaluate import Evaluation
from local.infra_check.policy import app_settings, check_policies, placed
from local.infra_check.policy_tables import ROLES
from local.infra_check.syntax import INFRA, Kind, parse_folder
from local.infra_check.type_data import known_types
from local.infra_check.values import at, options_of, shown
from shared.settings import read_settings
from tests.local.infra.app_facts import app_facts, schedules_read
from tests.local.infra.faults import EVENT_FUNCTIONS

FOLDER = parse_folder(INFRA)
MAIN = FOLDER["main.bicep"]


def test_nothing_is_wrong() -> None:
    """Syntax, names, types, versions, modules: nothing that the checker can tell is wrong."""
    assert check_folder(FOLDER) == []


def test_no_policy_is_broken() -> None:
    """No shared keys, nothing public, TLS 1.2, no wildcard, no key where a token would do."""
    assert check_policies(FOLDER, placed(FOLDER)) == []


def test_infra_and_app_agree() -> None:
    """Functions, events, settings, actions and names in queries are those of the app."""
    assert check_agreement(FOLDER, placed(FOLDER), app_facts(EVENT_FUNCTIONS)) == []


def test_the_checker_looks_at_something() -> None:
    """Every file is read, and the resources, settings and alerts are found in them."""
    assert len(FOLDER) == len(list(INFRA.rglob("*.bicep"))) >= 14
    assert len(placed(FOLDER)) >= 40
    assert len(app_settings(FOLDER)) >= 25
    assert all(file.declarations for file in FOLDER.values())


def test_the_snapshot_covers_every_type_in_use_and_no_other() -> None:
    """types.json and types_by_hand.json hold each `type@version` of infra/: make infra-types."""
    used = {each.literal for file in FOLDER.values() for each in file.resources}
    assert used == set(known_types())


def test_guids_are_roles() -> None:
    """The only GUIDs are the built-in roles of the table."""
    sources = "".join(path.read_text(encoding="utf-8") for path in INFRA.rglob("*.bicep"))
    guids = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", sources, re.IGNORECASE)
    assert set(guids) == set(ROLES.values())


def test_no_value_given_out_is_a_secret() -> None:
    """No file asks for keys, and none has a parameter for one."""
    for path in INFRA.rglob("*.bicep"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"listKeys|listAccountSas|@secure|AccountKey|SharedAccess", source), (
            path
        )


def test_delete_is_opt_in() -> None:
    """Without the parameter the role cannot delete a schedule; with it, that is all that is new."""
    without, granted = role_actions(FOLDER, {}), role_actions(FOLDER, {"allowScheduleDelete": True})
    (only,) = granted - without
    assert only.endswith("/maintenanceConfigurations/delete")


def test_deployed_defaults_are_the_codes() -> None:
    """Settings that nobody overrides mean what the code means without them."""
    least = {
        "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    (defaults,) = [
        Evaluation(MAIN, FOLDER).value(each.value)
        for each in MAIN.declarations
        if each.name == "defaultSettings" and each.value is not None
    ]
    assert isinstance(defaults, dict)
    texts = {name: value for name, value in defaults.items() if isinstance(value, str)}
    assert texts.keys() == defaults.keys()
    assert read_settings({**least, **texts}) == read_settings(least)
    assert texts.items() >= schedules_read().items()


def test_parameters_of_azd_are_parameters() -> None:
    """main.parameters.json, which azd fills in, gives parameters of main.bicep, all required."""
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    required = {name for name, each in MAIN.parameters.items() if each.value is None}
    assert required <= given.keys() <= MAIN.parameters.keys()


def test_options_have_their_reason() -> None:
    """Every parameter of main.bicep is described, with the reason of its default."""
    silent = [
        name for name, each in MAIN.parameters.items() if each.decorator("description") is None
    ]
    assert silent == []


def test_files_that_are_deployed_apart_mean_the_same_things() -> None:
    """events.bicep looks for topics and groups under the names that watch.bicep gives them."""
    watch, events = FOLDER["watch.bicep"], FOLDER["events.bicep"]
    made = {
        shown(at(body, path))
        for each in (*watch.of(Kind.MODULE), *watch.resources)
        for body in Evaluation(watch, FOLDER).bodies(each)
        for path in ("params.name", "name")
    }
    wanted = {
        shown(option)
        for each in events.of(Kind.MODULE)
        for body in Evaluation(events, FOLDER).bodies(each)
        for option in options_of(at(body, "params.topicName"))
    }
    topics = {name for name in wanted if name.startswith("evgst-")}
    assert len(topics) == 2
    assert topics <= made
    groups = set(
        re.findall(r"'(rg-\$\{environmentName\}-events)'", (INFRA / "events.bicep").read_text())
    )
    assert {group.replace("${", "<").replace("}", ">") for group in groups} <= made
