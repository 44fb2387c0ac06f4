"""What a policy's choice makes of a decision: exempt, reported only, expired, an unknown tag."""

from copy import replace
from datetime import date

from shared.domain.deciding.decision import Action, Desired
from shared.domain.deciding.deletion import comes_back, warnings_of_deletion
from shared.domain.deciding.observed import NODE_OS_SCHEDULE, observe_configuration
from shared.domain.deciding.policy import decide, screen
from shared.domain.policy.choose import Leave, Policy, ReportOnly, Rule
from shared.domain.policy.match import Match
from shared.domain.policy.read import read_policy
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
from tests.policies import always
from tests.unit.domain.examples import SUNDAYS, at, cluster
from tests.unit.domain.policy.examples import RINGS

NOW = at("2026-11-20 12:00")
EXEMPT = Leave(date(2026, 11, 20), "team-lab@example.com", "rebuilt every night")
THERE = observe_configuration(
    {"name": NODE_OS_SCHEDULE, "properties": {"maintenanceWindow": write_window(SUNDAYS)}}
)


def policy(use: Leave | ReportOnly) -> Desired:
    """Put one rule before the one window that is for every cluster."""
    plain = always(SUNDAYS)
    return Desired(
        Policy(plain.windows, (Rule("first", use, Match(clusters=("aks-*",))), *plain.rules))
    )


def test_an_exempt_cluster_is_skipped() -> None:
    """Until when, for whom and what for: the finding names all three."""
    screened = screen(cluster(), policy(EXEMPT), NOW)
    assert screened is not None
    assert (screened.action, screened.reason) == (Action.SKIP, Reason.EXEMPT)
    assert screened.finding.message == (
        "Rule 'first' exempts the cluster until 2026-11-20"
        " (team-lab@example.com: rebuilt every night)."
    )


def test_an_exemption_that_is_over_protects_again() -> None:
    """The day after, the next rule holds, and a person is told."""
    decision = decide(cluster(), [], policy(EXEMPT), at("2026-11-21 00:00"))
    assert decision.action is Action.CREATE
    assert [finding.reason for finding in decision.findings] == [
        Reason.SCHEDULE_MISSING,
        Reason.EXEMPTION_EXPIRED,
    ]
    assert decision.findings[1].message == (
        "The exemption ended on 2026-11-20 (team-lab@example.com: rebuilt every night)."
    )
    later = decide(cluster(), [THERE], policy(EXEMPT), at("2026-11-21 00:00"))
    assert (later.action, later.reason) == (Action.LEAVE, Reason.EXEMPTION_EXPIRED)


def test_a_cluster_that_is_only_reported() -> None:
    """Nothing is written, and a missing schedule is said; one that is there is judged as ever."""
    decision = decide(cluster(), [], policy(ReportOnly()), NOW)
    assert decision.action is Action.LEAVE
    assert decision.window is None
    assert [finding.reason for finding in decision.findings] == [
        Reason.REPORT_ONLY,
        Reason.SCHEDULE_MISSING,
    ]
    assert decide(cluster(), [THERE], policy(ReportOnly()), NOW).reason is Reason.UP_TO_DATE


def test_a_tag_that_names_no_window() -> None:
    """The rules decide, and the tag is reported."""
    rings = replace(read_policy(RINGS, NOW), choose_tag="naptime-window")
    observed = cluster(tags={"naptime-window": "erly"})
    decision = decide(observed, [], Desired(rings), NOW)
    assert decision.action is Action.CREATE
    assert [finding.reason for finding in decision.findings] == [
        Reason.SCHEDULE_MISSING,
        Reason.WINDOW_TAG_UNKNOWN,
    ]


def test_each_ring_has_its_own_window() -> None:
    """Two tags, two windows, and each starts within its own outer bound."""
    desired = Desired(read_policy(RINGS, NOW))
    for env, hours in (("dev", range(21, 23)), ("prod", range(1, 4))):
        decision = decide(cluster(tags={"env": env}), [], desired, NOW)
        start = decision.next_start(NOW)
        assert start is not None
        assert start.start.hour in hours


def test_what_a_deletion_leads_to() -> None:
    """Neither an exempt cluster nor one that is only reported gets its schedule back."""
    for use, reason in ((EXEMPT, Reason.EXEMPT), (ReportOnly(), Reason.REPORT_ONLY)):
        assert not comes_back(cluster(), policy(use), NOW)
        assert warnings_of_deletion(cluster(), policy(use), NOW)[-1].reason is reason
    assert comes_back(cluster(), Desired(always(SUNDAYS)), NOW)
