"""The functions of Bicep that infra/ uses, as far as their results can be told beforehand."""

from local.infra_check.values import Unknown, Value, options_of

KINDS = {
    "concat": "array",
    "contains": "bool",
    "empty": "bool",
    "environment": "object",
    "guid": "string",
    "length": "int",
    "replace": "string",
    "resourceGroup": "object",
    "split": "array",
    "string": "string",
    "subscription": "object",
    "subscriptionResourceId": "string",
    "substring": "string",
    "tenant": "object",
    "union": "object",
    "uniqueString": "string",
}


def call(name: str, arguments: list[Value]) -> Value:
    """Give what a function comes to; a kind only where its arguments are not known."""
    match name, arguments:
        case "concat", _:
            return [
                each for one in arguments for option in options_of(one) for each in _list(option)
            ]
        case "union", _:
            parts = [option for one in arguments for option in options_of(one)]
            return {k: v for part in parts if isinstance(part, dict) for k, v in part.items()}
        case "empty", [str() | list() | dict() as known]:
            return not known
        case "replace", [str(text), str(old), str(new)]:
            return text.replace(old, new)
        case _:
            return Unknown(KINDS[name], f"<{name}>")


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
