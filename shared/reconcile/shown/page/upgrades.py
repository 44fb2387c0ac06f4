"""The schedule of Kubernetes upgrades, as a row of the fleet page."""

from collections.abc import Callable

from shared.domain.deciding.kubernetes import said_channel, upgrades_kubernetes, why_any_time
from shared.domain.deciding.last_outcome import schedule_from_text
from shared.domain.deciding.observed import AUTO_UPGRADE_SCHEDULE
from shared.domain.fleet.last_known import Remembered
from shared.domain.window.body import read_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.page.rows import NONE, UpgradeRow

type PlaceOf = Callable[[MaintenanceWindow | None], int]


def upgrade_row(known: Remembered, place_of: PlaceOf) -> UpgradeRow:
    """Give when AKS upgrades the Kubernetes of a cluster, as far as is known."""
    needs = known.forecast_needs
    channel, sku = needs.upgrade_channel or "", needs.sku
    if not upgrades_kubernetes(channel, sku):
        return UpgradeRow(channel, is_upgraded=False, window=NONE, is_planned=False, why="")
    window, why = _seen(needs.auto_upgrade_text)
    would_be = None if window else _would_be(known)
    said = said_channel(channel, sku)
    return UpgradeRow(
        channel,
        is_upgraded=True,
        window=place_of(window or would_be),
        is_planned=would_be is not None,
        why=said if window or would_be else f"{said} {why}",
    )


def _seen(text: str) -> tuple[MaintenanceWindow | None, str]:
    """Give the window that was seen, or why there is none."""
    seen = schedule_from_text(text)
    if seen is None:
        return None, "What holds an upgrade back has not been read yet."
    there = seen.schedule
    if there is None:
        return None, f"An upgrade may come at any hour: {why_any_time(is_there=False)}"
    if there.unreadable is not None:
        return None, f"{AUTO_UPGRADE_SCHEDULE} is there, and cannot be read."
    if there.window is None:
        return None, f"An upgrade may come at any hour: {why_any_time(is_there=True)}"
    return there.window, ""


def _would_be(known: Remembered) -> MaintenanceWindow | None:
    """Give the window that a dry run would make."""
    last = known.last_outcome
    body = last["kubernetes"]["window"] if "kubernetes" in last and last["dryRun"] else None
    return read_window(body) if body else None
