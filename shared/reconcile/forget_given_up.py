"""Forgetting the messages of runs that were poisoned: the run went on without them."""

from shared.domain.given_up import OF_RUNS
from shared.domain.run import RunState
from shared.reconcile.ports import GivenUpRecords
from shared.reconcile.run_store import RunStore

RECORDS_A_PAGE = 500


async def forget_ended(store: RunStore, given_up: GivenUpRecords) -> int:
    """Forget what was given up of runs that have ended, or are no more; give of how many.

    Their ends forget it themselves; this is for those that were killed before they could, and for
    messages that were poisoned after the end.
    """
    ended = [run_id for run_id in await _run_ids(given_up) if await _has_ended(store, run_id)]
    for run_id in ended:
        await given_up.forget_run(run_id)
    return len(ended)


async def _run_ids(given_up: GivenUpRecords) -> list[str]:
    found: set[str] = set()
    after = OF_RUNS
    while after.startswith(OF_RUNS):
        page = await given_up.page(after, RECORDS_A_PAGE)
        found |= {record.run_id for _, record in page if record.run_id}
        after = page[-1][0] if page else ""
    return sorted(found)


async def _has_ended(store: RunStore, run_id: str) -> bool:
    stored = await store.run(run_id)
    return stored is None or stored.record.state is RunState.FINISHED
