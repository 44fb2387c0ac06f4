"""Kubernetes is upgraded: the newest node images come along, whatever the node OS window says."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from local.azure.json_values import as_list, as_object, as_text
from local.demo.azure_controls import Release
from local.demo.bodies import AUTO_UPGRADE, Json, cluster_body, cluster_id
from local.demo.evidence import Pickup
from local.demo.fleet import LAB
from local.demo.journal import key_of
from local.demo.node_image import AHEAD, OS, SKU
from local.demo.rings import KUBERNETES_TOO
from local.demo.show import Line
from local.demo.telling import Teller, has_schedule, short_name

PLACE: Final = "uksouth"
VERSION: Final = "1.35"
BYPASSED: Final = "bypassed"
"""What the simulator calls the gate where an upgrade of Kubernetes brought the image."""

_CHANNEL: Final[Json] = {"upgradeChannel": "stable", "nodeOSUpgradeChannel": "NodeImage"}
_STRUCK, _SPARED = (cluster_id(LAB, "rg-uk", name) for name in ("at-any-time", KUBERNETES_TOO))
_FINDING: Final = "KubernetesUpgradeAnyTime"
_SOON: Final = timedelta(hours=1)


async def kubernetes_is_upgraded(teller: Teller) -> Sequence[Line]:
    """Upgrade two clusters: one at any time, one for whose upgrades a window is asked for as well.

    naptime makes that window, in the same hours as that of the node images.
    """
    azure = teller.stage.azure
    now = await azure.now()
    for cluster in (_SPARED, _STRUCK):
        since = await azure.sequence()
        await azure.put_cluster(_body(cluster))
        await teller.written("m", cluster, since)
    await _is_made_too(teller)
    await azure.release(Release(PLACE, OS, SKU, f"{now:%Y%m.%d}.1"))
    await azure.upgrade_kubernetes(PLACE, VERSION)
    found = {each.cluster: each for each in reversed(await azure.pickups(now + AHEAD))}
    struck, spared = (found.get(key_of(each)) for each in (_STRUCK, _SPARED))
    at_once = struck is not None and struck.gate == BYPASSED and struck.at < now + _SOON
    teller.tell("m", f"{short_name(_STRUCK)}: rolls {_at(struck)}", ok=at_once)
    waits = spared is not None and spared.at >= now + _SOON
    teller.tell("m", f"{short_name(_SPARED)}: rolls {_at(spared)}", ok=waits)
    await _is_said(teller)
    return [
        Line(f"Kubernetes is upgraded: given a window for that too, images come {_at(spared)}"),
        Line(f"with a window for node images alone they come at once, {_at(struck)}", aside=True),
    ]


async def _is_made_too(teller: Teller) -> None:
    """Wait for the other schedule, and hold it against that of the node images."""
    teller.deeds.upgraded.append(key_of(_SPARED))
    wanted = AUTO_UPGRADE.lower()
    write = await teller.call(
        "m", _SPARED, 0, lambda call: call.is_accepted_write and wanted in call.path.lower()
    )
    state = (await teller.stage.azure.state())[key_of(_SPARED)]
    other, own = state.siblings.get(AUTO_UPGRADE), state.schedule
    same = other is not None and own is not None and other == own[1]
    if write is not None:
        teller.tell("m", f"{AUTO_UPGRADE} of {has_schedule(write)}", ok=same)


def _body(cluster: str) -> Json:
    return cluster_body(cluster, PLACE, autoUpgradeProfile=_CHANNEL)


def _at(pickup: Pickup | None) -> str:
    return f"{pickup.at:%a %H:%M}" if pickup else "never"


async def _is_said(teller: Teller) -> None:
    """See that naptime says it of the one, and of the other not."""
    for cluster, expected in ((_STRUCK, True), (_SPARED, False)):
        decision = (await teller.stage.api.look(cluster)).part("decision")
        reasons = [as_text(as_object(each)["reason"]) for each in as_list(decision["findings"])]
        text = f"naptime says of {short_name(cluster)}: {', '.join(reasons)}"
        teller.tell("m", text, ok=(_FINDING in reasons) == expected)
