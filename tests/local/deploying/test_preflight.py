"""What would stop a deployment is found before anything is made, all at once."""

import asyncio
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from infra.deploying.parameters import filled_in
from infra.deploying.preflight import AT_HOME

from local.azure.arm.state import Group
from local.azure.deploying.played_az import play
from local.azure.deploying.store import DEFINITION, SYSTEM_TOPIC
from local.azure.deploying.templates import Made
from local.azure.entra.tokens import TENANT_ID
from local.azure.json_values import as_object
from tests.local.deploying.tenant import HOME, SECOND, WATCHED, Ended, Tenant

type Spoil = Callable[[Tenant], dict[str, str]]

NO_DEFINITIONS = {"actions": ["*"], "notActions": ["Microsoft.Authorization/roleDefinitions/*"]}


def nobody(tenant: Tenant) -> dict[str, str]:
    del tenant.environment["PLAYED_AZ_SUBSCRIPTION"]
    return {"AZURE_SUBSCRIPTION_ID": HOME}


def not_registered(tenant: Tenant) -> dict[str, str]:
    subscription = tenant.server.simulator.state.subscriptions[WATCHED]
    subscription.unregistered.add("microsoft.eventgrid")
    return {}


def identities_not_registered(tenant: Tenant) -> dict[str, str]:
    subscription = tenant.server.simulator.state.subscriptions[WATCHED]
    subscription.unregistered.add("microsoft.managedidentity")
    return {"NAPTIME_IDENTITY_PER_SUBSCRIPTION": "true"}


def too_little(tenant: Tenant) -> dict[str, str]:
    tenant.cloud.permissions[SECOND] = [dict(NO_DEFINITIONS)]
    return {}


def old_runtimes(tenant: Tenant) -> dict[str, str]:
    tenant.cloud.runtimes = ("3.11", "3.12")
    return {}


def no_plan(tenant: Tenant) -> dict[str, str]:
    tenant.cloud.runtimes = ()
    return {}


def no_package(tenant: Tenant) -> dict[str, str]:
    tenant.package = Path("dist/nowhere.zip")
    return {}


def folder_for_a_package(tenant: Tenant) -> dict[str, str]:
    tenant.package = tenant.folder
    return {}


def elsewhere(tenant: Tenant) -> dict[str, str]:
    groups = tenant.server.simulator.state.subscriptions[HOME].groups
    groups["rg-prod"] = Group("rg-prod", "northeurope", {})
    return {}


def refusing(part: str, says: str) -> Spoil:
    def spoil(tenant: Tenant) -> dict[str, str]:
        tenant.refusals[part] = f"ERROR: {says}"
        return {"AZURE_SUBSCRIPTION_ID": HOME}

    return spoil


def refusal(status: str, code: str) -> str:
    return f'{status}({{"error": {{"code": "{code}", "message": "Not you."}}}})'


def given(**variables: str) -> Spoil:
    return lambda _: variables


CASES: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "nobody is signed in": (nobody, ("az is not signed in.", "Run `az login`")),
    "a name that azd takes": (
        given(AZURE_ENV_NAME="naptime_prod"),
        ("'naptime_prod' is no name", "a letter first"),
    ),
    "a name that is too long": (given(AZURE_ENV_NAME="a" * 17), ("is no name", "3 to 16")),
    "no region": (given(AZURE_LOCATION=""), ("No region was named.", "--location westeurope")),
    "no subscription's id": (
        given(NAPTIME_SUBSCRIPTIONS=f"{WATCHED},nonsense"),
        ("'nonsense' is not the id of a subscription", "az account list"),
    ),
    "the same twice": (
        given(NAPTIME_SUBSCRIPTIONS=f"{WATCHED}, {WATCHED.upper()}"),
        (f"{WATCHED} is there twice", "Name it once."),
    ),
    "a subscription of others": (
        given(NAPTIME_SUBSCRIPTIONS="99999999-9999-9999-9999-999999999999"),
        ("99999999-9999-9999-9999-999999999999 is not there, or not yours", "Ask its owner"),
    ),
    "a provider": (
        not_registered,
        (
            f"Microsoft.EventGrid is not registered in {WATCHED}.",
            f"az provider register --namespace Microsoft.EventGrid --subscription {WATCHED}",
        ),
    ),
    "permissions": (
        too_little,
        (f"in {SECOND}: Microsoft.Authorization/roleDefinitions/write.", "Ask for Owner there"),
    ),
    "the runtime": (old_runtimes, ("westeurope does not offer Python 3.13", "another region")),
    "the plan": (
        no_plan,
        ("does not offer the Flex Consumption plan", "flexconsumption-locations"),
    ),
    "the package": (no_package, ("There is no package.", "`make package` builds it")),
    "a package that is none": (folder_for_a_package, ("is no deploy package",)),
    "a region that is none": (given(AZURE_LOCATION="west;europe"), ("'west;europe' is no region",)),
    "the name of a subscription": (
        given(AZURE_SUBSCRIPTION_ID="My Subscription"),
        ("'my subscription' is not the id", "--subscription, or AZURE_SUBSCRIPTION_ID"),
    ),
    "an old az": (
        given(PLAYED_AZ_VERSION="2.69.1"),
        ("az is 2.69.1; this takes 2.70 or later", "az upgrade"),
    ),
    "a group that is elsewhere": (
        elsewhere,
        ("rg-prod is in northeurope already", "Deploy to northeurope"),
    ),
    "storage without a way to it": (
        given(NAPTIME_STORAGE_PUBLIC_ACCESS="Disabled"),
        ("leaves the app no way to its storage", "NAPTIME_SUBNET_ID"),
    ),
    "a setting in the place of a variable": (
        given(NAPTIME_WINDOW_DAY="Saturday", NAPTIME_APP="https://x"),
        ("NAPTIME_WINDOW_DAY is no variable", "NAPTIME_SETTINGS='[\"NAPTIME_WINDOW_DAY=…\"]'"),
    ),
    "a variable that is misspelt": (
        given(NAPTIME_ALERT_EMAIL='["a@example.com"]'),
        ("NAPTIME_ALERT_EMAIL is no variable of a deployment",),
    ),
    "a range that is none": (
        given(NAPTIME_ALLOWED_IP_RANGES='["203.0.113.0/24", "203.0.113.7"]'),
        ("'203.0.113.7' is no range", "203.0.113.7/32"),
    ),
    "a registration that is none": (
        given(NAPTIME_ENTRA_CLIENT_ID="naptime; x"),
        ("NAPTIME_ENTRA_CLIENT_ID: 'naptime; x' is no id", "client id of the registration"),
    ),
    "a principal that is none": (
        given(NAPTIME_ENTRA_ALLOWED_PRINCIPALS='["someone@example.com"]'),
        ("NAPTIME_ENTRA_ALLOWED_PRINCIPALS: 'someone@example.com' is no id",),
    ),
    "az in another tenant": (
        given(AZURE_SUBSCRIPTION_ID=SECOND, PLAYED_AZ_OTHER_TENANT="theirs"),
        (f"{SECOND} is in theirs", f"az account set --subscription {SECOND}"),
    ),
    "access that is neither": (
        given(NAPTIME_STORAGE_PUBLIC_ACCESS="enabled"),
        ("'enabled' is neither Enabled nor Disabled",),
    ),
    "an address that is none": (
        given(NAPTIME_ALERT_EMAILS='["a@example.com", "on-call"]'),
        ("NAPTIME_ALERT_EMAILS: 'on-call' is no address", "a@example.com"),
    ),
    "a plan that az does not tell of": (
        refusing("list-flexconsumption-runtimes", "'list-flex' is misspelled."),
        ("westeurope offers the Flex Consumption plan is not known: 'list-flex' is misspelled.",),
    ),
    "az that is broken": (
        refusing("'account', 'show'", "The command failed: No module named 'x'"),
        ("az does not say who is signed in: The command failed: No module named 'x'",),
    ),
    "a subscription that is hidden": (
        refusing(f"{SECOND}?", refusal("Forbidden", "AuthorizationFailed")),
        (f"{SECOND} is not there, or not yours to see", "Ask its owner"),
    ),
    "a subscription of another tenant": (
        refusing(f"{SECOND}?", refusal("Unauthorized", "InvalidAuthenticationTokenTenant")),
        (f"{SECOND} is not there, or not yours to see",),
    ),
    "a provider that identities need": (
        identities_not_registered,
        (f"Microsoft.ManagedIdentity is not registered in {WATCHED}.",),
    ),
    "a topic that is none": (
        given(
            NAPTIME_EXISTING_SYSTEM_TOPICS=json.dumps(
                [f"/subscriptions/{WATCHED}/resourceGroups/a/providers/b/systemTopics/c"]
            )
        ),
        ("is no system topic of", "Leave it out."),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_finding_says_what_and_what_to_do(tenant: Tenant, name: str) -> None:
    """Each is found before anything is made, in a sentence, with its remedy."""
    spoil, says = CASES[name]
    ended = await tenant.deploy(**spoil(tenant))
    assert ended.code == 1
    assert "1 finding, and nothing was made" in ended.err, ended.err
    assert [each for each in says if each not in ended.err] == []
    assert not tenant.cloud.store.resources


async def test_whoever_writes_event_subscriptions_alone(tenant: Tenant) -> None:
    """A watched subscription whose providers are hidden from the deployer is no finding."""
    tenant.refusals[f"{SECOND}/providers/Microsoft.EventGrid?"] = refusal(
        "Forbidden", "AuthorizationFailed"
    )
    ended = await tenant.deploy("preflight", NAPTIME_WATCH_FROM_HERE="false")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    ("names", "taken"),
    [(["data"], False), (["log-prod"], True), (["ag-prod", "id-prod-package"], True)],
)
async def test_a_group_of_others_is_not_deployed_to(
    tenant: Tenant, names: list[str], *, taken: bool
) -> None:
    """`remove` would take what is there; what an early end of naptime left is no finding."""
    elsewhere(tenant)
    for name in names:
        path = f"/subscriptions/{HOME}/resourceGroups/rg-prod/providers/Microsoft.X/things/{name}"
        made = Made(path, "Microsoft.X/things", {"name": name, "properties": {}})
        tenant.cloud.store.resources[path.lower()] = made
    ended = await tenant.deploy("preflight", AZURE_LOCATION="northeurope")
    assert ended.code == (0 if taken else 1), ended.err
    assert ("rg-prod is somebody else's" in ended.err) == (not taken)


async def test_all_findings_come_at_once(tenant: Tenant) -> None:
    """Several are told together, so that one is not met after the other."""
    not_registered(tenant)
    too_little(tenant)
    ended = await tenant.deploy("preflight", AZURE_ENV_NAME="naptime_prod")
    assert "3 findings" in ended.err


async def test_what_was_found_before_a_refusal_is_told(tenant: Tenant) -> None:
    """A look that Azure refuses is a finding of its own, and hides none of the others."""
    tenant.refusals["Microsoft.ResourceGraph"] = refusal("Forbidden", "AuthorizationFailed")
    ended = await tenant.deploy("preflight", PLAYED_AZ_VERSION="2.50.0")
    assert "2 findings" in ended.err
    assert "az is 2.50.0" in ended.err
    assert "let nobody look further: AuthorizationFailed: Not you." in ended.err


async def test_a_system_topic_of_others_is_the_commonest_stop(tenant: Tenant) -> None:
    """A topic that a subscription has already is named, with the variable that shares it."""
    assert (await tenant.deploy("resources", NAPTIME_SUBSCRIPTIONS=WATCHED)).code == 0
    ended = await tenant.deploy("preflight", AZURE_ENV_NAME="test", NAPTIME_SUBSCRIPTIONS=WATCHED)
    assert ended.code == 1
    assert f"{WATCHED} has a system topic already" in ended.err
    assert "NAPTIME_EXISTING_SYSTEM_TOPICS='[\"/subscriptions/" in ended.err


async def test_a_topic_of_notifications_is_one_too(tenant: Tenant) -> None:
    """Event Grid allows one of each type: a second installation is told before it makes any."""
    asked = {"NAPTIME_SUBSCRIPTIONS": WATCHED, "NAPTIME_RESOURCE_NOTIFICATIONS": "true"}
    assert (await tenant.deploy("resources", **asked)).code == 0
    assert (await tenant.deploy("preflight", **asked)).code == 0
    (topic,) = [
        one.id
        for one in tenant.cloud.store.of_type(SYSTEM_TOPIC)
        if one.id.endswith("-subscription")
    ]
    shared = {"AZURE_ENV_NAME": "test", "NAPTIME_EXISTING_SYSTEM_TOPICS": json.dumps([topic])}
    ended = await tenant.deploy("preflight", **asked, **shared)
    assert ended.code == 1
    assert f"{WATCHED} has a topic of resource notifications already" in ended.err


async def test_its_own_topic_is_no_finding(tenant: Tenant) -> None:
    """A second deployment of an installation does not stumble over what the first has made."""
    assert (await tenant.deploy("resources")).code == 0
    assert (await tenant.deploy("preflight")).code == 0


async def test_owners_of_others_are_told_what_to_run(tenant: Tenant) -> None:
    """Without rights in a watched subscription its owner's command is shown, no more."""
    tenant.cloud.permissions[SECOND] = [dict(NO_DEFINITIONS)]
    tenant.cloud.permissions[WATCHED] = [dict(NO_DEFINITIONS)]
    ended = await tenant.deploy("preflight", "resources", NAPTIME_WATCH_FROM_HERE="false")
    assert ended.code == 0, ended.err
    assert "infra/compiled/watch.json" in ended.out
    assert "appPrincipalId=" in ended.out
    assert not [one for one in tenant.cloud.store.resources if WATCHED in one]


async def test_what_owners_are_told_to_run_is_enough(tenant: Tenant) -> None:
    """Their commands make what this installation asks for, and its events then come."""
    asked = {
        "NAPTIME_WATCH_FROM_HERE": "false",
        "NAPTIME_RESOURCE_NOTIFICATIONS": "true",
        "NAPTIME_ALLOW_SCHEDULE_DELETE": "true",
        "NAPTIME_IDENTITY_ON_SYSTEM_TOPICS": "true",
    }
    ended = await tenant.deploy("resources", "code", **asked)
    assert ended.code == 0, ended.err
    told = [line for line in ended.out.splitlines() if line.startswith("    az ")]
    assert len(told) == 2
    for line in told:
        ran = await asyncio.to_thread(play, shlex.split(line)[1:], tenant.environment)
        assert ran[0] == 0, ran
    roles = [one.body["properties"] for one in tenant.cloud.store.of_type(DEFINITION)]
    assert len(roles) == 2
    assert all("maintenanceConfigurations/delete" in json.dumps(role) for role in roles)
    events = await tenant.deploy("events", **asked)
    assert events.code == 0, events.err
    # Whoever may write event subscriptions alone does not see what else is in a group.
    installation = str(as_object(roles[0])["roleName"]).split()[2]
    hidden = f"{SECOND}/resourceGroups/rg-prod-events-{installation}/resources"
    tenant.refusals[hidden] = refusal("Forbidden", "AuthorizationFailed")
    removed = await tenant.deploy("remove", **asked)
    assert removed.code == 0, removed.err
    for line in [line for line in removed.out.splitlines() if line.startswith("    az ")]:
        assert shlex.split(line)[-2:] in (["--subscription", WATCHED], ["--subscription", SECOND])
    assert removed.out.count("    az group delete --name rg-prod-events-") == 2
    assert removed.out.count("    az role definition delete --name 'naptime prod ") == 2
    left = [one for one in tenant.cloud.store.resources if "/eventsubscriptions/" in one]
    assert [one for one in left if "-notifications/" not in one] == []
    assert not [one for one in tenant.cloud.store.resources if HOME in one]


def azd(tenant: Tenant, told: str) -> None:
    """Play azd: it writes this when it is asked for a token."""
    program = tenant.folder / "azd"
    program.write_text(f"#!/bin/sh\necho '{told}'\n", encoding="utf-8")
    program.chmod(0o755)


async def with_azd(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, told: str) -> Ended:
    """Look as azd's hook does."""
    azd(tenant, told)
    monkeypatch.setenv("PATH", str(tenant.folder), prepend=":")
    return await tenant.deploy("preflight", "--azd")


def token_of(tenant: Tenant) -> str:
    """Give a token as azd does."""
    text = tenant.server.simulator.tokens.issue("https://management.azure.com").text
    return json.dumps({"token": text})


async def test_azd_in_the_same_tenant(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both signed in to one tenant is no finding, and azd brings its own package."""
    tenant.package = Path("dist/nowhere.zip")
    ended = await with_azd(tenant, monkeypatch, token_of(tenant))
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("told", ["", "ERROR: not logged in"])
async def test_azd_that_is_not_signed_in(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """Az alone is not enough where azd deploys."""
    ended = await with_azd(tenant, monkeypatch, told)
    assert "azd is not signed in" in ended.err
    assert f"azd auth login --tenant-id {TENANT_ID}" in ended.err


async def test_azd_in_another_tenant(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two tenants are named, and both ways out."""
    claims = "eyJ0aWQiOiAib3RoZXItdGVuYW50In0"
    ended = await with_azd(tenant, monkeypatch, json.dumps({"token": f"e.{claims}.s"}))
    assert f"az is signed in to the tenant {TENANT_ID}, azd to other-tenant" in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("NAPTIME_DRY_RUN", "perhaps", "NAPTIME_DRY_RUN must be true or false, not 'perhaps'"),
        ("NAPTIME_ALERT_EMAILS", "a@b.c", "NAPTIME_ALERT_EMAILS must be a JSON list of texts"),
        ("NAPTIME_ALERT_EMAILS", "[1]", "NAPTIME_ALERT_EMAILS must be a JSON list of texts"),
        ("NAPTIME_MAXIMUM_INSTANCES", "many", "must be a whole number, not 'many'"),
        ("NAPTIME_IDENTITY_ON_SYSTEM_TOPICS", "x", "NAPTIME_IDENTITY_ON_SYSTEM_TOPICS must be"),
    ],
)
async def test_a_variable_of_another_type(
    tenant: Tenant, variable: str, value: str, says: str
) -> None:
    """A value that its parameter cannot take is refused under the variable's name."""
    ended = await tenant.deploy(**{variable: value})
    assert ended.code == 1
    assert says in ended.err
    assert tenant.told() == [["account", "show", "--only-show-errors", "--output", "json"]]


@pytest.mark.parametrize(
    ("template", "variables", "value"),
    [
        ("${A}", {"A": "${A}"}, "${A}"),
        ("${A=x}", {"A": "${B}", "B": "b"}, "${B}"),
        ("${A=${B=1}}", {"B": "${A}"}, "${A}"),
        ("${A=${B=1}}", {"A": "", "B": "2}"}, "2}"),
        ("${A=${B=1}}", {}, "1"),
        ("${A=[]}", {}, "[]"),
    ],
)
def test_a_variable_that_names_a_variable(
    template: str, variables: dict[str, str], value: str
) -> None:
    """What a variable holds is taken as it is: in quotes too many, `$` is not looked up again."""
    assert filled_in(template, variables) == value


async def test_a_step_that_there_is_not(tenant: Tenant) -> None:
    """A misspelt step is refused with the list of them."""
    ended = await tenant.deploy("preflght")
    assert "'preflght' is no step; the steps are preflight, resources" in ended.err


def test_providers_are_those_of_the_template() -> None:
    """Every provider whose resources main.bicep makes is looked at."""
    template = (Path(__file__).parents[3] / "infra/compiled/main.json").read_text(encoding="utf-8")
    own = {"Microsoft.Authorization", "Microsoft.Resources"}
    made = {
        word.partition("/")[0]
        for word in template.split('"')
        if word.startswith("Microsoft.") and word.count("/") and "[" not in word and "'" not in word
    }
    made = {each for each in made if each[10:].isalpha()}
    assert made - own - {
        "Microsoft.ContainerService",
        "Microsoft.Compute",
        "Microsoft.ResourceGraph",
    } <= {*AT_HOME}
