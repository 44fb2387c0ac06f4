"""docs/policy.md: its example is a policy, and chooses as the page says."""

import re
from copy import replace
from datetime import timedelta

import pytest

from shared.domain.policy.choose import Leave, ReportOnly
from shared.domain.policy.read import MOST_BYTES, read_policy
from shared.domain.policy.read_rules import LONGEST_EXEMPTION, MOST_RULES
from shared.domain.policy.read_windows import MOST_HOURS_DAILY_IN_ZONE, MOST_WINDOWS
from shared.domain.policy.updates import UpdateRules
from shared.domain.policy.warnings import warnings_of
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidPolicy
from tests.clusters import FOREIGN_SUBSCRIPTION
from tests.docs.pages import blocks_run_by, page
from tests.unit.domain.policy.examples import NOW, a_cluster

PAGE = page("policy.md")
(TEXT,) = re.findall(r"<!-- policy: [^>]*-->\n```toml\n(.*?)```\n<!-- /policy -->", PAGE, re.DOTALL)
POLICY = read_policy(TEXT, NOW)
BLOCKS = blocks_run_by("tests/docs/test_policy_page.py")


def test_nothing_in_the_example_is_in_vain() -> None:
    """Every window is used, and no rule hides another."""
    assert warnings_of(POLICY, NOW) == []


@pytest.mark.parametrize(
    ("env", "location", "window"),
    [
        ("dev", "westeurope", "dev-europe"),
        ("dev", "brazilsouth", "dev-americas"),
        ("dev", "australiaeast", "dev-asia"),
        ("test", "japaneast", "test"),
        ("staging", "eastus", "test"),
        ("prod", "westus2", "prod-americas"),
        ("prod", "southeastasia", "prod-asia"),
        ("prod", "australiaeast", "prod-australia"),
        ("prod", "northeurope", "prod-europe"),
    ],
)
def test_each_ring_has_its_night(env: str, location: str, window: str) -> None:
    """Three rings, four continents: each cluster has the window that the page says."""
    use = POLICY.choose(a_cluster(location=location, env=env), NOW).use
    assert isinstance(use, NamedWindow)
    assert use.name == window


def test_what_is_wrong_is_said_as_on_the_page() -> None:
    """The sentence about a location that is none is the one that is answered."""
    (shown,) = (block for block in BLOCKS if not block.language)
    wrong = TEXT.replace("southeastasia", "westeuropa", 1)
    with pytest.raises(InvalidPolicy) as refused:
        read_policy(wrong, NOW)
    assert str(refused.value).splitlines() == shown.text.splitlines()


def test_what_may_be_changed_is_said_as_on_the_page() -> None:
    """The table of updates reads as the page explains it."""
    (shown,) = (block for block in BLOCKS if block.text.startswith("[update]"))
    updates = read_policy(f"{TEXT}\n{shown.text}", NOW).updates
    assert updates == UpdateRules(owned=True, at_most=25, adopts=True)


def test_the_first_week_writes_in_one_subscription() -> None:
    """The policy of docs/first-week.md writes in one subscription, and only looks elsewhere."""
    (shown,) = (block for block in BLOCKS if block.text.startswith("version"))
    policy = read_policy(shown.text, NOW)
    assert warnings_of(policy, NOW) == []
    first = policy.choose(a_cluster(), NOW)
    assert isinstance(first.use, NamedWindow)
    elsewhere = replace(a_cluster(), id=ClusterId.of(FOREIGN_SUBSCRIPTION, "rg-1", "aks-1"))
    other = policy.choose(elsewhere, NOW)
    assert isinstance(other.use, ReportOnly)


def test_rings_follow_each_other() -> None:
    """From a Sunday evening on dev comes first, then test, then prod, wherever they are."""
    sunday = NOW.replace(day=29, hour=23)
    firsts = {name: window.bound(sunday).start for name, window in POLICY.windows.items()}
    dev = max(start for name, start in firsts.items() if name.startswith("dev"))
    prod = min(start for name, start in firsts.items() if name.startswith("prod"))
    assert dev + timedelta(days=1) < firsts["test"] < prod - timedelta(days=1)


def test_an_exemption_is_named_whole() -> None:
    """The sandbox rule has an end, an owner and a reason."""
    use = POLICY.choose(a_cluster(env="sandbox"), NOW).use
    assert isinstance(use, Leave)
    assert all((use.until, use.owner, use.reason))


def test_the_limits_are_the_codes() -> None:
    """What the page says of limits is what the code refuses by."""
    assert (
        f"at most {MOST_BYTES // 1024} KiB, {MOST_RULES} rules and {MOST_WINDOWS} windows" in PAGE
    )
    assert f"at most {LONGEST_EXEMPTION.days} days ahead" in PAGE
    assert f"has {MOST_HOURS_DAILY_IN_ZONE} hours at most" in PAGE
