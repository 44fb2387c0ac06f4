"""Everything of deploying in one: what was made, how it was made, and who hears of events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from local.azure.arm.roles import Roles
from local.azure.arm.state import State
from local.azure.deploying.deployments import Deployments
from local.azure.deploying.sites import Site, Sites
from local.azure.deploying.store import SITE, Store
from local.azure.deploying.subscribing import CUSTOM, SYSTEM, Subscribing
from local.azure.deploying.templates import Made
from local.azure.event_grid.deliveries import Outbox
from local.azure.json_values import JsonObject, as_object, as_text

_ALL: JsonObject = {"actions": ["*"], "notActions": []}


@dataclass(slots=True)
class Cloud:
    """What deployments see of the simulated Azure; `sites` are there once a server has started."""

    state: State
    roles: Roles
    outbox: Outbox
    url: Callable[[], str]
    now: Callable[[], datetime]
    sites: Sites | None = None
    permissions: dict[str, list[JsonObject]] = field(default_factory=dict)
    """What the deployer may do, by lower-cased subscription; everything unless said."""
    runtimes: tuple[str, ...] = ("3.12", "3.13")
    store: Store = field(init=False)
    deployments: Deployments = field(init=False)
    subscribing: Subscribing = field(init=False)

    def __post_init__(self) -> None:
        """Tie the parts together."""
        self.clear()

    def clear(self) -> None:
        """Forget what was deployed."""
        self.store = Store(self.state, self.roles, self.url, self.now)
        self.store.made, self.store.gone = self._made, self._gone
        self.deployments = Deployments(self.store)
        self.subscribing = Subscribing(self.store, self.outbox, self.site_of)
        self.permissions.clear()

    def may(self, subscription: str) -> list[JsonObject]:
        """Give what the deployer may do in a subscription."""
        return self.permissions.get(subscription.lower(), [_ALL])

    def site_of(self, app_id: str) -> Site | None:
        """Give the app of an id."""
        known = self.store.get(app_id)
        if known is None or self.sites is None:
            return None
        return self.sites.of.get(as_text(known["name"]).lower())

    def _made(self, one: Made) -> None:
        if one.type == SITE and self.sites is not None:
            site = self.sites.open(as_text(one.body["name"]))
            host, scm = f"localhost:{site.port}", f"localhost:{site.scm_port}"
            one.body["properties"] = {
                **as_object(one.body["properties"]),
                "defaultHostName": host,
                "hostNameSslStates": [
                    {"name": host, "hostType": "Standard"},
                    {"name": scm, "hostType": "Repository"},
                ],
            }
        elif one.type in {SYSTEM, CUSTOM}:
            self.subscribing.check(one)
            self.subscribing.listen(one)

    def _gone(self, resource_id: str) -> None:
        self.subscribing.forget(resource_id)
        parts = resource_id.split("/")
        if self.sites is not None and len(parts) == 9 and parts[-2].lower() == "sites":  # noqa: PLR2004 - of an id
            self.sites.close(parts[-1])
