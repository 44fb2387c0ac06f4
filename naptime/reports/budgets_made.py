"""Budgets that were made, as text: YAML or patches to be applied, or JSON as the API has it."""

import json
from datetime import datetime

from naptime.asking.budget_flags import BudgetFlags, BudgetForm, by_flag
from naptime.reports.budgets import Held
from shared.domain.budgets.making.asked import read_wish, read_zone
from shared.domain.budgets.making.made import Made, TextForm, make_budgets
from shared.domain.budgets.making.written import title_of
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.budgets import WindowBudgetsJson, budgets_json, made_json


def made_text(held: Held, flags: BudgetFlags, form: BudgetForm, now: datetime) -> str:
    """Make budgets for a window, and write them; raises InvalidInput."""
    window = held.windows.node_os
    if window is None:
        raise InvalidInput.because("CLUSTER", str(held.cluster_id), held.windows.why_none)
    with by_flag():
        wish = read_wish(flags.nodes, flags.reasons, flags.close_early_minutes, flags.until)
        zone = read_zone(flags.zone, flags.until, superset=flags.superset)
        made = make_budgets(window, wish, now, zone, superset=flags.superset)
    if form is BudgetForm.JSON:
        return json.dumps(_json(held, window, made), indent=2, ensure_ascii=False) + "\n"
    name = held.cluster_id.name if held.cluster_id else None
    return made.text(TextForm(form.value), title_of(name, window))


def _json(held: Held, window: MaintenanceWindow, made: Made) -> WindowBudgetsJson:
    if held.cluster_id is None:
        return made_json(window, made)
    return budgets_json(held.cluster_id, window, made)
