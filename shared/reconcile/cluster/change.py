"""What a PUT and a DELETE of the node OS schedule have in common: intent and completion.

The two ways in which a wish ends.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import replace

from msgspec import Struct

from shared.domain.deciding.advice import Advice
from shared.domain.deciding.conditions import Condition, Difference, entity_tag
from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.deciding.outcome import Outcome
from shared.domain.errors import AzureError
from shared.domain.messages.audit import AuditOutcome, AuditRecord, Completion
from shared.domain.vocabulary.invalid import InvalidInput
from shared.reconcile.cluster.look import Looker, Sight
from shared.reconcile.ground.audit_log import AuditLog
from shared.reconcile.ground.claim import ClusterClaims
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import Recorder
from shared.reconcile.ground.policies import Wanted


class ChangeRefused(Exception):
    """naptime does not make the change; nothing was written since the last look."""

    reason = "Refused"


class ConditionFailed(ChangeRefused):
    """If-Match or If-None-Match does not hold of what ARM says; `tag` is the ETag that does."""

    reason = "ConditionFailed"

    def __init__(self, tag: str | None) -> None:
        """Take the ETag of what is there; None if nothing is."""
        there = f"its ETag is {tag}" if tag else "there is none"
        super().__init__(f"The schedule is not in the state that the request asks for: {there}.")
        self.tag = tag


class ChangeWorld(Struct, frozen=True):
    """What changing a schedule needs."""

    looker: Looker
    claims: ClusterClaims
    recorder: Recorder
    given_up: GivenUpRecords
    audit: AuditLog
    wanted: Wanted
    dry_run: bool = False


def check(condition: Condition, sight: Sight) -> None:
    """Raise `ConditionFailed` unless the condition holds of the schedule that is seen."""
    tag = entity_tag(sight.observed)
    if not condition.holds(tag):
        raise ConditionFailed(tag)


class Intent(Struct):
    """The audit record of one change: written before its first look, completed after its last.

    Nothing slow comes between a look and the write that follows it, so what was there before the
    change is known to the record only once it is completed.
    """

    log: AuditLog
    record: AuditRecord

    def saw(self, sight: Sight) -> None:
        """Note what is there before the write; of several looks the last counts."""
        before = sight.observed.properties if sight.observed else None
        self.record = replace(self.record, before=before)

    async def complete(self, completion: Completion) -> None:
        """Write down what came of it."""
        await self.log.complete(self.record, completion)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Complete the record of what is refused inside, by Azure or by naptime."""
        try:
            yield
        except AzureError as error:
            failed = Completion(AuditOutcome.FAILED, error.reason.value, error.message)
            await self.complete(failed)
            raise
        except ChangeRefused as error:
            await self.complete(Completion(AuditOutcome.REFUSED, error.reason, str(error)))
            raise
        except InvalidInput as error:
            await self.complete(Completion(AuditOutcome.REFUSED, "InvalidRequest", str(error)))
            raise


class AdvisedAgainst(ChangeRefused):
    """There is advice against the wish, and it was not forced."""

    def __init__(self, advice: Advice, changes: tuple[Difference, ...]) -> None:
        """Take what the person should know."""
        first, *others = advice.against
        super().__init__(" ".join((first.message, *(other.message for other in others))))
        self.reason = first.reason.value
        self.advice = advice
        self.changes = changes


class Put(Struct, frozen=True):
    """What came of a wish; `configuration` is the schedule as ARM has it after it, if it has."""

    outcome: Outcome
    advice: Advice
    changes: tuple[Difference, ...]
    configuration: ObservedConfiguration | None
