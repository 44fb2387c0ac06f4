"""HTTP: one cluster's node OS schedule, by hand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from functions.api.requests import (
    ClusterPath,
    ConditionHeaders,
    DeleteQuery,
    PutQuery,
    ScheduleBody,
    attempt_of,
)
from functions.api.shown_schedules import (
    ConfigurationsJson,
    DeletedScheduleJson,
    PutScheduleJson,
    ShownScheduleJson,
    configurations_json,
    deleted_json,
    put_json,
    schedule_json,
)
from functions.http.answering import allowed
from functions.http.answers import Ok, Tagged
from functions.http.problems import (
    ADVISED_AGAINST,
    ASKS_AZURE,
    CLUSTER_BUSY,
    CONDITION_FAILED,
    FOREIGN_SUBSCRIPTION,
    NO_SCHEDULE,
    WRITES_TO_AZURE,
    ProblemKind,
    RequestRefused,
    advised_against,
)
from functions.http.routes import Routes
from shared.domain.deciding.conditions import entity_tag
from shared.domain.deciding.decision import finding_json
from shared.domain.deciding.wish import Wish, read_wish
from shared.domain.messages.audit import AuditAction, Origin
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.reconcile.cluster.change import AdvisedAgainst, ConditionFailed
from shared.reconcile.cluster.own.release import NothingToRelease, NotPlain, ReleasedJson
from shared.reconcile.ground.claim import ClusterBusy
from shared.world import app

routes = Routes()

NOT_PLAIN = ProblemKind(
    "NotPlain",
    409,
    "The schedule is linked, or holds more than a maintenance window.",
    "Give it a maintenance window of its own first, or leave it yours.",
)

CLUSTER = "clusters/{subscriptionId}/{resourceGroup}/{name}"
REFUSED = (FOREIGN_SUBSCRIPTION, CONDITION_FAILED, CLUSTER_BUSY)
SUNDAYS = {
    "maintenanceWindow": {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": 4,
        "startTime": "01:00",
        "utcOffset": "+00:00",
    }
}


@routes.get(f"{CLUSTER}/maintenance-configurations", problems=(FOREIGN_SUBSCRIPTION, *ASKS_AZURE))
async def list_configurations(path: ClusterPath) -> Ok[ConfigurationsJson]:
    """List every maintenance configuration of a cluster, as ARM has them."""
    cluster_id = _cluster(path)
    return Ok(configurations_json(cluster_id, await app().schedules.all(cluster_id)))


@routes.get(f"{CLUSTER}/schedule", problems=(FOREIGN_SUBSCRIPTION, NO_SCHEDULE, *ASKS_AZURE))
async def show_schedule(path: ClusterPath) -> Tagged[ShownScheduleJson]:
    """Show a cluster's node OS schedule, as ARM has it, and when it is next open.

    The ETag is a hash of its properties: ARM gives it no version of its own.
    """
    cluster_id = _cluster(path)
    found = await app().schedules.schedule(cluster_id)
    if found is None:
        raise RequestRefused(NO_SCHEDULE, "the cluster has no node OS schedule")
    return Tagged(schedule_json(cluster_id, found, app().ports.clock.now()), entity_tag(found))


@routes.put(
    f"{CLUSTER}/schedule",
    problems=(*REFUSED, *ADVISED_AGAINST, *WRITES_TO_AZURE),
    examples={"a weekly window": SUNDAYS},
    attempted=attempt_of(AuditAction.PUT_SCHEDULE),
)
async def put_schedule(
    path: ClusterPath,
    query: PutQuery,
    headers: ConditionHeaders,
    body: ScheduleBody,
    origin: Origin,
) -> Tagged[PutScheduleJson]:
    """Create or replace a cluster's node OS schedule, and no other configuration.

    What AKS would refuse is a 400 with everything that is wrong. What naptime advises against is a
    409 with every finding and an offer that would do; `force` overrides it. Both are looked at
    again right before each attempt to write. An equal schedule is not written again. `If-Match` is
    held against what ARM says right before the write; ARM itself has no such condition, so a write
    of somebody else in the moment between goes unseen.
    """
    cluster_id = _cluster(path)
    window = read_wish(body.properties, app().ports.clock.now())
    wish = Wish(window, query.force, headers.condition)
    with _refusing():
        if query.dry_run:
            done = await app().putter.try_out(cluster_id, wish)
        else:
            done = await app().putter.put(cluster_id, wish, origin)
    return Tagged(put_json(done, wish, origin), entity_tag(done.configuration))


@routes.delete(
    f"{CLUSTER}/schedule",
    problems=(*REFUSED, *WRITES_TO_AZURE),
    attempted=attempt_of(AuditAction.DELETE_SCHEDULE),
)
async def delete_schedule(
    path: ClusterPath, query: DeleteQuery, headers: ConditionHeaders, origin: Origin
) -> Ok[DeletedScheduleJson]:
    """Delete a cluster's node OS schedule, and no other configuration.

    Node auto-provisioning picks up new node images at any time then, and naptime creates a
    schedule again unless the cluster is excluded; the answer warns of both. naptime's role has the
    permission only if it was deployed with `allowScheduleDelete`.
    """
    cluster_id = _cluster(path)
    if query.confirm.lower() != cluster_id.name.lower():
        rule = "must be the name of the cluster in the path"
        raise InvalidInput.because("confirm", query.confirm, rule)
    with _refusing():
        if query.dry_run:
            done = await app().deleter.try_out(cluster_id, headers.condition)
        else:
            done = await app().deleter.delete(cluster_id, headers.condition, origin)
    return Ok(deleted_json(done, origin))


@routes.post(
    f"{CLUSTER}/schedule/release",
    problems=(FOREIGN_SUBSCRIPTION, CLUSTER_BUSY, NO_SCHEDULE, NOT_PLAIN, *ASKS_AZURE),
    examples={},
    attempted=attempt_of(AuditAction.RELEASE_SCHEDULE),
)
async def release_schedule(path: ClusterPath, origin: Origin) -> Ok[ReleasedJson]:
    """Hand a cluster's schedule to naptime, which looks after it as after its own from then on.

    Nothing is written to Azure. Where the policy says `schedules = "owned"`, and wants another
    schedule, a run changes it later: `drift` says how.
    """
    with _refusing():
        return Ok(await app().releaser.release(_cluster(path), origin))


def _cluster(path: ClusterPath) -> ClusterId:
    return allowed(ClusterId.of(path.subscription_id, path.resource_group, path.name))


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what the use cases refuse into problems."""
    try:
        yield
    except ClusterBusy as error:
        detail = "somebody else is at the cluster"
        raise RequestRefused(CLUSTER_BUSY, detail, wait=error.wait) from error
    except ConditionFailed as error:
        members = {"etag": error.tag}
        raise RequestRefused(CONDITION_FAILED, str(error), members=members) from error
    except NothingToRelease as error:
        raise RequestRefused(NO_SCHEDULE, str(error)) from error
    except NotPlain as error:
        raise RequestRefused(NOT_PLAIN, str(error)) from error
    except AdvisedAgainst as error:
        kind = advised_against(error.advice.against[0].reason)
        raise RequestRefused(kind, str(error), members=_advice(error)) from error


def _advice(error: AdvisedAgainst) -> Mapping[str, object]:
    advice = error.advice
    return {
        "findings": [finding_json(finding) for finding in advice.against],
        "warnings": [finding_json(finding) for finding in advice.warnings],
        "changes": [change.to_json() for change in error.changes],
        "offer": advice.offer.to_json() if advice.offer else None,
    }
