"""Removing: everything that was made, in every subscription; schedules stay."""

from __future__ import annotations

import shlex

from infra.deploying.azure import Patience, text_at
from infra.deploying.given import is_id
from infra.deploying.installation import GROUP_API, Installation
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.topics import (
    OF_AN_INSTALLATION,
    OF_ITS_ROLES,
    ask_graph,
    former_installations,
    installation_of,
    system_topics,
)

_EVENT_GRID = "2025-02-15"
_ROLES = "2022-04-01"
_TOPIC = "microsoft.eventgrid/systemtopics"
_MADE_THERE = {
    "microsoft.insights/metricalerts": "2018-03-01",
    "microsoft.insights/actiongroups": "2023-01-01",
    _TOPIC: _EVENT_GRID,
    "microsoft.managedidentity/userassignedidentities": "2024-11-30",
}
"""What watch.bicep makes in its group, with its api-version, in the order of its removal."""
_RESOURCES = "?api-version=2021-04-01"


def remove(one: Installation) -> None:
    """Delete what this installation consists of; harmless to repeat."""
    if one.azure.dry_run:
        _print_only(one)
        return
    if elsewhere := one.in_another_tenant():
        raise DeploymentStopped(f"{elsewhere}: run `az account set --subscription {one.home}`")
    installation = installation_of(one)
    if not installation and not _is_going(one):
        _refuse_what_is_held(one)
    # Where somebody has deleted the group alone, the rest is still to be found.
    installations = [installation] if installation else former_installations(one)
    if not installations:
        print(f"  {one.group} holds no installation; only the group itself is looked for")
    for each in installations:
        for subscription in _subscriptions(one, each):
            _remove_watch(one, subscription, each)
    _delete(one, f"{one.group}?api-version={GROUP_API}")
    print("  Left: the schedules on the clusters, which nobody brings back once they are deleted;")
    print("  the entries of the deployments in the subscriptions' histories.")


def _is_going(one: Installation) -> bool:
    """Tell whether the group is being deleted, by a command that was stopped before its end."""
    found = one.azure.get(f"{one.group}?api-version={GROUP_API}")
    return text_at(found, "properties", "provisioningState").lower() == "deleting"


def _refuse_what_is_held(one: Installation) -> None:
    """Stop before a group that may be somebody else's: by convention azd names them all alike."""
    held = [text_at(each, "id") for each in one.azure.every(f"{one.group}/resources{_RESOURCES}")]
    if held:
        raise DeploymentStopped(
            f"{one.group} holds no installation of naptime, but {len(held)} other resources, such"
            f" as {held[0]}. Nothing was removed: look at the name and the subscription. Where a"
            " deployment of naptime stopped early, run `resources` first, or delete the group."
        )


def _print_only(one: Installation) -> None:
    for subscription in one.watched:
        path = f"/subscriptions/{subscription}"
        group = f"{path}/resourceGroups/rg-{one.name}-events-<installation>"
        one.azure.rest("delete", f"{group}?api-version={GROUP_API}")
        roles = f"{path}/providers/Microsoft.Authorization"
        one.azure.rest("delete", f"{roles}/roleAssignments/<name>?api-version={_ROLES}")
        one.azure.rest("delete", f"{roles}/roleDefinitions/<name>?api-version={_ROLES}")
    one.azure.rest("delete", f"{one.group}?api-version={GROUP_API}")


def _subscriptions(one: Installation, installation: str) -> list[str]:
    """Name the watched ones, and those that were taken off the list and still hold something."""
    rows = ask_graph(one.azure, OF_AN_INSTALLATION.format(installation=installation), [])
    held = [text_at(row, "subscriptionId").lower() for row in rows]
    # Where others' topic is used there is no group, but a role, which names its subscription.
    asked = OF_ITS_ROLES.format(name=one.name, installation=installation)
    held += [_in_brackets(text_at(row, "roleName")) for row in ask_graph(one.azure, asked, [])]
    named = [*(each.lower() for each in one.watched), *held]
    return list(dict.fromkeys(filter(is_id, named)))


def tell_of_unwatched(one: Installation) -> None:
    """Name the subscriptions that were taken off the list: until it is deleted, the role stays."""
    installation = one.output("installation")
    watched = {each.lower() for each in one.watched}
    for each in _subscriptions(one, installation):
        if each not in watched:
            print(f"  {each} is watched no longer, and keeps naptime's role until somebody runs:")
            _show_commands(one, each, installation, is_kept=False)


def _in_brackets(name: str) -> str:
    return name.rpartition("(")[2].rstrip(")").lower()


def _remove_watch(one: Installation, subscription: str, installation: str) -> None:
    prefix = f"{one.name}-{installation}-"
    group = f"/subscriptions/{subscription}/resourceGroups/rg-{one.name}-events-{installation}"
    known = [topic.id for topic in system_topics(one.azure, [subscription])]
    # Of the group itself, because Resource Graph takes minutes to hear of a topic.
    made = [each for kind, each in _seen(one, group) if kind == _TOPIC]
    topics = {topic.lower(): topic for topic in (*made, *known)}.values()
    shared = [topic for topic in topics if _remove_event_subscriptions(one, topic, prefix)]
    kept = [topic for topic in shared if topic.lower().startswith(f"{group.lower()}/")]
    if one.parameters.get("watchFromHere") is False:
        print("  Its event subscriptions are gone; the owner of the subscription runs:")
        _show_commands(one, subscription, installation, is_kept=bool(kept))
        return
    if kept:
        _remove_all_but(one, group, kept)
    else:
        _delete(one, f"{group}?api-version={GROUP_API}")
    _remove_role(one, subscription, installation)


def _show_commands(
    one: Installation, subscription: str, installation: str, *, is_kept: bool
) -> None:
    """Show what deletes the role, and the group of the topic unless that is kept for others."""
    role = f"naptime {one.name} {installation} ({subscription})"
    scope = f"/subscriptions/{subscription}"
    group = ["group", "delete", "--name", f"rg-{one.name}-events-{installation}"]
    commands = [
        *([] if is_kept else [group]),
        ["role", "assignment", "delete", "--role", role, "--scope", scope],
        ["role", "definition", "delete", "--name", role],
    ]
    for each in commands:
        print(f"    az {shlex.join([*each, '--subscription', subscription])}")


def _seen(one: Installation, group: str) -> list[tuple[str, str]]:
    """Give what is in a group, or nothing where it is its owner's to see."""
    try:
        return _held(one, group)
    except CallFailed as failure:
        if failure.is_hidden:
            return []
        raise


def _held(one: Installation, group: str) -> list[tuple[str, str]]:
    """Give type, in lower case, and id of everything in a group."""
    listed = one.azure.every(f"{group}/resources{_RESOURCES}")
    return [(text_at(each, "type").lower(), text_at(each, "id")) for each in listed]


def _remove_event_subscriptions(one: Installation, topic: str, prefix: str) -> bool:
    """Delete those of this installation; tell whether somebody else has some on the topic."""
    others = False
    path = f"{topic}/eventSubscriptions"
    # The topic of notifications is naptime's alone, and so is the name there.
    own = "on-cluster-created" if topic.endswith(f"/evgst-{prefix}notifications") else prefix
    for each in one.azure.every(f"{path}?api-version={_EVENT_GRID}"):
        name = text_at(each, "name")
        if name.startswith((prefix, own)):
            _delete(one, f"{path}/{name}?api-version={_EVENT_GRID}")
        else:
            others = True
    return others


def _remove_all_but(one: Installation, group: str, kept: list[str]) -> None:
    """Delete what is in a group, but for topics that others have event subscriptions on."""
    held, stays = _held(one, group), {topic.lower() for topic in kept}
    for kind, version in _MADE_THERE.items():
        for each in [found for of, found in held if of == kind and found.lower() not in stays]:
            _delete(one, f"{each}?api-version={version}")
    for topic in kept:
        settings = f"{topic}/providers/Microsoft.Insights/diagnosticSettings/failures"
        _delete(one, f"{settings}?api-version=2021-05-01-preview")
        print(f"  Left: {topic}, because others have event subscriptions on it")


def _remove_role(one: Installation, subscription: str, installation: str) -> None:
    scope = f"/subscriptions/{subscription}/providers/Microsoft.Authorization"
    wanted = f"naptime {one.name} {installation} ".lower()
    for role in one.azure.every(f"{scope}/roleDefinitions?api-version={_ROLES}"):
        if not text_at(role, "properties", "roleName").lower().startswith(wanted):
            continue
        role_id = text_at(role, "id")
        for each in one.azure.every(f"{scope}/roleAssignments?api-version={_ROLES}"):
            if text_at(each, "properties", "roleDefinitionId").lower() == role_id.lower():
                _delete(one, f"{text_at(each, 'id')}?api-version={_ROLES}")
        _delete(one, f"{role_id}?api-version={_ROLES}")


def _delete(one: Installation, path: str) -> None:
    """Delete one thing and wait until it is gone; nothing happens where it is not there."""
    if one.azure.get(path) is None:
        return
    try:
        one.azure.rest("delete", path)
    except CallFailed as failure:
        if failure.is_hidden:
            raise DeploymentStopped(
                f"{path} was not deleted: {failure}\nAsk for the right to, or set"
                " NAPTIME_WATCH_FROM_HERE=false, and its owner is told what to run."
            ) from failure
        if not failure.is_absent and failure.code != "ResourceGroupBeingDeleted":
            raise DeploymentStopped(f"{path} was not deleted: {failure}") from failure
    # A group takes as long as the slowest of what is in it.
    patience = Patience(one.azure.patience.longest * 6, one.azure.patience.every)
    if patience.tried("it is being deleted", lambda: one.azure.get(path) is None or None) is None:
        raise DeploymentStopped(f"{path} is still being deleted; run this again later")
