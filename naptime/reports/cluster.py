"""One cluster as a report: as it is now, what would be done and why, and when."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from naptime.reports.az import az_add, az_show
from naptime.reports.kinds import advice_on
from naptime.reports.report import DONE, TO_DO, Block, Entry, Report, Section, Tone
from naptime.reports.words import NOT_KNOWN, minute_words, plain, window_words
from shared.domain.deciding.decision import Action
from shared.domain.deciding.observed import AUTO_UPGRADE_SCHEDULE, NODE_OS_SCHEDULE
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION
from shared.domain.window.body import read_window
from shared.reconcile.shown.cluster_json import LiveClusterJson
from shared.reconcile.shown.decision_json import DecisionJson
from shared.reconcile.shown.forecast_json import ForecastJson, InstantJson

_ATTENTION: Final = frozenset(reason.value for reason in NEEDS_ATTENTION)
_WOULD: Final = {
    "Create": "naptime would create the schedule",
    "Update": "naptime would update the schedule",
    "Leave": "naptime leaves the schedule as it is",
    "Skip": "naptime leaves the cluster alone",
    "Defer": "naptime would look again later",
}
_COLUMNS: Final = (
    *("clusterId", "location", "nodeAutoProvisioning", "window", "action", "reason", "message"),
    "firstStart",
)
_FORECAST_COLUMNS: Final = (
    *("clusterId", "os", "version", "pickUp", "notBefore", "certainBy", "why"),
    "byKubernetesUpgrade",
)


def show_report(live: LiveClusterJson, *, detailed: bool) -> Report:
    """Tell of one cluster: now, why, when, and the same by `az`."""
    cluster_id, decision = ClusterId.parse(live["clusterId"]), live["decision"]
    to_do = decision is not None and _has_to_do(decision)
    sections = (
        _facts("now", _now(cluster_id, live)),
        _findings(live),
        _facts("next occurrences (UTC)", _occurrences(live)),
        Section("the same by az", Tone.PLAIN, (), (), verbatim=(_by_az(cluster_id, live),)),
    )
    tone = Tone.LOOK if to_do else Tone.GOOD
    return Report(
        title=f"naptime show {cluster_id.name}",
        sections=tuple(section for section in sections if not section.is_empty),
        totals=(),
        last=_last(live),
        tone=tone,
        json=live,
        columns=_COLUMNS,
        records=[_record(live)],
        code=TO_DO if detailed and to_do else DONE,
    )


def forecast_report(live: LiveClusterJson) -> Report:
    """Tell when the cluster takes a new node image, if the schedule stays as it is."""
    cluster_id = ClusterId.parse(live["clusterId"])
    forecasts = live["forecasts"]
    return Report(
        title=f"naptime forecast {cluster_id.name}",
        sections=tuple(
            _facts(_image(each), _pick_up(each), tuple(map(plain, each["notes"])))
            for each in forecasts
        ),
        totals=(),
        last=_forecast_last(forecasts),
        tone=Tone.PLAIN,
        json=forecasts,
        columns=_FORECAST_COLUMNS,
        records=[_forecast_record(live["clusterId"], each) for each in forecasts],
    )


def _facts(title: str, facts: Iterable[tuple[str, str]], advice: tuple[str, ...] = ()) -> Section:
    rows = tuple(Entry(fact) for fact in facts)
    return Section(title, Tone.PLAIN, (), (Block("", rows),), advice)


def _now(cluster_id: ClusterId, live: LiveClusterJson) -> Iterable[tuple[str, str]]:
    schedule = live["schedule"]
    yield "cluster", cluster_id.name
    yield "resource group", cluster_id.resource_group
    yield "subscription", cluster_id.subscription_id
    yield "location", plain(live["location"])
    yield "state", plain(live["provisioningState"] or NOT_KNOWN)
    yield "node auto-provisioning", "on" if live["nodeAutoProvisioning"] else "off"
    yield "node OS channel", plain(live["nodeOSUpgradeChannel"] or NOT_KNOWN)
    yield "schedule", plain(schedule["name"]) if schedule else "none"
    if schedule:
        yield "window", window_words(live["window"])
    if live["kubernetesWindow"]:
        yield "Kubernetes window", window_words(live["kubernetesWindow"])


def _has_to_do(decision: DecisionJson) -> bool:
    writes = decision["action"] in {Action.CREATE, Action.UPDATE} or decision["kubernetes"]
    return bool(writes or _to_look_at(decision))


def _findings(live: LiveClusterJson) -> Section:
    """Tell why something would be done, or why the cluster is only as it was seen last."""
    decision, stale = live["decision"], live["notLive"]
    if decision is None:
        why = [(plain(stale["reason"]), plain(stale["message"]))] if stale else []
        return _facts("why it is not live", why)
    found = [(plain(each["reason"]), plain(each["message"])) for each in decision["findings"]]
    advice = dict.fromkeys(advice_on(each["reason"]) for each in decision["findings"])
    return _facts("why", found, tuple(each for each in advice if each))


def _occurrences(live: LiveClusterJson) -> Iterable[tuple[str, str]]:
    for each in live["nextOccurrences"]:
        yield (
            f"{minute_words(each['start'])} to {minute_words(each['end'])[-5:]}",
            ("" if each["certain"] else "not certain"),
        )


def _by_az(cluster_id: ClusterId, live: LiveClusterJson) -> str:
    decision = live["decision"]
    window = decision["window"] if decision and decision["action"] == Action.CREATE else None
    if window is not None:
        return az_add(cluster_id, read_window(window))
    schedule = live["schedule"]
    return az_show(cluster_id, schedule["name"] if schedule else NODE_OS_SCHEDULE)


def _to_look_at(decision: DecisionJson) -> list[str]:
    return [each["reason"] for each in decision["findings"] if each["reason"] in _ATTENTION]


def _last(live: LiveClusterJson) -> str:
    decision = live["decision"]
    if decision is None:
        return f"as it was seen at {minute_words(live['readAt'])} UTC; Azure was not asked."
    said = _WOULD.get(decision["action"], f"naptime would {plain(decision['action'])}")
    writes = decision["action"] in {Action.CREATE, Action.UPDATE}
    if writes:
        said = f"{said}: {_times(decision['window'], decision['nextStart'])}"
    if other := decision["kubernetes"]:
        times = _times(other["window"], other["nextStart"])
        return f"{said}; it would create {AUTO_UPGRADE_SCHEDULE}: {times}."
    looks = (
        _to_look_at(decision) if decision["action"] not in {Action.CREATE, Action.UPDATE} else []
    )
    return f"{said}; a person should look: {', '.join(looks)}." if looks else f"{said}."


def _times(window: Mapping[str, object] | None, start: str | None) -> str:
    return f"{window_words(window)}, first start {minute_words(start)} UTC"


def _record(live: LiveClusterJson) -> dict[str, str]:
    decision = live["decision"]
    return {
        "clusterId": live["clusterId"],
        "location": plain(live["location"]),
        "nodeAutoProvisioning": str(live["nodeAutoProvisioning"]).lower(),
        "window": window_words(live["window"]) if live["window"] else "",
        "action": plain(decision["action"]) if decision else "",
        "reason": plain(decision["reason"]) if decision else "",
        "message": plain(decision["message"]) if decision else "",
        "firstStart": plain(decision["nextStart"] or "") if decision else "",
    }


def _image(forecast: ForecastJson) -> str:
    image = forecast["image"]
    if image is None:
        return "a new node image, whichever it is"
    return f"{plain(image['os'])} {plain(image['version'])}"


def _pick_up(forecast: ForecastJson) -> Iterable[tuple[str, str]]:
    yield "picked up", plain(forecast["pickUp"])
    if forecast["notBefore"]:
        yield "not before", _when(forecast["notBefore"])
    possible = forecast["possible"]
    if possible:
        certain = "" if possible["certain"] else " (not certain)"
        yield "possible from", _when(possible["start"])
        yield "possible until", _when(possible["end"]) + certain
    if forecast["certainBy"]:
        yield "certain by", _when(forecast["certainBy"])
    if forecast["why"]:
        yield "why", plain(forecast["why"])
    upgrade = forecast["byKubernetesUpgrade"]
    yield "by an upgrade", f"{plain(upgrade['begins'])}: {plain(upgrade['why'])}"
    if upgrade["possible"]:
        yield "begins from", _when(upgrade["possible"]["start"])
        yield "begins until", _when(upgrade["possible"]["end"])


def _when(instant: InstantJson) -> str:
    local = instant["local"]
    said = f"{minute_words(instant['utc'])} UTC"
    return f"{said}, local {local[:16].replace('T', ' ')} {local[-6:]}" if local else said


def _forecast_last(forecasts: Sequence[ForecastJson]) -> str:
    certain = sorted(each["certainBy"]["utc"] for each in forecasts if each["certainBy"])
    if len(certain) == len(forecasts) and certain:
        return f"Every new image has come by {minute_words(certain[-1])} UTC."
    if not forecasts:
        return "The cluster has no node auto-provisioning: there is nothing to forecast."
    return "By when a new image has come is not known for all of them."


def _forecast_record(cluster_id: str, forecast: ForecastJson) -> dict[str, str]:
    image = cast("Mapping[str, str]", forecast["image"] or {})
    before, by = forecast["notBefore"], forecast["certainBy"]
    return {
        "clusterId": cluster_id,
        "os": plain(image.get("os", "")),
        "version": plain(image.get("version", "")),
        "pickUp": plain(forecast["pickUp"]),
        "notBefore": before["utc"] if before else "",
        "certainBy": by["utc"] if by else "",
        "why": plain(forecast["why"] or ""),
        "byKubernetesUpgrade": plain(forecast["byKubernetesUpgrade"]["begins"]),
    }
