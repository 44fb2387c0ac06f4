"""Deployments at subscription scope: one at a time under a name, bound to a location."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from local.azure.arm.errors import AzureRefusal
from local.azure.deploying.evaluation import Place
from local.azure.deploying.store import Store
from local.azure.deploying.templates import Job, Target
from local.azure.entra.tokens import TENANT_ID
from local.azure.json_values import JsonObject, as_object, as_text


@dataclass(slots=True)
class Deployment:
    """One deployment; it goes on whenever somebody looks, whoever began it."""

    id: str
    job: Job
    steps: Iterator[str]
    state: str = "Running"
    error: JsonObject | None = None
    made: list[str] = field(default_factory=list)

    def advance(self, most: int) -> None:
        """Make so many resources more, 0 for all."""
        try:
            while self.state == "Running":
                self.made.append(next(self.steps))
                if most and len(self.made) % most == 0:
                    return
        except StopIteration:
            self.state = "Succeeded"
        except AzureRefusal as refusal:
            self.state, self.error = "Failed", _wrapped(refusal)

    def to_json(self) -> JsonObject:
        """Show it as ARM does, names of outputs in ARM's own case."""
        properties: JsonObject = {"provisioningState": self.state}
        if self.state == "Succeeded":
            outputs = self.job.outputs
            properties["outputs"] = {in_arms_case(name): one for name, one in outputs.items()}
        if self.error is not None:
            properties["error"] = self.error
        name = self.id.rpartition("/")[2]
        return {
            "id": self.id,
            "name": name,
            "location": self.job.place.location,
            "type": "Microsoft.Resources/deployments",
            "properties": properties,
        }


def in_arms_case(name: str) -> str:
    """Give a name as ARM gives it back: capitals at its beginning lowered, the last of them not.

    `AZURE_RESOURCE_GROUP` is `azurE_RESOURCE_GROUP` (recorded traffic of azd).
    """
    capitals = re.match(r"[A-Z]*", name)
    length = len(capitals[0]) if capitals else 0
    lowered = max(length - 1, 1) if length else 0
    return name[:lowered].lower() + name[lowered:]


def _wrapped(refusal: AzureRefusal) -> JsonObject:
    inner = {"code": refusal.code, "message": refusal.message}
    return {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed. Please list deployment"
        " operations for details.",
        "details": [inner],
    }


@dataclass(slots=True)
class Deployments:
    """All deployments by lower-cased id; `steps_per_look` 0 ends each at the first look."""

    store: Store
    steps_per_look: int = 0
    of: dict[str, Deployment] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)

    def create(self, deployment_id: str, body: JsonObject, endpoint: str) -> Deployment:
        """Begin a deployment. Raises AzureRefusal."""
        earlier = self.of.get(deployment_id.lower())
        if earlier is not None and earlier.state == "Running":
            message = (
                f"The deployment with resource id '{deployment_id}' cannot be saved, because this"
                " would overwrite an existing deployment which is still active."
            )
            raise AzureRefusal(HTTPStatus.CONFLICT, "DeploymentActive", message)
        properties = as_object(body.get("properties"))
        template = as_object(properties.get("template"))
        given = {
            name: as_object(one)["value"]
            for name, one in as_object(properties.get("parameters")).items()
        }
        subscription, name = deployment_id.split("/")[2], deployment_id.rpartition("/")[2]
        location = as_text(body.get("location"))
        place = Place(TENANT_ID, endpoint, subscription, "", name, location)
        target = Target(self.store.put, self.store.look, self._begin)
        job = Job(json.loads(json.dumps(template)), place, given, target)
        made = Deployment(deployment_id, job, job.steps())
        self.of[deployment_id.lower()] = made
        return made

    def _begin(self, place: Place) -> None:
        """Bind a deployment of a subscription, a nested one too, to its location."""
        if place.group:
            return
        key = f"{place.subscription}/{place.deployment}".lower()
        known = self.locations.setdefault(key, place.location)
        if known != place.location:
            message = (
                f"Invalid deployment location '{place.location}'. The deployment"
                f" '{place.deployment}' already exists in location '{known}'."
            )
            raise AzureRefusal(HTTPStatus.CONFLICT, "InvalidDeploymentLocation", message)

    def look(self, deployment_id: str) -> Deployment | None:
        """Give a deployment, a little further than before."""
        found = self.of.get(deployment_id.lower())
        if found is not None:
            found.advance(self.steps_per_look)
        return found


type Handler = Callable[[], JsonObject | None]
