"""infra/ as it is: nothing wrong with it, and in step with the app."""

import json
import re

import pytest

from local.infra_check.agreement import check_agreement, role_actions
from local.infra_check.compiler import TEMPLATES, check_sources
from local.infra_check.policy import app_settings, check_policies
from local.infra_check.policy_tables import ALERT, DEFINITION, ROLES
from local.infra_check.values import INFRA, at, of_kind, read_compiled, read_snapshots, shown
from shared.settings import read_settings
from tests.local.infra.app_facts import app_facts, schedules_read
from tests.local.infra.faults import EVENT_FUNCTIONS

SNAPSHOTS = read_snapshots()
COMPILED = {name: read_compiled(name) for name in TEMPLATES}
MAIN = COMPILED["main"]
WATCHED = "22222222-2222-2222-2222-222222222222"


def parameters(template: str = "main") -> dict[str, object]:
    """Give the parameters of a template."""
    found = at(COMPILED[template], "parameters")
    assert isinstance(found, dict)
    return dict(found)


def ids(snapshot: str) -> list[str]:
    """Give the ids of what a snapshot deploys."""
    return [shown(at(one.body, "id")) for one in SNAPSHOTS[snapshot]]


def test_no_policy_is_broken() -> None:
    """No shared keys, nothing public, TLS 1.2, no wildcard, no key where a token would do."""
    assert check_policies(SNAPSHOTS, COMPILED) == []


def test_infra_and_app_agree() -> None:
    """Functions, events, settings, actions and names in queries are those of the app."""
    assert check_agreement(SNAPSHOTS, app_facts(EVENT_FUNCTIONS)) == []


def test_the_rules_look_at_something() -> None:
    """Every set of parameters is worked out, with resources, settings and alerts in it."""
    assert len(SNAPSHOTS) == len(list(INFRA.glob("snapshots/*.bicepparam"))) == 7
    assert len(SNAPSHOTS["defaults"]) >= 45
    assert len(app_settings(SNAPSHOTS["defaults"])) >= 25
    assert len(of_kind(SNAPSHOTS["defaults"], ALERT)) == 9
    for path in INFRA.glob("snapshots/*.snapshot.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["diagnostics"] == []


def test_what_is_compiled_is_of_these_sources() -> None:
    """No source has changed since infra/compiled and the snapshots were made."""
    assert list(check_sources()) == []


def test_a_changed_source_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that is not the one that was compiled is named, and what to run."""
    monkeypatch.setattr("local.infra_check.compiler.sources", lambda: {"main.bicep": "another"})
    found = [str(each) for each in check_sources()]
    assert "main.bicep: has changed since infra/compiled was made: make infra-write" in found
    assert any("watch.bicep: came or went" in each for each in found)


def test_the_only_guids_are_roles() -> None:
    """The only GUIDs in the sources are the built-in roles of the table."""
    files = [*INFRA.glob("*.bicep"), *INFRA.glob("modules/*.bicep")]
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    guids = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", sources, re.IGNORECASE)
    assert set(guids) == set(ROLES.values())


def test_delete_is_opt_in() -> None:
    """By default the role cannot delete a schedule; with every option it can."""
    action = "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/delete"
    assert action not in role_actions(SNAPSHOTS["defaults"])
    assert action in role_actions(SNAPSHOTS["every-option"])


def test_deployed_defaults_are_the_codes() -> None:
    """Settings that nobody overrides mean what the code means without them, but for the dry run."""
    least = {
        "NAPTIME_SUBSCRIPTIONS": f"{WATCHED},{WATCHED.replace('2', '3')}",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "NAPTIME_DRY_RUN": "true",
    }
    deployed = {
        name: str(value)
        for name, value in app_settings(SNAPSHOTS["defaults"]).items()
        if name.startswith("NAPTIME_") and not str(value).startswith("[")
    }
    assert read_settings({**least, **deployed}) == read_settings(least)
    assert deployed.items() >= schedules_read().items()


def test_it_begins_with_a_dry_run() -> None:
    """Until somebody says otherwise naptime writes nothing: by azd, by deploy.py and by hand."""
    assert at(MAIN, "parameters.dryRun.defaultValue") is True
    assert app_settings(SNAPSHOTS["defaults"])["NAPTIME_DRY_RUN"] == "True"
    text = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    assert "${NAPTIME_DRY_RUN=true}" in text


def test_parameters_of_azd_are_parameters() -> None:
    """main.parameters.json gives every parameter of main.bicep a variable, but for the tags."""
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    assert given.keys() == parameters().keys() - {"tags"}
    for name, one in given.items():
        default = at(MAIN, f"parameters.{name}.defaultValue")
        written = re.fullmatch(r"\$\{\w+=([^${}]*)\}", one["value"])
        if written and not shown(default).startswith("["):
            kept = default if isinstance(default, str) else json.dumps(default)
            assert written[1] == kept, name


def test_options_have_their_reason() -> None:
    """Every parameter of main.bicep is described, with the reason of its default."""
    silent = [
        name for name in parameters() if at(MAIN, f"parameters.{name}.metadata.description") is None
    ]
    assert silent == []


def test_outputs_come_back_as_they_are_written() -> None:
    """Names in camelCase are not changed by ARM; the one that azd looks for is azd's own."""
    outputs = at(MAIN, "outputs")
    assert isinstance(outputs, dict)
    assert [name for name in outputs if not re.fullmatch(r"[a-z][A-Za-z]*", name)] == [
        "AZURE_RESOURCE_GROUP"
    ]


def test_events_take_what_main_gives() -> None:
    """The output eventsParameters has exactly the parameters of events.bicep."""
    given = at(MAIN, "outputs.eventsParameters.value")
    assert isinstance(given, dict)
    assert given.keys() == parameters("events").keys()


def test_owners_of_others_need_nothing_of_naptimes() -> None:
    """watch.bicep with its defaults links to nothing in another subscription than its own."""
    text = json.dumps([one.body for one in SNAPSHOTS["watch-alone"]])
    assert "11111111-1111-1111-1111-111111111111/resourceGroups/rg-prod/" not in text
    kinds = {one.kind for one in SNAPSHOTS["watch-alone"]}
    assert "Microsoft.EventGrid/systemTopics" in kinds
    assert not {kind for kind in kinds if kind.startswith("Microsoft.Insights/")}


def test_nothing_is_made_where_others_watch() -> None:
    """With watchFromHere=false no resource is in a watched subscription."""
    assert [each for each in ids("other-owners") if WATCHED in each] == []


def test_a_shared_topic_is_left_alone() -> None:
    """With a topic of somebody else's only the role is made in the watched subscription."""
    made = [each for each in ids("existing-topic") if WATCHED in each]
    assert [each.split("/")[-2] for each in made] == ["roleDefinitions", "roleAssignments"]


def test_lists_are_trimmed() -> None:
    """A blank after a comma makes neither another subscription nor another role."""
    assert not [each for each in ids("defaults") if " " in each]
    assert app_settings(SNAPSHOTS["defaults"])["NAPTIME_SUBSCRIPTIONS"] == (
        f"{WATCHED},33333333-3333-3333-3333-333333333333"
    )


def test_what_if_sees_every_resource() -> None:
    """No name or id waits for something that is known at run time only."""
    told = [each for name in SNAPSHOTS for each in ids(name)]
    assert [each for each in told if "[" in each] == []


def test_an_identity_and_an_action_group_of_ones_own() -> None:
    """Where Azure refuses those of another subscription, each watched one gets its own."""
    made = [each.rpartition("/providers/")[2] for each in ids("every-option") if WATCHED in each]
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/id-every-events" in made
    assert "Microsoft.Insights/actionGroups/ag-every" in made
    for one in SNAPSHOTS["every-option"]:
        if one.kind == "Microsoft.EventGrid/systemTopics":
            identities = at(one.body, "identity.userAssignedIdentities")
            assert isinstance(identities, dict)
            assert [WATCHED in each for each in identities] == [True]
    (access,) = [
        one
        for one in SNAPSHOTS["events"]
        if one.kind.endswith("/roleAssignments")
        and f"{WATCHED[:4]}" in shown(at(one.body, "properties.principalId"))
    ]
    assert "/containers/deadletters/" in shown(at(access.body, "id"))


def test_deployments_have_no_names_of_their_own() -> None:
    """Nested deployments are named by what is unique to the outer one, and so meet no other's."""
    text = "".join((INFRA / f"compiled/{name}.json").read_text("utf-8") for name in TEMPLATES)
    nested = re.findall(
        r'"type": "Microsoft.Resources/deployments",\s+"apiVersion": "[\d-]+",\s+"name": "([^"]+)"',
        text,
    )
    assert len(nested) >= 15
    assert [name for name in nested if "deployment().name" not in name] == []


def test_the_app_reads_neither_its_package_nor_dead_letters() -> None:
    """Its role on blobs leaves out the two containers that are not its own."""
    owner = ROLES["storageBlobDataOwner"]
    (one,) = [
        body
        for body in of_kind(SNAPSHOTS["defaults"], "Microsoft.Authorization/roleAssignments")
        if shown(at(body, "properties.roleDefinitionId")).endswith(owner)
    ]
    condition = shown(at(one, "properties.condition"))
    assert "StringNotEquals 'deployments'" in condition
    assert "StringNotEquals 'deadletters'" in condition
    assert condition.count("(") == condition.count(")")
    for call in ("read", "write", "add/action", "delete", "runAsSuperUser/action"):
        assert f"containers/blobs/{call}'}}" in condition


def test_the_role_is_one_for_each_installation() -> None:
    """Its display name, unique in a tenant, tells two installations of one name apart."""
    names = [
        shown(at(body, "properties.roleName"))
        for body in of_kind(SNAPSHOTS["defaults"], DEFINITION)
    ]
    assert len(set(names)) == 2
    installation = ids("defaults")[-1].split("/")[4].rpartition("-")[2]
    assert all(installation in name for name in names)
