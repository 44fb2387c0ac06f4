"""The controls that look through NAP's eyes: who would pick up an image, who did when."""

from datetime import datetime, timedelta
from http import HTTPStatus

from local.azure.arm.bodies import cluster_id
from local.azure.arm.clusters import Cluster
from local.azure.arm.node_images import newest_versions
from local.azure.arm.routes import route_of
from local.azure.arm.state import Release, State
from local.azure.controls.errors import ControlRefusedError
from local.azure.json_values import JsonObject, as_list, as_object, as_text, instant_of, iso, parse
from local.azure.nap.budgets import allowed
from local.azure.nap.gate import gate_at
from local.azure.nap.history import Roll, Versions, found_out, rolls, versions_at
from local.azure.nap.replacements import pools_of, replacements
from local.azure.nap.upgrades import Upgrade, upgrades
from local.azure.replies import Call
from local.azure.simulator import Simulator

_SECONDS_PER_HOUR = 3600
_MINUTE = timedelta(minutes=1)


def nap_history(simulator: Simulator, call: Call) -> JsonObject:
    """List the clusters whose nodes rolled, and when after which release; `?at=` is until when."""
    until = _instant(simulator, call)
    shown = [
        _shown_roll(cluster, roll)
        for cluster in simulator.state.clusters()
        for roll in _rolls_of(simulator.state, cluster, until)
    ]
    shown.sort(key=lambda each: as_text(each["at"]))
    return {"until": iso(until), "count": len(shown), "value": shown}


def nap_of_cluster(simulator: Simulator, call: Call, path: str) -> JsonObject:
    """Show what NAP would do on one cluster (`?at=`), or force what it reads as its window.

    Below it, `pools` are its node pools, and `replacements` what NAP does with them (`?at=`).
    """
    if path.endswith("/pools"):
        return _pools_of_cluster(simulator, call, _cluster(simulator, path.removesuffix("/pools")))
    if path.endswith("/replacements"):
        found = _cluster(simulator, path.removesuffix("/replacements"))
        return _shown_replacements(simulator.state, found, _instant(simulator, call))
    found = _cluster(simulator, path)
    match call.method:
        case "PUT":
            found.force_window(_data(call), simulator.clock.now())
        case "DELETE":
            found.force_window(None, simulator.clock.now())
        case "GET":
            pass
        case _:
            message = f"{call.method}: must be GET, PUT or DELETE"
            raise ControlRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, message)
    return _shown_cluster(simulator.state, found, _instant(simulator, call))


def _cluster(simulator: Simulator, path: str) -> Cluster:
    route = route_of(path)
    found = None
    if route is not None and route.is_cluster:
        found = simulator.state.cluster(route.subscription, route.group, route.cluster)
    if found is None:
        raise ControlRefusedError(HTTPStatus.NOT_FOUND, f"no cluster {path}")
    return found


def _pools_of_cluster(simulator: Simulator, call: Call, cluster: Cluster) -> JsonObject:
    match call.method:
        case "PUT":
            cluster.pools = pools_of(as_object(parse(call.body or b"{}")))
        case "GET":
            pass
        case _:
            message = f"{call.method}: must be GET or PUT"
            raise ControlRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, message)
    now = simulator.clock.now()
    return {
        "clusterId": cluster_id(cluster),
        "pools": [
            {
                "name": pool.name,
                "nodes": pool.nodes,
                "minutesPerNode": pool.per_node // _MINUTE,
                "allowedNow": allowed(pool.budgets, pool.nodes, now),
            }
            for pool in cluster.pools
        ],
    }


def _shown_replacements(state: State, cluster: Cluster, until: datetime) -> JsonObject:
    taken = {roll.at for roll in _rolls_of(state, cluster, until)}
    # A node whose kubelet is older than the control plane has drifted as well.
    told = (found_out(cluster.sights, each) for each in _upgrades_of(state, cluster, until))
    taken |= {at for at in told if at is not None and at < until}
    found = replacements(sorted(taken), cluster.pools, until)
    return {
        "clusterId": cluster_id(cluster),
        "until": iso(until),
        "count": len(found),
        "outside": sum(not _is_in_window(cluster, each.at) for each in found),
        "value": [
            {
                "pool": each.pool,
                "node": each.node,
                "at": iso(each.at),
                "done": iso(each.done),
                "inWindow": _is_in_window(cluster, each.at),
            }
            for each in found
        ],
    }


def _is_in_window(cluster: Cluster, at: datetime) -> bool:
    """Say whether an occurrence of the schedule that was there then has an instant."""
    sight = [each for each in cluster.sights if each.since <= at][-1]
    judgement = gate_at(sight, at)
    if judgement.start is None or judgement.end is None:
        return False
    return judgement.start <= at < judgement.end


def _data(call: Call) -> dict[str, str]:
    data = as_object(parse(call.body or b"{}"))
    given = {name: value for name, value in data.items() if isinstance(value, str)}
    if len(given) != len(data):
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, "the data must be strings by name")
    return given


def _instant(simulator: Simulator, call: Call) -> datetime:
    text = call.query.get("at", "")
    # A + that was not escaped in a query has become a space.
    return instant_of(text.replace(" ", "+")) if text else simulator.clock.now()


def _shown_cluster(state: State, cluster: Cluster, at: datetime) -> JsonObject:
    seen = [each for each in cluster.sights if each.since <= at]
    if not seen or not seen[-1].nap:
        return {"clusterId": cluster_id(cluster), "at": iso(at), "nap": False}
    judgement = gate_at(seen[-1], at)
    releases, first = _releases_of(state, cluster), _first_versions(state, cluster)
    offered = versions_at(releases, first, at)
    history = _rolls_of(state, cluster, at)
    return {
        "clusterId": cluster_id(cluster),
        "at": iso(at),
        "nap": True,
        **judgement.to_json(),
        "wouldPickUp": judgement.gate.lets_images_in,
        "offered": {f"{os}-{sku}": version for (os, sku), version in offered.items()},
        "rolls": [_shown_roll(cluster, roll) for roll in history],
        "upgrades": [_shown_upgrade(each) for each in _upgrades_of(state, cluster, at)],
    }


def _shown_upgrade(upgrade: Upgrade) -> JsonObject:
    return {"at": iso(upgrade.at), "version": upgrade.version, "why": upgrade.why}


def _shown_roll(cluster: Cluster, roll: Roll) -> JsonObject:
    after = (roll.at - roll.released).total_seconds() / _SECONDS_PER_HOUR
    return {
        "clusterId": cluster_id(cluster),
        "at": iso(roll.at),
        "gate": roll.judgement.gate.value,
        "reason": roll.judgement.reason,
        "releasedAt": iso(roll.released),
        "hoursAfterRelease": round(after, 2),
        "images": [{"from": old, "to": new} for old, new in roll.images],
        "upgrade": _shown_upgrade(roll.upgrade) if roll.upgrade else None,
    }


def _rolls_of(state: State, cluster: Cluster, until: datetime) -> list[Roll]:
    releases, first = _releases_of(state, cluster), _first_versions(state, cluster)
    return rolls(cluster.sights, releases, first, until, _upgrades_of(state, cluster, until))


def _upgrades_of(state: State, cluster: Cluster, until: datetime) -> list[Upgrade]:
    versions = [each for each in state.kubernetes if each.location == cluster.location]
    return upgrades(cluster.sights, versions, until)


def _os_of(cluster: Cluster) -> str:
    pools = as_list(cluster.properties.get("agentPoolProfiles"))
    sku = as_text(as_object(pools[0]).get("osSKU")) if pools else ""
    return "AKSAzureLinux" if sku.lower().startswith("azurelinux") else "AKSUbuntu"


def _releases_of(state: State, cluster: Cluster) -> list[Release]:
    place = (cluster.location, _os_of(cluster))
    return [each for each in state.releases if (each.location, each.os) == place]


def _first_versions(state: State, cluster: Cluster) -> Versions:
    """Give the versions from before every release that is remembered."""
    os = _os_of(cluster)
    newest = newest_versions(state, cluster.location)
    first = {place: version for place, version in newest.items() if place[0] == os}
    for each in reversed(_releases_of(state, cluster)):
        first[os, each.sku] = each.previous
    return {place: version for place, version in first.items() if version}
