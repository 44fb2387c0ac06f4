"""Deploying a template: its resources one after another, as their dependencies allow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from local.azure.arm.errors import AzureRefusal
from local.azure.deploying.evaluation import Evaluation, Place
from local.azure.deploying.expressions import TemplateIsInvalidError
from local.azure.deploying.functions import get, text_of, typed
from local.azure.json_values import JsonObject, as_list, as_object, as_text

_NESTED = "Microsoft.Resources/deployments"
_GROUPS = "Microsoft.Resources/resourceGroups"
_KEPT = ("location", "tags", "kind", "sku", "identity", "properties")
"""What of a resource in a template is its body."""


@dataclass(frozen=True, slots=True)
class Made:
    """One resource as a template makes it."""

    id: str
    type: str
    body: JsonObject


@dataclass(frozen=True, slots=True)
class Target:
    """Who makes resources and tells of them; `begin` hears of each deployment with its place."""

    put: Callable[[Made], None]
    look: Callable[[str], JsonObject]
    begin: Callable[[Place], None]


@dataclass(slots=True)
class Job:
    """One template on its way; `outputs` are there at the end."""

    template: JsonObject
    place: Place
    given: Mapping[str, object]
    target: Target
    outputs: JsonObject = field(default_factory=dict)
    _symbols: dict[str, JsonObject | str] = field(default_factory=dict)

    def steps(self) -> Iterator[str]:
        """Make each resource and name it. Raises AzureRefusal."""
        self.target.begin(self.place)
        try:
            evaluation = self._evaluation()
            for symbol, resource in self._in_order():
                yield from self._each(symbol, resource, evaluation)
            for name, one in as_object(self.template.get("outputs")).items():
                output = as_object(one)
                value = evaluation.value(output["value"])
                self.outputs[name] = {"type": output.get("type", "Object"), "value": value}
        except TemplateIsInvalidError as error:
            message = f"Deployment template validation failed: '{error}'."
            raise AzureRefusal(400, "InvalidTemplate", message) from error

    def _evaluation(self) -> Evaluation:
        declared = as_object(self.template.get("parameters"))
        for name in self.given:
            if name not in declared:
                raise TemplateIsInvalidError(f"The template parameters '{name}' are not valid")
        known: dict[str, object] = {}
        variables = as_object(self.template.get("variables"))
        evaluation = Evaluation(self.place, known, variables, self._look)
        for name, one in declared.items():
            if name in self.given:
                known[name] = self.given[name]
            elif "defaultValue" not in as_object(one):
                raise TemplateIsInvalidError(
                    f"The value for the template parameter '{name}' is not provided"
                )
            else:
                known[name] = evaluation.value(as_object(one)["defaultValue"])
        for name in variables:
            evaluation.variable(name) if name != "copy" else None
        return evaluation

    def _in_order(self) -> Iterator[tuple[str, JsonObject]]:
        """Give the resources, each after those that it depends on."""
        given = self.template["resources"]
        if isinstance(given, list):
            # Without symbols, which the compiler leaves out where nothing needs them: it writes
            # resources of naptime's small modules in an order that works.
            yield from ((str(number), as_object(one)) for number, one in enumerate(given))
            return
        waiting = {name: as_object(one) for name, one in as_object(given).items()}
        while waiting:
            ready = [
                name
                for name, one in waiting.items()
                if not any(_symbol(on) in waiting for on in as_list(one.get("dependsOn")))
            ]
            if not ready:
                raise TemplateIsInvalidError(f"Circular dependency between {', '.join(waiting)}")
            for name in ready:
                yield name, waiting.pop(name)

    def _each(self, symbol: str, raw: JsonObject, evaluation: Evaluation) -> Iterator[str]:
        loop = as_object(raw.get("copy"))
        if not loop:
            yield from self._one(symbol, raw, evaluation)
            return
        for number in range(int(text_of(evaluation.value(loop["count"])))):
            inner = evaluation.in_turn(as_text(loop["name"]), number)
            yield from self._one(f"{symbol}[{number}]", raw, inner)

    def _one(self, symbol: str, raw: JsonObject, evaluation: Evaluation) -> Iterator[str]:
        if not evaluation.value(raw.get("condition", True)):
            return
        name, kind = text_of(evaluation.value(raw["name"])), as_text(raw["type"])
        place = self._place(raw, evaluation)
        if kind == _NESTED:
            yield from self._nested(symbol, raw, evaluation, replace(place, deployment=name))
            return
        made = Made(_id(raw, kind, name, place, evaluation), kind, {})
        self._symbols[symbol.lower()] = made.id
        if raw.get("existing"):
            return
        for key in _KEPT:
            if key in raw:
                made.body[key] = evaluation.value(raw[key])
        self.target.put(replace(made, body={"name": name.rpartition("/")[2], **made.body}))
        yield made.id

    def _place(self, raw: JsonObject, evaluation: Evaluation) -> Place:
        """Say where a resource of this template goes, which may be elsewhere."""
        place = self.place
        if "subscriptionId" in raw:
            place = replace(
                place, subscription=text_of(evaluation.value(raw["subscriptionId"])), group=""
            )
        if "resourceGroup" in raw:
            place = replace(place, group=text_of(evaluation.value(raw["resourceGroup"])))
        return place

    def _nested(
        self, symbol: str, raw: JsonObject, evaluation: Evaluation, place: Place
    ) -> Iterator[str]:
        properties = as_object(raw["properties"])
        given = as_object(evaluation.value(properties.get("parameters")))
        values = {name: as_object(one)["value"] for name, one in given.items()}
        job = Job(as_object(properties["template"]), place, values, self.target)
        yield from job.steps()
        self._symbols[symbol.lower()] = {"outputs": job.outputs}

    def _look(self, of: str) -> object:
        known = self._symbols.get(of.lower(), of)
        return known if isinstance(known, dict) else get(self.target.look(known), "properties")


def _symbol(on: object) -> str:
    """Give the symbol of an entry of `dependsOn`; `[format('a[{0}]', …)]` depends on all of a."""
    text = as_text(on)
    return text.partition("'")[2].partition("[")[0] if text.startswith("[") else text


def _id(raw: JsonObject, kind: str, name: str, place: Place, evaluation: Evaluation) -> str:
    if kind == _GROUPS:
        return f"/subscriptions/{place.subscription}/resourceGroups/{name}"
    scope = text_of(evaluation.value(raw["scope"])) if "scope" in raw else place.scope
    return f"{scope}/providers/{typed(kind, name.split('/'))}"
