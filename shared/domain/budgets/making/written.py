"""Generated budgets as text: YAML with the notes that decide whether they work, and patches.

The YAML is written by hand: it holds nothing but numbers, crons and reasons that this code made,
each in double quotes as JSON writes them, which every YAML reader reads alike.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from shared.domain.budgets.budget import Budget, disruption_json
from shared.domain.budgets.making.generate import Generated
from shared.domain.budgets.making.seasons import Season
from shared.domain.vocabulary.instants import to_text
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow

NOTES = (
    "Every NodePool needs these, default and system-surge included: pools roll side by side.",
    "expireAfter (spec.template.spec; 720h if left out) heeds no budget: set it to Never.",
    "PDBs that let no pod go keep its node for ever, unless terminationGracePeriod is set there.",
    "Budgets count when a replacement starts; what has started goes on after the window's end.",
    "Drifted is also Kubernetes upgrades and configuration changes: their nodes wait as well.",
    "A Kubernetes upgrade heeds no node OS window; its own is aksManagedAutoUpgradeSchedule.",
)
TWO_LISTS = "Budgets know UTC only, so two lists a year are needed."

_WIDTH = 96
_KUSTOMIZE = (
    "patches:",
    "- target:",
    "    group: karpenter.sh",
    "    kind: NodePool",
    "  patch: |-",
    "    apiVersion: karpenter.sh/v1",
    "    kind: NodePool",
    "    metadata:",
    "      name: any",
)


def title_of(cluster: str | None, window: MaintenanceWindow) -> str:
    """Say what budgets are for, in a line: a cluster's window, or one of nobody's."""
    whose = (
        "a node OS window that" if cluster is None else f"cluster {cluster}, whose node OS window"
    )
    start, offset = f"{window.start_time:%H:%M}", offset_text(window.utc_offset)
    return f"For {whose} starts at {start} {offset} for {window.duration_hours} h."


def yaml_of(generated: Generated, title: str, seasons: Sequence[Season] = ()) -> str:
    """Write budgets as the part of a NodePool that holds them.

    `seasons` are lists for a year, the first of which these budgets are: the others are comments.
    """
    lines = [*_head(generated, title, seasons), *_spec(generated.budgets)]
    for season in seasons[1:]:
        lines += ["", *_comments([_span(season), *_about(season.generated)])]
        lines += [f"# {line}" for line in _spec(season.generated.budgets)]
    return "\n".join(lines) + "\n"


def patches_of(generated: Generated, title: str, seasons: Sequence[Season] = ()) -> str:
    """Write a line for kubectl and a patch for Kustomize, each for all pools."""
    body = json.dumps({"spec": disruption_json(generated.budgets)}, separators=(",", ":"))
    lines = [
        *_head(generated, title, seasons),
        "",
        "# For all pools of the cluster that kubectl is at:",
        "# for pool in $(kubectl get nodepools -o name); do",
        f"#   kubectl patch \"$pool\" --type merge -p '{body}'",
        "# done",
        "",
        "# For all pools of a kustomization.yaml:",
        *_KUSTOMIZE,
        *(f"    {line}" for line in _spec(generated.budgets)),
    ]
    return "\n".join(lines) + "\n"


def _head(generated: Generated, title: str, seasons: Sequence[Season]) -> Iterator[str]:
    by_season = [f"{TWO_LISTS} {_span(seasons[0])}"] if seasons else []
    return _comments([title, *by_season, *_about(generated), *NOTES])


def _about(generated: Generated) -> Iterator[str]:
    if generated.until is not None:
        yield (
            f"This list ends at {to_text(generated.until)}. Make it anew before: a cron names no "
            "year, so its dates come back a year later on other days of the week."
        )
    if generated.lets_in:
        yield " ".join(
            [
                *generated.lets_in,
                "New images are not picked up then; what has drifted already may roll.",
            ]
        )


def _span(season: Season) -> str:
    offset = offset_text(season.utc_offset)
    if season.since is None:
        until = f" until {to_text(season.until)}" if season.until else ""
        return f"These are for {offset}{until}."
    until = f" to {to_text(season.until)}" if season.until else " on"
    return f"From {to_text(season.since)}{until}, for {offset}:"


def _comments(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        first, *more = wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
        yield f"# {first}"
        yield from (f"#   {line}" for line in more)


def _spec(budgets: Iterable[Budget]) -> Iterator[str]:
    yield from ("spec:", "  disruption:", "    budgets:")
    for budget in budgets:
        for number, (name, value) in enumerate(budget.to_json().items()):
            yield f"    {' ' if number else '-'} {name}: {json.dumps(value)}"
