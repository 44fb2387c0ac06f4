"""The environment, read once: every wrong value is an error that names the variable."""

from datetime import UTC, time, timedelta, timezone

import pytest

from shared.domain.errors import InvalidSetting
from shared.domain.fleet.pace import Pace
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.window.recurrence import Weekday, Weekly
from shared.settings import Settings, read_settings
from shared.storage_settings import StorageSettings
from tests.clusters import SUBSCRIPTION, cluster_id

MINIMUM = {
    "NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION,
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}


def read(**settings: str) -> Settings:
    """Read the least that is needed, and more."""
    return read_settings({**MINIMUM, **settings})


def test_defaults() -> None:
    """Only the subscriptions and the storage are required; the window is Sunday 01:00, 4 hours."""
    settings = read()
    window = settings.desired.policy.windows["settings"]
    assert settings.subscriptions == {SUBSCRIPTION}
    assert window == NamedWindow(
        "settings", Weekly(1, Weekday.SUNDAY), time(1), 4, UTC, timedelta(0)
    )
    assert settings.desired.lead == timedelta(minutes=40)
    assert settings.arm_endpoint == "https://management.azure.com"
    assert not settings.dry_run
    assert settings.pace == Pace(50, 0.9)
    assert settings.own_client_id is None
    assert (settings.image_ages, settings.image_old_days) == (False, 60)


@pytest.mark.parametrize(
    ("value", "on"),
    [("True", True), ("true", True), ("False", False), ("", False), ("1", False), ("yes", False)],
)
def test_the_platforms_sign_in(value: str, *, on: bool) -> None:
    """Only the platform's own yes lets a caller's name be believed; nothing else is an error."""
    assert read(WEBSITE_AUTH_ENABLED=value).entra is on
    assert not read().entra


def test_everything_set() -> None:
    """Every setting is read, blanks and casing forgiven."""
    settings = read(
        NAPTIME_SUBSCRIPTIONS=f" {SUBSCRIPTION.upper()} ,22222222-2222-2222-2222-222222222222,",
        NAPTIME_EXCLUDE=str(cluster_id()),
        NAPTIME_WINDOW_DAY="saturday",
        NAPTIME_WINDOW_START="23:30",
        NAPTIME_WINDOW_UTC_OFFSET="-03:30",
        NAPTIME_WINDOW_HOURS="8",
        NAPTIME_LEAD_MINUTES="30",
        NAPTIME_DRY_RUN="True",
        NAPTIME_WINDOW_SPREAD_MINUTES="45",
        NAPTIME_SHARD_BURST="1000",
        NAPTIME_SHARD_RATE_PER_SECOND="18.5",
        NAPTIME_ARM_ENDPOINT="https://management.usgovcloudapi.net/",
        AZURE_CLIENT_ID="ABC",
        NAPTIME_IMAGE_AGES="1",
        NAPTIME_IMAGE_OLD_DAYS="90",
    )
    window = settings.desired.policy.windows["settings"]
    assert len(settings.subscriptions) == 2
    assert settings.allows(SUBSCRIPTION.upper())
    assert settings.desired.excluded[0].covers(cluster_id())
    assert window == NamedWindow(
        "settings",
        Weekly(1, Weekday.SATURDAY),
        time(23, 30),
        8,
        timezone(-timedelta(hours=3, minutes=30)),
        timedelta(minutes=45),
    )
    assert settings.pace == Pace(1000, 18.5)
    assert settings.desired.lead == timedelta(minutes=30)
    assert settings.dry_run
    assert settings.arm_endpoint == "https://management.usgovcloudapi.net"
    assert settings.own_client_id == "abc"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NAPTIME_SUBSCRIPTIONS", ""),
        ("NAPTIME_SUBSCRIPTIONS", "prod"),
        ("NAPTIME_SUBSCRIPTIONS", f"{SUBSCRIPTION} {SUBSCRIPTION}"),
        ("NAPTIME_EXCLUDE", "aks-1"),
        ("NAPTIME_EXCLUDE", f"/subscriptions/{SUBSCRIPTION}"),
        ("NAPTIME_WINDOW_DAY", "Sonntag"),
        ("NAPTIME_WINDOW_START", "1:00"),
        ("NAPTIME_WINDOW_START", "24:00"),
        ("NAPTIME_WINDOW_START", "01:00:00"),
        ("NAPTIME_WINDOW_UTC_OFFSET", "01:00"),
        ("NAPTIME_WINDOW_UTC_OFFSET", "+15:00"),
        ("NAPTIME_WINDOW_UTC_OFFSET", "Europe/Berlin"),
        ("NAPTIME_WINDOW_HOURS", "3"),
        ("NAPTIME_WINDOW_HOURS", "25"),
        ("NAPTIME_WINDOW_HOURS", "4.5"),
        ("NAPTIME_LEAD_MINUTES", "29"),
        ("NAPTIME_LEAD_MINUTES", "1441"),
        ("NAPTIME_LEAD_MINUTES", "-30"),
        ("NAPTIME_DRY_RUN", "maybe"),
        ("NAPTIME_KUBERNETES_WINDOW", "on"),
        ("NAPTIME_RESTORE", "never"),
        ("WEBSITE_SITE_NAME", "naptime/x"),
        ("NAPTIME_WINDOW_SPREAD_MINUTES", "15"),
        ("NAPTIME_WINDOW_SPREAD_MINUTES", "-15"),
        ("NAPTIME_WINDOW_SPREAD_MINUTES", "20"),
        ("NAPTIME_WINDOW_SPREAD_MINUTES", "1455"),
        ("NAPTIME_SHARD_BURST", "1"),
        ("NAPTIME_SHARD_BURST", "lots"),
        ("NAPTIME_SHARD_RATE_PER_SECOND", "0"),
        ("NAPTIME_SHARD_RATE_PER_SECOND", "-1"),
        ("NAPTIME_SHARD_RATE_PER_SECOND", "1e3"),
        ("NAPTIME_ARM_ENDPOINT", "http://management.azure.com"),
        ("NAPTIME_ARM_ENDPOINT", "management.azure.com"),
        ("NAPTIME_ARM_ENDPOINT", "https://user@management.azure.com"),
        ("NAPTIME_ARM_ENDPOINT", "https://["),
        ("NAPTIME_ARM_ENDPOINT", "https://arm.example:port"),
        ("NAPTIME_ARM_ENDPOINT", "https://arm.example#part"),
        ("NAPTIME_ARM_ENDPOINT", "https://arm\\.example"),
        ("NAPTIME_ARM_ENDPOINT", "https://arm.example\u200b"),
        ("NAPTIME_TOPIC_ENDPOINT", "https://topic.example/api/events?key=1"),
        ("NAPTIME_TOPIC_ENDPOINT", "topic.example"),
        ("NAPTIME_AKS_API_VERSION", "2023-02-01"),
        ("NAPTIME_AKS_API_VERSION", "2023-01-02-preview"),
        ("NAPTIME_AKS_API_VERSION", "2025-04-01"),
        ("NAPTIME_AKS_API_VERSION", "2023-11-02-preview"),
        ("NAPTIME_AKS_API_VERSION", "latest"),
        ("NAPTIME_AKS_API_VERSION", "2026-13-01"),
        ("NAPTIME_NODE_IMAGES_API_VERSION", "2026-02-30-preview"),
        ("NAPTIME_AKS_API_VERSION", "2026-08-01&x=1"),
        ("NAPTIME_NODE_IMAGES_API_VERSION", "newest"),
        ("AzureWebJobsStorage", ""),
    ],
)
def test_a_wrong_value_names_the_variable(name: str, value: str) -> None:
    """A value that breaks a rule is refused with the variable, the value and the rule."""
    with pytest.raises(InvalidSetting) as refused:
        read(**{name: value})
    (problem,) = refused.value.problems
    assert problem.field == name
    assert problem.value in {value, value.strip(), one_line(value)}
    assert problem.rule.startswith("must ")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"AzureWebJobsStorage__accountName": "acc"},
            StorageSettings(
                None, "https://acc.queue.core.windows.net", "https://acc.table.core.windows.net"
            ),
        ),
        (
            {
                "AzureWebJobsStorage__queueServiceUri": "https://q",
                "AzureWebJobsStorage__tableServiceUri": "https://t",
                "AzureWebJobsStorage__clientId": "id",
            },
            StorageSettings(None, "https://q", "https://t", "id"),
        ),
    ],
)
def test_storage_by_identity(environment: dict[str, str], expected: StorageSettings) -> None:
    """The host's storage can be named by account, or by the service URIs, without a secret."""
    settings = read_settings({"NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION, **environment})
    assert settings.storage == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AzureWebJobsStorage__accountName", "acc/../x"),
        ("AzureWebJobsStorage__accountName", "Acc.example"),
        ("AzureWebJobsStorage__queueServiceUri", "http://q"),
        ("AzureWebJobsStorage__tableServiceUri", "t"),
    ],
)
def test_a_wrong_part_of_the_storage_is_named(name: str, value: str) -> None:
    """Of the parts that name the storage, the one that is wrong is said."""
    parts = {
        "AzureWebJobsStorage__queueServiceUri": "https://q",
        "AzureWebJobsStorage__tableServiceUri": "https://t",
    }
    if name.endswith("accountName"):
        parts = {}
    with pytest.raises(InvalidSetting, match=name):
        read_settings({"NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION, **parts, name: value})


@pytest.mark.parametrize("inside", ["\t", "\n", "\r\n"])
@pytest.mark.parametrize("name", ["NAPTIME_ARM_ENDPOINT", "NAPTIME_TOPIC_ENDPOINT"])
def test_an_address_with_a_line_break(name: str, inside: str) -> None:
    """A tab or a line break inside an address is refused, though parsers of URLs leave it out."""
    with pytest.raises(InvalidSetting, match=name):
        read(**{name: f"https://arm{inside}.example/api"})


@pytest.mark.parametrize(
    "value",
    [
        "secret-1",
        '"AccountName=a;AccountKey=secret-1"',
        "DefaultEndpointsProtocol=https;AccountName=a;Key=secret-1",
        "BlobEndpoint=https://b;SharedAccessSignature=secret-1",
        "@Microsoft.KeyVault(SecretUri=https://vault.example/secret-1)",
    ],
)
def test_a_connection_string_that_is_none(value: str) -> None:
    """What is no connection string of queues and tables is refused by name, and never shown."""
    with pytest.raises(InvalidSetting, match="AzureWebJobsStorage") as refused:
        read(AzureWebJobsStorage=value)
    assert "secret-1" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "accountname=a;accountkey=eA==",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=eA==;EndpointSuffix=x;",
        "QueueEndpoint=https://q;TableEndpoint=https://t;SharedAccessSignature=sv=1&sig=x",
    ],
)
def test_connection_strings(value: str) -> None:
    """A connection string by key or by signature is taken as it is."""
    assert read(AzureWebJobsStorage=value).storage.connection_string == value


@pytest.mark.parametrize("value", ["2025-05-01", "2026-08-01", "2024-01-02-preview"])
def test_an_older_version_of_aks(value: str) -> None:
    """A version that shows node auto-provisioning and has maintenance windows can be chosen."""
    assert read(NAPTIME_AKS_API_VERSION=f" {value} ").aks_api_version == value
    assert read().aks_api_version is None


def test_a_connection_string_is_never_shown() -> None:
    """The connection string holds a key, and is in no representation of the settings."""
    settings = read(AzureWebJobsStorage="AccountName=a;AccountKey=very-secret")
    assert "very-secret" not in repr(settings)
