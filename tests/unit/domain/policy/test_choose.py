"""Which window a cluster gets: the first rule that matches, and why."""

import json
import time as clocks
from copy import replace
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy.choose import Leave, Policy, ReportOnly, Rule, Step
from shared.domain.policy.match import LONGEST_TAGS, Match, TagWish, fits, tags_to_text
from shared.domain.policy.warnings import covers, rules_without_clusters, warnings_of
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import Daily
from tests.clusters import SUBSCRIPTION
from tests.unit.domain.policy.examples import NOW, Cluster, a_cluster, rings

NIGHT = NamedWindow("night", Daily(1), time(1), 4)
NOON = NamedWindow("noon", Daily(1), time(12), 4)
OTHER = "00000009-1111-1111-1111-111111111111"

texts = st.sampled_from(["a", "b", "ab", "abc"])
patterns = st.sampled_from(["a", "b", "ab", "a*", "*b", "*", "a*b", "*b*"])
tag_wishes = st.one_of(st.booleans(), st.lists(texts, min_size=1, max_size=2).map(tuple))
matches = st.builds(
    Match,
    subscriptions=st.sampled_from([(), (), (SUBSCRIPTION,), (OTHER,), (SUBSCRIPTION, OTHER)]),
    resource_groups=st.lists(patterns, max_size=2).map(tuple),
    clusters=st.lists(patterns, max_size=2).map(tuple),
    locations=st.sampled_from([(), (), ("westeurope",), ("northeurope", "westeurope")]),
    tags=st.dictionaries(st.sampled_from(["env", "team"]), tag_wishes, max_size=2),
    sku=st.sampled_from([(), (), ("base",), ("automatic", "base")]),
)
leaves = st.builds(
    Leave, st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.just("o"), st.just("r")
)
uses = st.one_of(st.sampled_from([NIGHT, NOON]), leaves, st.just(ReportOnly()))
rule_lists = st.lists(st.tuples(uses, matches), max_size=6).map(
    lambda drawn: tuple(
        Rule(f"rule {index}", use, match) for index, (use, match) in enumerate(drawn)
    )
)
policies = st.builds(
    lambda rules, last, tag: Policy(
        {"night": NIGHT, "noon": NOON}, (*rules, Rule("last", last)), tag
    ),
    rule_lists,
    st.sampled_from([NIGHT, ReportOnly()]),
    st.sampled_from([None, "env"]),
)
clusters = st.builds(
    Cluster,
    st.builds(ClusterId.of, st.sampled_from([SUBSCRIPTION, OTHER]), texts, texts),
    st.sampled_from(["westeurope", "northeurope", "eastus"]),
    st.dictionaries(
        st.sampled_from(["env", "Env", "team", "night"]), texts | st.just("night"), max_size=2
    ),
    st.sampled_from(["Base", "Automatic", ""]),
)
days = st.datetimes(
    datetime(2025, 12, 1),  # noqa: DTZ001 - the strategy adds the time zone
    datetime(2028, 2, 1),  # noqa: DTZ001 - the strategy adds the time zone
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("tags", "rule", "use"),
    [
        ({"env": "sandbox"}, "sandboxes", Leave),
        ({"ENV": "dev"}, "dev and test", NamedWindow),
        ({"env": "Dev"}, "everything else", NamedWindow),
        ({}, "everything else", NamedWindow),
    ],
)
def test_the_first_rule_that_matches(tags: dict[str, str], rule: str, use: type) -> None:
    """Keys of tags have no case, as in Azure; their values have."""
    choice = rings().choose(a_cluster(**tags), NOW)
    assert choice.rule == rule
    assert isinstance(choice.use, use)


def test_every_rule_that_was_asked_says_why() -> None:
    """The way to a choice can be read: what the cluster is, where that did not match."""
    choice = rings().choose(a_cluster(env="prod"), NOW)
    assert choice.trace == (
        Step("sandboxes", matched=False, why="tag env is prod"),
        Step("dev and test", matched=False, why="tag env is prod"),
        Step("everything else", matched=True, why="it is for every cluster"),
    )
    assert choice.trace[0].to_json() == {
        "rule": "sandboxes",
        "matched": False,
        "why": "tag env is prod",
    }


@pytest.mark.parametrize(
    ("match", "why_not"),
    [
        (Match(subscriptions=(OTHER,)), f"subscription is {SUBSCRIPTION}"),
        (Match(resource_groups=("rg-dev*",)), "resource group is rg-prod"),
        (Match(clusters=("aks-2",)), "name is aks-1"),
        (Match(locations=("northeurope",)), "location is westeurope"),
        (Match(sku=("automatic",)), "sku is Base"),
        (Match(tags={"env": True}), "tag env is absent"),
        (Match(tags={"team": False}), "tag team is a-team"),
        (Match(tags={"team": ("b",)}), "tag team is a-team"),
        (Match(clusters=("aks-?",)), "name is aks-1"),
        (Match(resource_groups=("RG*".lower(),), clusters=("aks-*", "x")), None),
        (Match(tags={"team": True, "env": False}), None),
    ],
)
def test_what_does_not_match(match: Match, why_not: str | None) -> None:
    """Each key says what the cluster has in its place; `*` is the only sign with a meaning."""
    assert match.why_not(a_cluster(team="a-team")) == why_not


def test_an_exemption_ends_with_its_last_day() -> None:
    """On the day after, in UTC, the next rule holds, and it is known which exemption is over."""
    policy, sandbox = rings(), a_cluster(env="sandbox")
    last = datetime(2027, 3, 31, 23, 59, tzinfo=UTC)
    assert isinstance(policy.choose(sandbox, last).use, Leave)
    after = policy.choose(sandbox, last + timedelta(minutes=1))
    assert after.rule == "everything else"
    assert after.expired == policy.rules[0].use
    assert after.trace[0].why == "the exemption ended on 2027-03-31"


def test_a_tag_names_a_window() -> None:
    """It goes before rules, but not before an exemption; a name that is none changes nothing."""
    policy = replace(rings(), choose_tag="naptime-window")
    chosen = policy.choose(a_cluster(**{"Naptime-Window": "EARLY"}), NOW)
    assert chosen.use == policy.windows["early"]
    assert chosen.trace[0] == Step("tag naptime-window", matched=True, why="it names early")
    assert policy.choose(a_cluster(**{"naptime-window": " early "}), NOW).use == chosen.use
    unknown = policy.choose(a_cluster(**{"naptime-window": "erly"}), NOW)
    assert (unknown.rule, unknown.unknown_tag) == ("everything else", "erly")
    exempt = policy.choose(a_cluster(**{"naptime-window": "early", "env": "sandbox"}), NOW)
    assert exempt.rule == "sandboxes"


@given(policies, clusters, days)
def test_exactly_one_choice(policy: Policy, cluster: Cluster, at: datetime) -> None:
    """Every cluster gets one use of the policy's, by a rule that matches or by its own tag."""
    choice = policy.choose(cluster, at)
    assert sum(step.matched for step in choice.trace) == 1 + choice.rule.startswith("tag ")
    of_rule = {rule.name: rule.use for rule in policy.rules}.get(choice.rule)
    assert choice.use in ([of_rule] if of_rule else policy.windows.values())
    assert not (isinstance(choice.use, Leave) and choice.use.is_over(at))


@given(policies, clusters, days)
def test_a_rule_that_matched_nothing_can_go(policy: Policy, cluster: Cluster, at: datetime) -> None:
    """Without a rule that did not match, the same use is chosen by the same rule."""
    choice = policy.choose(cluster, at)
    for step in choice.trace:
        if not step.matched:
            rules = tuple(rule for rule in policy.rules if rule.name != step.rule)
            again = replace(policy, rules=rules).choose(cluster, at)
            assert (again.use, again.rule) == (choice.use, choice.rule)


@given(policies, clusters, days)
def test_no_rule_is_overlooked(policy: Policy, cluster: Cluster, at: datetime) -> None:
    """The quick way to a rule and the one that asks each of them come to the same."""
    holding = [rule for rule in policy.rules if rule.match.why_not(cluster) is None]
    assert [rule for rule in policy.rules if rule.match.holds(cluster)] == holding
    leaves = [rule for rule in holding if isinstance(rule.use, Leave)]
    over = [rule for rule in leaves if rule.use.is_over(at)]  # type: ignore[union-attr]  # leaves
    first = next(rule for rule in holding if rule not in over)
    choice = replace(policy, choose_tag=None).choose(cluster, at)
    assert (choice.rule, choice.use) == (first.name, first.use)
    before = [rule.use for rule in over if holding.index(rule) < holding.index(first)]
    assert choice.expired == (before[0] if before else None)
    places = [*policy.index.candidates(cluster)]
    assert {policy.rules.index(rule) for rule in holding} <= {*places}
    assert places == sorted(places)


@given(matches, matches, clusters)
def test_a_match_that_covers_another_matches_whatever_it_does(
    wider: Match, narrower: Match, cluster: Cluster
) -> None:
    """What one match is said to cover in another, it has."""
    if covers(wider, narrower) and narrower.why_not(cluster) is None:
        assert wider.why_not(cluster) is None


@pytest.mark.parametrize(
    ("wider", "narrower", "covered"),
    [
        (True, True, True),
        (True, ("a",), True),
        (True, False, False),
        (True, None, False),
        (False, False, True),
        (False, True, False),
        (False, ("a",), False),
        (("a", "b"), ("a",), True),
        (("a",), ("a", "b"), False),
        (("a",), True, False),
        (("a",), False, False),
    ],
)
def test_which_wish_for_a_tag_has_another(
    wider: TagWish, narrower: TagWish | None, *, covered: bool
) -> None:
    """Present has every value and not absent; some values have some of them; all has nothing."""
    tags = {"env": narrower} if narrower is not None else {}
    assert covers(Match(tags={"env": wider}), Match(tags=tags)) is covered
    assert covers(Match(), Match(tags=tags))


@given(policies, clusters, days)
def test_a_hidden_rule_is_never_chosen(policy: Policy, cluster: Cluster, at: datetime) -> None:
    """The warning is sound: no cluster ever gets a rule of which it is said."""
    hidden = [line for line in warnings_of(policy, at) if "is hidden" in line]
    chosen = policy.choose(cluster, at).rule
    assert not any(line.startswith(f"Rule '{chosen}'") for line in hidden)


def test_a_pattern_with_many_stars() -> None:
    """However many stars a pattern has, a name that nearly fits is told apart in no time."""
    began = clocks.process_time()
    assert not fits("*a" * 40 + "*b", "a" * 63)
    assert fits("*a" * 40 + "*b", "a" * 62 + "b")
    assert clocks.process_time() - began < 1


@given(
    st.text(alphabet="ab*", min_size=1, max_size=9).filter(lambda pattern: "*" in pattern),
    st.text(alphabet="ab", max_size=9),
)
def test_a_star_is_any_run_of_characters(pattern: str, name: str) -> None:
    """A pattern fits a name where the shell's own matching says so."""
    assert fits(pattern, name) == fnmatchcase(name, pattern)


def test_of_many_long_tags_the_short_ones_are_kept() -> None:
    """What a row has no room for are the longest tags: a rule asks for short ones."""
    long = {f"a{number:02}" + "\U0001f389" * 250: "\U0001f389" * 256 for number in range(49)}
    text = tags_to_text({**long, "zzz": "prod"})
    assert len(text) <= LONGEST_TAGS + 2
    assert json.loads(text)["zzz"] == "prod"
    assert tags_to_text({"b": "1", "a": "2"}) == tags_to_text({"a": "2", "b": "1"})


def test_a_window_of_upgrades_alone() -> None:
    """A window that only the upgrades of Kubernetes have is used, and no warning names it."""
    rule = Rule("all", NIGHT, kubernetes=NOON)
    assert not warnings_of(Policy({"night": NIGHT, "noon": NOON}, (rule,)), NOW)


def test_warnings() -> None:
    """A hidden rule, a window that nobody uses, an exemption that is over: said, not refused."""
    policy = Policy(
        {"night": NIGHT, "noon": NOON},
        (
            Rule("old", Leave(date(2026, 1, 1), "o", "r"), Match(sku=("base",))),
            Rule("prod", NIGHT, Match(clusters=("prod*",))),
            Rule("shop", NIGHT, Match(clusters=("prod-shop",), tags={"env": True})),
            Rule("all", NIGHT),
        ),
    )
    assert warnings_of(policy, NOW) == [
        "Rule 'shop' is hidden: 'prod' before it has every cluster of it.",
        "Window 'noon' is not used by any rule.",
        "The exemption of rule 'old' ended on 2026-01-01.",
    ]
    assert rules_without_clusters(policy, [a_cluster("prod-1"), a_cluster("x")], NOW) == [
        "old",
        "shop",
    ]
