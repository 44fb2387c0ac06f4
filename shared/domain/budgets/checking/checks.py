"""What is wrong with a pool's budgets: an ordered list of small checks.

They look at drift, which is how a new node image replaces nodes, over the coming five weeks, or
four hundred days where a window or a schedule names days or months.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from shared.domain.budgets.budget import Budget, DisruptionReason
from shared.domain.budgets.checking.findings import BudgetFinding, Code
from shared.domain.budgets.checking.pools import Pool
from shared.domain.budgets.checking.spoken import instant_text, length_text, moment_text
from shared.domain.budgets.checking.view import Question, View, stretches_of, view_of
from shared.domain.budgets.minutes import Stretch, count

_ONE_DAY = timedelta(days=1)
_NEVER = "Never"
_PER_CENT = 100


def check(pool: Pool, question: Question) -> list[BudgetFinding]:
    """Find everything that is wrong with a pool, in the order of `CHECKS`."""
    findings = [*pool.refused, *_expiry_ignores_budgets(pool), *_expiry_at_old_place(pool)]
    if not pool.is_readable:
        return findings
    invalid = list(_invalid_cron(pool))
    if invalid:
        return [*invalid, *findings]
    view = view_of(pool, question)
    return [*(finding for each in CHECKS for finding in each(view)), *findings]


def _invalid_cron(pool: Pool) -> Iterator[BudgetFinding]:
    for index, budget in enumerate(pool.budgets):
        if problem := budget.cron_problem:
            message = f"'{budget.schedule}': {problem}. No node is replaced, for any reason."
            yield BudgetFinding(Code.INVALID_CRON, message, index)


def _never_hits(view: View) -> Iterator[BudgetFinding]:
    for index, budget in enumerate(view.pool.budgets):
        if _has_no_hit(budget, view):
            message = (
                f"'{budget.schedule}' names no date that comes within five years; "
                "Karpenter takes such a budget as active at all times."
            )
            yield BudgetFinding(Code.NEVER_HITS, message, index)
        elif budget.schedule is not None and not budget.duration:
            yield BudgetFinding(Code.NEVER_HITS, "The duration is zero: it is never active.", index)


def _always_active(view: View) -> Iterator[BudgetFinding]:
    for index, budget in enumerate(view.pool.budgets):
        if budget.schedule is None or _has_no_hit(budget, view):
            continue
        if view.is_always_active(index):
            message = (
                f"'{budget.schedule}' comes again before {length_text(budget.duration)} are over: "
                "the budget is active at all times."
            )
            yield BudgetFinding(Code.ALWAYS_ACTIVE, message, index)


def _has_no_hit(budget: Budget, view: View) -> bool:
    cron = budget.cron
    return cron is not None and cron.next_after(view.question.now) is None


def _never_open(view: View) -> Iterator[BudgetFinding]:
    if view.activity.open & view.looked_at or not view.has_openings:
        return
    index = _whole_block(view)
    why = "" if index is None else f" Budget {index} blocks at all times."
    yield BudgetFinding(Code.NEVER_OPEN, f"No node is replaced for drift at any time.{why}", index)


def _whole_block(view: View) -> int | None:
    for index, budget in enumerate(view.pool.budgets):
        counts = budget.nodes.is_none and budget.counts_for(DisruptionReason.DRIFTED)
        if counts and view.by_budget[index] == view.calendar.all:
            return index
    return None


def _inverted(view: View) -> Iterator[BudgetFinding]:
    outside = view.outside
    if view.question.window is None or not view.activity.unlimited & outside:
        return
    if view.activity.closed & outside:
        return
    for index, budget in enumerate(view.pool.budgets):
        if not _is_scheduled_rate(budget):
            continue
        active = view.by_budget[index] & view.looked_at
        if active and 2 * count(active & view.expected) >= count(active):
            message = (
                f"At most {budget.nodes} within the window, and no limit outside it: "
                "a budget restricts while it is active, and nothing restricts while it is not."
            )
            yield BudgetFinding(Code.INVERTED, message, index)


def _is_scheduled_rate(budget: Budget) -> bool:
    counts = budget.counts_for(DisruptionReason.DRIFTED) and not budget.nodes.is_none
    return counts and budget.schedule is not None


def _unlimited_outside(view: View) -> Iterator[BudgetFinding]:
    found = view.activity.unlimited & view.outside
    if found:
        when = view.spoken.when(found)
        message = f"Outside the window all nodes may be replaced at once: {when}."
        yield BudgetFinding(Code.UNLIMITED_OUTSIDE, message)


def _open_outside(view: View) -> Iterator[BudgetFinding]:
    found = view.activity.open & ~view.activity.unlimited & view.outside
    if found:
        when = view.spoken.when(found)
        yield BudgetFinding(Code.OPEN_OUTSIDE, f"Outside the window nodes are replaced: {when}.")


def _no_rate(view: View) -> Iterator[BudgetFinding]:
    found = view.activity.unlimited & view.expected
    if not found:
        return
    if not view.pool.budgets:
        yield BudgetFinding(
            Code.NO_RATE, "The list of budgets is empty: there is no limit at any time."
        )
        return
    where = "" if view.question.window is None else " within the window"
    message = f"Nothing limits how many nodes go at once{where}: {view.spoken.when(found)}."
    yield BudgetFinding(Code.NO_RATE, message)


def _opens_late(view: View) -> Iterator[BudgetFinding]:
    window = view.question.window
    if window is None or window.ambiguity or not view.activity.open & view.looked_at:
        return
    for each in view.occurrences:
        late = each.start + _ONE_DAY
        if late > view.calendar.end or view.activity.open & view.calendar.within(each.start, late):
            continue
        opens = _next_open(view, each.start)
        when = "not again in the time looked at" if opens is None else f"at {instant_text(opens)}"
        message = f"The window opens at {instant_text(each.start)}, the pool {when}."
        yield BudgetFinding(Code.OPENS_LATE, message)
        return


def _next_open(view: View, instant: datetime) -> datetime | None:
    later = view.activity.open & view.calendar.within(instant, view.calendar.end)
    return next((each.start for each in view.calendar.stretches(later)), None)


def _rounds_up(view: View) -> Iterator[BudgetFinding]:
    pool = view.nodes
    for index, budget in enumerate(view.pool.budgets):
        limit = budget.nodes
        if pool is None or not limit.percent or limit.is_none or limit.number * pool >= _PER_CENT:
            continue
        whole = "the whole pool" if pool == 1 else f"{_PER_CENT // pool} % of it"
        message = f"{limit} of {pool} node{'s' * (pool > 1)} is rounded up to 1: {whole}."
        yield BudgetFinding(Code.ROUNDS_UP, message, index)


def _does_not_fit(view: View) -> Iterator[BudgetFinding]:
    pool = view.nodes
    if pool is None or not view.activity.open & view.looked_at:
        return
    for each in view.occurrences:
        done = _replaced(view, each, pool)
        if each.end <= view.calendar.end and done < pool:
            per_node = length_text(view.question.per_node)
            message = (
                f"In the window from {instant_text(each.start)} {done} of {pool} nodes are "
                f"replaced, at {per_node} each."
            )
            yield BudgetFinding(Code.DOES_NOT_FIT, message)
            return


def _replaced(view: View, stretch: Stretch, pool: int) -> int:
    return sum(
        level.at_most(pool) * (level.stretch.length // view.question.per_node)
        for level in view.activity.levels(stretch)
    )


def _kubernetes_outside(view: View) -> Iterator[BudgetFinding]:
    window = view.question.kubernetes_window
    if window is None:
        return
    for each in stretches_of(window, view.calendar):
        minutes = view.calendar.within(each.start, each.end) & view.looked_at
        if not minutes or view.activity.open & minutes:
            continue
        opens = _next_open(view, each.end)
        wait = "they do not in the time looked at" if opens is None else moment_text(opens)
        message = (
            f"Kubernetes may be upgraded from {instant_text(each.start)}, and the pool is closed "
            f"then: its nodes follow when it opens ({wait})."
        )
        yield BudgetFinding(Code.KUBERNETES_OUTSIDE, message)
        return


def _expiry_ignores_budgets(pool: Pool) -> Iterator[BudgetFinding]:
    if pool.expire_after not in {None, _NEVER}:
        message = f"expireAfter is {pool.expire_after}: nodes of that age go at any hour."
        yield BudgetFinding(Code.EXPIRY_IGNORES_BUDGETS, message)


def _expiry_at_old_place(pool: Pool) -> Iterator[BudgetFinding]:
    if pool.expires_at_old_place:
        message = "spec.disruption.expireAfter is not read."
        yield BudgetFinding(Code.EXPIRY_AT_OLD_PLACE, message)


CHECKS: Sequence[Callable[[View], Iterator[BudgetFinding]]] = (
    _never_hits,
    _always_active,
    _never_open,
    _inverted,
    _unlimited_outside,
    _open_outside,
    _no_rate,
    _opens_late,
    _rounds_up,
    _does_not_fit,
    _kubernetes_outside,
)
