"""Rows that hold some clusters each: what is written is what is read, and only what has changed."""

from copy import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.batch import (
    CLUSTERS_A_BATCH,
    STILL_PENDING,
    Batch,
    BatchedCluster,
    PendingCluster,
    SettledCluster,
    having,
)
from shared.domain.fleet.last_known import LastKnown
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Row, Values
from tests.unit.domain.deciding.test_outcome import CREATED
from tests.unit.domain.examples import CLUSTER_ID, at, cluster

NOW = at("2026-11-22 12:00")


def settled(outcome: Outcome = CREATED) -> SettledCluster:
    """Make a cluster that a run is done with."""
    return SettledCluster(LastKnown(outcome, NOW, NOW).shown)


def pending(name: str = "aks-1", **of: object) -> PendingCluster:
    """Make a cluster that a run has yet to look at."""
    observed = replace(cluster(), id=replace(CLUSTER_ID, name=name))
    return replace(PendingCluster(observed), **of)  # type: ignore[arg-type]  # fields by name


def written(batch: Batch, *values: Values) -> Batch:
    """Read a batch from its row after these changes."""
    whole: dict[str, object] = {**batch.to_values()}
    for some in values:
        whole |= some
    return Batch.of(Row("p", batch.key, whole, ""))  # type: ignore[arg-type]  # values of a row


reasons = st.frozensets(st.sampled_from(Reason), max_size=3)
pendings = st.builds(
    lambda name, attempts, flags, told: pending(
        name, attempts=attempts, given_up=flags[0], sent=flags[1], told=told
    ),
    st.from_regex(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", fullmatch=True),
    st.integers(0, 3),
    st.tuples(st.booleans(), st.booleans()),
    reasons,
)
settleds = st.builds(
    lambda kind, reason: settled(
        replace(CREATED, kind=kind, reason=reason, window=None, next_start=None)
    ),
    st.sampled_from(OutcomeKind),
    st.sampled_from(Reason),
)


@given(st.lists(pendings, min_size=1, max_size=CLUSTERS_A_BATCH), st.data())
def test_a_batch_is_read_as_it_was_written(some: list[PendingCluster], data: st.DataObject) -> None:
    """Whatever changes in a few of its columns, the row then says what the batch says."""
    batch = Batch.new("batch:k", some)
    assert written(batch) == batch
    columns = data.draw(st.sets(st.sampled_from(sorted(batch.clusters))))
    changes: dict[str, BatchedCluster] = {
        column: data.draw(st.one_of(pendings, settleds)) for column in sorted(columns)
    }
    after = batch.changed(changes)
    values = after.to_values(changes)
    assert written(batch, values) == after
    assert {name for name in values if name in batch.clusters} == columns
    assert (values["pending"] is True) == bool(after.pending)


def test_tags_that_no_rule_looks_at_are_left_out() -> None:
    """A cluster may have more tags than a column takes; few of them matter."""
    tags = {f"{number:0512}": "x" * 256 for number in range(50)}
    some = PendingCluster(cluster({**tags, "Ring": "canary"}).with_tags({"ring"}))
    values = Batch.new("k", [some]).to_values()
    assert len(str(values["c00"])) < 1000
    kept = replace(cluster(), tags={"Ring": "canary"})
    assert written(Batch.new("k", [some])).pending["c00"].cluster == kept


def test_rows_can_be_found_by_what_is_in_them() -> None:
    """The marks of outcomes and reasons are there as soon as one cluster has them."""
    batch = Batch.new("k", [pending("a"), pending("b")])
    assert STILL_PENDING.items() <= batch.to_values().items()
    failed = settled(replace(CREATED, kind=OutcomeKind.FAILED, reason=Reason.ACCESS_DENIED))
    values = batch.changed({"c00": failed, "c01": settled()}).to_values()
    assert not STILL_PENDING.items() <= values.items()
    for outcome, reason in (("Failed", None), (None, "AccessDenied"), ("Created", None)):
        assert having(outcome, reason).items() <= values.items()
    assert not having("Skipped", None).items() <= values.items()
    assert having(None, None) == {}
