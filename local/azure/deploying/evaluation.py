"""Working a template's values out, by where it is deployed and with which parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from local.azure.deploying.expressions import (
    Expression,
    Function,
    Literal,
    Member,
    TemplateIsInvalidError,
    is_expression,
    parsed,
)
from local.azure.deploying.functions import FUNCTIONS, get, text_of, typed

type Look = Callable[[str], object]
"""Gives what `reference` of a symbol or an id gives."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template is deployed: a subscription, or a resource group of it."""

    tenant: str
    endpoint: str
    """Of Resource Manager, without a slash at its end."""
    subscription: str
    group: str
    deployment: str
    location: str

    @property
    def scope(self) -> str:
        """The id of where it is deployed."""
        of = f"/subscriptions/{self.subscription}"
        return f"{of}/resourceGroups/{self.group}" if self.group else of


@dataclass(slots=True)
class Evaluation:
    """One template's names and values; `turns` are the loops that are under way."""

    place: Place
    parameters: Mapping[str, object]
    variables: Mapping[str, object]
    look: Look
    turns: Mapping[str, int] = field(default_factory=dict)
    lambdas: Mapping[str, object] = field(default_factory=dict)
    known: dict[str, object] = field(default_factory=dict)

    def in_turn(self, loop: str, number: int) -> "Evaluation":
        """Give the same within one turn of a loop; an unnamed copyIndex() means the last begun."""
        return replace(self, turns={**self.turns, loop.lower(): number, "": number})

    def value(self, given: object) -> object:
        """Work out everything in a value of a template."""
        match given:
            case str():
                if is_expression(given):
                    return self._worked_out(parsed(given))
                return given[1:] if given.startswith("[[") else given
            case list():
                return [self.value(each) for each in given]
            case dict():
                # Names may be expressions: ids of identities are.
                plain = {
                    text_of(self.value(name)): self.value(each)
                    for name, each in given.items()
                    if name != "copy"
                }
                return {**plain, **self._copies(given.get("copy"))}
            case _:
                return given

    def _copies(self, loops: object) -> dict[str, object]:
        """Give the properties that loops make."""
        made: dict[str, object] = {}
        for loop in loops if isinstance(loops, list) else []:
            name, count = str(loop["name"]), self.value(loop["count"])
            made[name] = [
                self.in_turn(name, number).value(loop["input"])
                for number in range(int(text_of(count)))
            ]
        return made

    def variable(self, name: str) -> object:
        """Work out a variable, once."""
        if name.lower() not in self.known:
            outside = replace(self, turns={}, lambdas={})
            plain = get(dict(self.variables), name)
            loops = self.variables.get("copy")
            looped = (
                [each for each in loops if each["name"] == name] if isinstance(loops, list) else []
            )
            found = outside._copies(looped)[name] if looped else outside.value(plain)  # noqa: SLF001 - its own class
            self.known[name.lower()] = found
        return self.known[name.lower()]

    def _worked_out(self, expression: Expression) -> object:
        match expression:
            case Literal(value):
                return value
            case Member(of, key):
                whole, name = self._worked_out(of), self._worked_out(key)
                found = get(whole, name)
                if found is None and not _has(whole, name):
                    raise TemplateIsInvalidError(f"the property {text_of(name)!r} does not exist")
                return found
            case Function(name, arguments):
                return self._called(name.lower(), arguments)

    def _called(self, name: str, arguments: tuple[Expression, ...]) -> object:
        match name:
            case "if":
                condition, right, wrong = arguments
                return self._worked_out(right if self._worked_out(condition) else wrong)
            case "and":
                return all(self._worked_out(each) for each in arguments)
            case "or":
                return any(self._worked_out(each) for each in arguments)
            case "coalesce":
                values = map(self._worked_out, arguments)
                return next((each for each in values if each is not None), None)
            case "map" | "filter" | "toobject":
                return self._looped(name, arguments)
            case _:
                values = map(self._worked_out, arguments)
                return self._with_values(name, list(values))

    def _with_values(self, name: str, values: list[object]) -> object:  # noqa: PLR0911 - one for each function
        match name:
            case "parameters":
                return get(dict(self.parameters), values[0])
            case "variables":
                return self.variable(text_of(values[0]))
            case "lambdavariables":
                return self.lambdas[text_of(values[0])]
            case "copyindex":
                return self.turns[text_of(values[0]).lower() if values else ""]
            case "reference":
                return self.look(text_of(values[0]))
            case "subscription" | "tenant" | "environment" | "deployment" | "resourcegroup":
                return self._here(name)
            case "resourceid" | "subscriptionresourceid":
                return self._id(name, [text_of(each) for each in values])
            case _ if name in FUNCTIONS:
                return FUNCTIONS[name](*values)
            case _:
                raise TemplateIsInvalidError(f"the template function {name!r} is not valid")

    def _looped(self, name: str, arguments: tuple[Expression, ...]) -> object:
        listed = self._worked_out(arguments[0])
        each_of = listed if isinstance(listed, list) else []
        results = [[self._applied(one, each) for one in arguments[1:]] for each in each_of]
        match name:
            case "map":
                return [result[0] for result in results]
            case "filter":
                return [each for each, result in zip(each_of, results, strict=True) if result[0]]
            case _:
                return {text_of(result[0]): result[1] for result in results}

    def _applied(self, function: Expression, value: object) -> object:
        if not isinstance(function, Function) or function.name.lower() != "lambda":
            raise TemplateIsInvalidError("a lambda is expected here")
        name, body = function.arguments
        inner = replace(self, lambdas={**self.lambdas, text_of(self._worked_out(name)): value})
        return inner._worked_out(body)  # noqa: SLF001 - its own class

    def _here(self, name: str) -> dict[str, object]:
        place = self.place
        match name:
            case "subscription":
                of = f"/subscriptions/{place.subscription}"
                return {"id": of, "subscriptionId": place.subscription, "tenantId": place.tenant}
            case "tenant":
                return {"tenantId": place.tenant}
            case "deployment":
                return {"name": place.deployment, "location": place.location}
            case "resourcegroup":
                return {"id": place.scope, "name": place.group, "location": place.location}
            case _:
                login = {"loginEndpoint": f"{place.endpoint}/"}
                return {"resourceManager": f"{place.endpoint}/", "authentication": login}

    def _id(self, name: str, values: list[str]) -> str:
        """Give `resourceId([subscription,] [group,] type, names…)` and its like."""
        at = next(number for number, each in enumerate(values) if "/" in each)
        before, kind, names = values[:at], values[at], values[at + 1 :]
        whole_subscription = name == "subscriptionresourceid"
        subscription = self.place.subscription
        group = "" if whole_subscription else self.place.group
        if whole_subscription and before:
            subscription = before[0]
        elif before:
            *more, group = before
            subscription = more[0] if more else subscription
        scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
        return f"{scope}/providers/{typed(kind, names)}"


def _has(whole: object, name: object) -> bool:
    if isinstance(whole, dict):
        return any(each.lower() == text_of(name).lower() for each in whole)
    return isinstance(whole, list) and isinstance(name, int) and 0 <= name < len(whole)
