"""One installation: who is deployed where, and what its resources have told."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from infra.deploying.azure import Azure, text_at, without_case
from infra.deploying.parameters import INFRA, plain_location
from infra.deploying.refusals import DeploymentStopped

DEPLOYMENT_API = "2025-04-01"
GROUP_API = "2025-04-01"


@dataclass
class Installation:
    """What the steps share; `outputs` are those of main.bicep, by their names in lower case."""

    azure: Azure
    home: str
    """Id of naptime's own subscription."""
    parameters: Mapping[str, object]
    package: Path
    policy: Path = INFRA.parent / "policy.toml"
    outputs: dict[str, object] = field(default_factory=dict)
    unread: Sequence[str] = ()
    """Variables of the environment that look like options and are none."""

    @property
    def name(self) -> str:
        """The name that is part of every resource's."""
        return str(self.parameters["environmentName"])

    @property
    def location(self) -> str:
        """The region."""
        return str(self.parameters["location"])

    @property
    def watched(self) -> list[str]:
        """Ids of the watched subscriptions, as they were given."""
        return [each.strip() for each in str(self.parameters["subscriptions"]).split(",")]

    @property
    def group(self) -> str:
        """Path of naptime's own resource group."""
        return f"/subscriptions/{self.home}/resourceGroups/rg-{self.name}"

    def learn_location(self) -> None:
        """Take the region of the group, where none was named: a step alone needs no --location."""
        found = self.azure.get(f"{self.group}?api-version={GROUP_API}")
        there = plain_location(text_at(found, "location"))
        self.parameters = {**self.parameters, "location": there}

    def in_another_tenant(self) -> str:
        """Say where az works, if that is not this installation's tenant: it would see nothing."""
        account = self.azure.run("account", "show", quiet=True)
        if text_at(account, "id").lower() == self.home:
            return ""
        known = self.azure.run("account", "show", "--subscription", self.home, quiet=True)
        here, there = text_at(account, "tenantId"), text_at(known, "tenantId")
        return "" if here == there else f"az works in the tenant {here}; {self.home} is in {there}"

    def deployment(self, step: str) -> str:
        """Name a deployment at subscription scope.

        Those are bound to a location, and nested ones, in subscriptions that two installations
        watch, are named after them; so the name tells home and location apart.
        """
        place = sha256(f"{self.home}/{self.location}".lower().encode()).hexdigest()[:8]
        return f"naptime-{self.name}-{step}-{place}"

    def output(self, name: str) -> str:
        """Give an output that is a text. Raises DeploymentStopped where there is none."""
        if self.azure.dry_run:
            return f"<{name}>"
        if not self.outputs:
            self.outputs = self._deployed()
        value = self.outputs.get(name.lower())
        if not isinstance(value, str) or not value:
            raise DeploymentStopped(f"the output {name} is not known: run the step `resources`")
        return value

    def events_parameters(self) -> dict[str, object]:
        """Give the parameters of events.bicep."""
        if self.azure.dry_run:
            return {"…": "the output eventsParameters of main.bicep"}
        self.output("appId")
        given = self.outputs.get("eventsparameters")
        # azd hands objects over as JSON.
        with contextlib.suppress(ValueError):
            given = json.loads(given) if isinstance(given, str) else given
        read = given
        if not isinstance(read, dict):
            raise DeploymentStopped(
                "the output eventsParameters is not known: run the step `resources`"
            )
        return read

    def take(self, outputs: object) -> None:
        """Take `properties.outputs` of a deployment, minding no case."""
        read = outputs if isinstance(outputs, dict) else {}
        self.outputs = {
            name: without_case(each).get("value")
            for name, each in without_case(read).items()
            if isinstance(each, dict)
        }

    def _deployed(self) -> dict[str, object]:
        path = f"/subscriptions/{self.home}/providers/Microsoft.Resources/deployments"
        name = self.deployment("resources")
        found = self.azure.get(f"{path}/{name}?api-version={DEPLOYMENT_API}")
        properties = without_case(found or {}).get("properties")
        if not isinstance(properties, dict) or text_at(
            found, "properties", "provisioningState"
        ) != ("Succeeded"):
            raise DeploymentStopped(f"{name} is not deployed yet: run the step `resources` first")
        self.take(without_case(properties).get("outputs"))
        return self.outputs
