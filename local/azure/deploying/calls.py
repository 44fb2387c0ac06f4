"""Resource Manager's calls about deployments and about what they made."""

import re
from collections.abc import Callable
from http import HTTPStatus

from local.azure.arm.errors import AzureRefusal
from local.azure.arm.subscription_calls import compact
from local.azure.controls.misfortunes import Misfortune, refusal_error
from local.azure.deploying.cloud import Cloud
from local.azure.deploying.functions import get
from local.azure.deploying.store import DEFINITION, SYSTEM_TOPIC
from local.azure.json_values import JsonObject, as_list, as_object, as_text, parse
from local.azure.replies import Call, Reply
from local.azure.simulator import Simulator

type Answer = Callable[[Cloud, Call, str], Reply]

_SUBSCRIPTION = "/subscriptions/[^/]+"
_GROUP = rf"{_SUBSCRIPTION}/resourcegroups/[^/]+"
GRAPH = "/providers/microsoft.resourcegraph/resources"
_ASKED = (b"microsoft.eventgrid/systemtopics", b"resourcecontainers", b"authorizationresources")


def answer_deploying(call: Call) -> Callable[[Simulator, Call, Misfortune], Reply] | None:
    """Find who answers a call; None where it has nothing to do with deployments."""
    if call.method == "DELETE" and re.fullmatch(_GROUP, call.path, re.IGNORECASE):
        return _answered(_group)
    if call.path.lower() == GRAPH and any(each in call.body.lower() for each in _ASKED):
        return _answered(_graph)
    found = (answer for pattern, answer in _ROUTES if pattern.fullmatch(call.path))
    answer = next(found, None)
    return _answered(answer) if answer else None


def _answered(answer: Answer) -> Callable[[Simulator, Call, Misfortune], Reply]:
    def reply(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
        now = simulator.clock.now()
        try:
            if misfortune.refusal is not None:
                raise refusal_error(misfortune.refusal, simulator.facts(call))
            caller = simulator.tokens.caller(call.headers.get("Authorization", ""))
            given = answer(simulator.cloud, call, call.path)
        except AzureRefusal as refusal:
            given, caller = refusal.reply(), None
        simulator.record(
            call, given, now, caller=caller.app_id if caller else "", faults=misfortune.names
        )
        return given

    return reply


def _deployment(cloud: Cloud, call: Call, path: str) -> Reply:
    deployments = cloud.deployments
    if call.method == "PUT":
        made = deployments.create(path, as_object(parse(call.body)), cloud.url())
        return compact(made.to_json(), HTTPStatus.CREATED)
    found = deployments.look(path)
    if found is None:
        name = path.rpartition("/")[2]
        raise _absent("DeploymentNotFound", f"Deployment '{name}' could not be found.")
    return compact(found.to_json())


def _history(cloud: Cloud, _: Call, path: str) -> Reply:
    """List the deployments of a subscription, which outlast what they have made."""
    listed = [
        one.to_json()
        for one in cloud.deployments.of.values()
        if one.id.lower().startswith(f"{path.lower()}/")
    ]
    return compact({"value": listed})


def _permissions(cloud: Cloud, _: Call, path: str) -> Reply:
    return compact({"value": cloud.may(path.split("/")[2])})


def _group(cloud: Cloud, call: Call, path: str) -> Reply:
    """Delete a group, or list what is in it."""
    group = path.removesuffix("/resources")
    if call.method == "DELETE":
        if not cloud.store.delete(group):
            raise _absent("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        return Reply(status=HTTPStatus.ACCEPTED)
    listed = [one for one in cloud.store.under(group) if one.id.lower() != group.lower()]
    shown = [{"id": one.id, "name": one.body["name"], "type": one.type} for one in listed]
    return compact({"value": shown})


def _graph(cloud: Cloud, call: Call, _: str) -> Reply:
    """Answer what a deployment asks: system topics, groups and roles of an installation."""
    request = as_object(parse(call.body))
    query = as_text(request.get("query"))
    if query.startswith("authorizationresources"):
        return _roles(cloud, query)
    wanted = {as_text(each).lower() for each in as_list(request.get("subscriptions"))}
    if query.startswith("resourcecontainers"):
        tag = re.search(r"=~ '([^']*)' \| project", query)
        kind, key = "Microsoft.Resources/resourceGroups", tag[1] if tag else ""
    else:
        kind, key = SYSTEM_TOPIC, ""
    rows: list[JsonObject] = []
    for one in cloud.store.of_type(kind):
        tags, subscription = as_object(one.body.get("tags")), one.id.split("/")[2]
        installation = as_text(tags.get("naptime-installation"))
        if (wanted and subscription.lower() not in wanted) or (key and key != installation):
            continue
        if not key and not _is_of_type(one.body, query):
            continue
        rows.append({"id": one.id, "subscriptionId": subscription, "installation": installation})
    return compact({"totalRecords": len(rows), "count": len(rows), "data": rows})


def _roles(cloud: Cloud, query: str) -> Reply:
    """Name the role definitions whose names begin as it is asked."""
    begins = (re.search(r"startswith '([^']*)'", query) or ["", ""])[1]
    names = [
        as_text(get(one.body["properties"], "roleName")) for one in cloud.store.of_type(DEFINITION)
    ]
    rows = [{"roleName": name} for name in names if name.startswith(begins)]
    return compact({"totalRecords": len(rows), "count": len(rows), "data": rows})


def _is_of_type(body: JsonObject, query: str) -> bool:
    kind = as_text(get(body.get("properties"), "topicType"))
    return f"properties.topicType =~ '{kind.lower()}'" in query


def _stacks(cloud: Cloud, _: Call, __: str) -> Reply:
    shown = [{"runtime": "python", "version": each} for each in cloud.runtimes]
    return compact({"value": shown})


def _keys(cloud: Cloud, _: Call, path: str) -> Reply:
    site = cloud.site_of(path.partition("/host/")[0])
    if site is None or site.backend is None or site.is_late("keys"):
        message = "Encountered an error (ServiceUnavailable) from host runtime."
        raise AzureRefusal(HTTPStatus.BAD_REQUEST, "BadRequest", message)
    return compact({"masterKey": "m", "functionKeys": {"default": site.backend.key}})


def _functions(cloud: Cloud, _: Call, path: str) -> Reply:
    app = path.rpartition("/functions")[0]
    site = cloud.site_of(app)
    if site is None:
        raise _absent("ResourceNotFound", f"The Resource '{app}' was not found.")
    names = () if site.backend is None or site.is_late("functions") else site.functions
    return compact({"value": [{"name": f"{site.name}/{each}"} for each in names]})


def _resource(cloud: Cloud, call: Call, path: str) -> Reply:
    """Read, list or delete what deployments have made."""
    if call.method == "DELETE":
        return Reply(status=HTTPStatus.OK if cloud.store.delete(path) else HTTPStatus.NO_CONTENT)
    found = cloud.store.get(path)
    if found is not None:
        return compact(found)
    if len(path.partition("/providers/")[2].split("/")) % 2:
        if "/roledefinitions/" in path.lower():
            message = f"The specified role definition with ID '{path}' does not exist."
            raise _absent("RoleDefinitionDoesNotExist", message)
        raise _absent("ResourceNotFound", f"The Resource '{path}' was not found.")
    prefix = f"{path.lower()}/"
    children = [one for one in cloud.store.under(path) if "/" not in one.id[len(prefix) :]]
    return compact({"value": [cloud.store.get(one.id) for one in children]})


def _absent(code: str, message: str) -> AzureRefusal:
    return AzureRefusal(HTTPStatus.NOT_FOUND, code, message)


_MADE = (
    "microsoft.(authorization|eventgrid|insights|managedidentity|operationalinsights|storage|web)"
)
_ROUTES: tuple[tuple[re.Pattern[str], Answer], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), answer)
    for pattern, answer in (
        (rf"{_SUBSCRIPTION}/providers/microsoft\.resources/deployments/[^/]+", _deployment),
        (rf"{_SUBSCRIPTION}/providers/microsoft\.resources/deployments", _history),
        (rf"{_SUBSCRIPTION}/providers/microsoft\.authorization/permissions", _permissions),
        (rf"{_GROUP}/resources", _group),
        (r"/providers/microsoft\.web/locations/[^/]+/functionappstacks", _stacks),
        (rf"{_GROUP}/providers/microsoft\.web/sites/[^/]+/host/default/listkeys", _keys),
        (rf"{_GROUP}/providers/microsoft\.web/sites/[^/]+/functions", _functions),
        (rf"/subscriptions/.*/providers/{_MADE}/.+", _resource),
    )
)
