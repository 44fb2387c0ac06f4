"""HTTP: the policy: which window for which cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, ClassVar

from msgspec import Meta

from functions.api.requests import ConditionHeaders, DryRun, PageQuery, attempt_of
from functions.http.answers import Ok, Tagged
from functions.http.parts import Part, TextBody
from functions.http.problems import CONDITION_FAILED, ProblemKind, RequestRefused
from functions.http.routes import Routes
from shared.domain.messages.audit import AuditAction, Origin
from shared.domain.policy.version import MOST_VERSIONS, PolicyVersion, PolicyVersionJson
from shared.domain.vocabulary.pages import PageAsked, PageJson
from shared.reconcile.ground.policies import SETTINGS_TAG, PolicyChanged, tag_of
from shared.reconcile.shown.policy import PutPolicyJson, ShownPolicyJson
from shared.world import app

routes = Routes()

NO_SUCH_VERSION = ProblemKind(
    "NoSuchVersion",
    404,
    "The policy has no version of this number.",
    "Take the number from `GET /api/policy/versions`.",
)

SUNDAYS = """version = 1

[windows.sunday]
on = "Sunday"
start = "01:00"
hours = 6

[[rules]]
name = "everything"
window = "sunday"
"""


class PolicyText(TextBody, frozen=True):
    """The policy, TOML: docs/policy.md."""

    media_type: ClassVar[str] = "application/toml"


class PutPolicyQuery(Part, frozen=True):
    """How a policy is to be put."""

    dry_run: DryRun = False


class RestoreBody(Part, frozen=True):
    """Which version is to be put in force again."""

    version: Annotated[int, Meta(ge=1, lt=MOST_VERSIONS, description="Its number.")]


@routes.get("policy")
async def show_policy() -> Tagged[ShownPolicyJson]:
    """Show the policy in force: its text, its windows' next openings, its clusters by rule.

    Without one, `NAPTIME_WINDOW_*` is the one window and the one rule. Counts are of the fleet as
    it was seen last.
    """
    shown = await app().policy.show()
    return Tagged(shown, f'"{shown["hash"]}"' if shown["version"] else SETTINGS_TAG)


@routes.put(
    "policy",
    problems=(CONDITION_FAILED,),
    examples={"one window": SUNDAYS},
    attempted=attempt_of(AuditAction.PUT_POLICY),
)
async def put_policy(
    query: PutPolicyQuery, headers: ConditionHeaders, body: PolicyText, origin: Origin
) -> Tagged[PutPolicyJson]:
    """Put a policy in force, or say what it would change.

    The ETag of a dry run is that of what is in force.
    What is not right in every line is refused, each problem with its place, and nothing changes.
    Every worker follows within a minute; a run under way keeps the policy that it began with.
    """
    with _refusing():
        if query.dry_run:
            tried = await app().policy.try_out(body.text, headers.condition)
            return Tagged(tried, tag_of(await app().policies.newest()))
        done = await app().policy.put(body.text, headers.condition, origin)
    return Tagged(done, f'"{done["hash"]}"')


@routes.get("policy/versions")
async def list_policy_versions(query: PageQuery) -> Ok[PageJson[PolicyVersionJson]]:
    """List every version that was ever put in force, the newest first."""
    asked = PageAsked(query.continuation_token or "", query.page_size)
    return Ok((await app().policy.versions(asked)).to_json())


@routes.post(
    "policy/restore",
    problems=(CONDITION_FAILED, NO_SUCH_VERSION),
    examples={"the first version": {"version": 1}},
    attempted=attempt_of(AuditAction.PUT_POLICY),
)
async def restore_policy(
    body: RestoreBody, headers: ConditionHeaders, origin: Origin
) -> Tagged[PutPolicyJson]:
    """Put the text of an earlier version in force again, as a new version."""
    version = await _version(body.version)
    with _refusing():
        done = await app().policy.put(version.text, headers.condition, origin)
    return Tagged(done, f'"{done["hash"]}"')


async def _version(number: int) -> PolicyVersion:
    version = await app().policy.version(number)
    if version is None:
        raise RequestRefused(NO_SUCH_VERSION, f"there is no version {number}", "version")
    return version


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except PolicyChanged as error:
        members = {"etag": error.tag}
        raise RequestRefused(CONDITION_FAILED, str(error), members=members) from error
