"""The calls on the maintenance configurations of one cluster."""

from http import HTTPStatus

from local.azure.arm import errors
from local.azure.arm.aks_schedule import next_start
from local.azure.arm.bodies import (
    configuration_body,
    configuration_id,
    configurations_body,
    listed_configurations,
)
from local.azure.arm.clusters import Configuration, delete_configuration, put_configuration
from local.azure.arm.visits import Visit
from local.azure.replies import Change, ChangeKind, Reply


def list_configurations(visit: Visit) -> Reply:
    """List a cluster's configurations; none is an empty list."""
    if not visit.stale:
        return Reply(body=listed_configurations(visit.cluster))
    earlier = visit.cluster.configurations_at(visit.now - visit.stale)
    return Reply(body=configurations_body(visit.cluster, earlier.values()))


def get_configuration(visit: Visit) -> Reply:
    """Show one configuration, found without case."""
    name = visit.route.configuration
    found = visit.cluster.configurations.get(name.lower())
    if found is None:
        raise errors.configuration_not_found(name, visit.cluster.name)
    return Reply(body=configuration_body(visit.cluster, found))


def write_configuration(visit: Visit) -> Reply:
    """Create or replace one configuration; nothing of the old one is kept."""
    _check_not_busy(visit)
    name = visit.route.configuration
    body = visit.json_object()
    properties = visit.options.rules.accepted(name, body, visit.api_version, visit.now)
    configuration = Configuration(name, properties)
    is_new = put_configuration(visit.cluster, configuration, visit.now)
    return Reply(
        # 200 on create too, though the specification has 201 (every recording, 2023 to 2026).
        status=visit.options.created_status if is_new else HTTPStatus.OK,
        body=configuration_body(visit.cluster, configuration),
        change=_change(visit, ChangeKind.WRITE, update=not is_new),
        window_start=next_start(properties, visit.now),
    )


def remove_configuration(visit: Visit) -> Reply:
    """Delete one configuration: 200 with nothing in it, 204 where there was none."""
    _check_not_busy(visit)
    if not delete_configuration(visit.cluster, visit.route.configuration, visit.now):
        return Reply(status=HTTPStatus.NO_CONTENT, content_type="")
    return Reply(content_type="", change=_change(visit, ChangeKind.DELETE, update=True))


def _check_not_busy(visit: Visit) -> None:
    # No source shows what AKS does here while an operation runs, hence the switch.
    if visit.options.conflict_while_busy:
        visit.check_not_busy()


def _change(visit: Visit, kind: ChangeKind, *, update: bool) -> Change:
    resource_id = configuration_id(visit.cluster, visit.route.configuration)
    return Change(kind, visit.route.action(visit.call.method), resource_id, update)
