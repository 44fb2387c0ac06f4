"""What an expression can come to when parameters and Azure's answers are not known."""

from dataclasses import dataclass

from local.infra_check.syntax import Declaration


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known at deployment only; `kind` is empty where not even that is known."""

    kind: str = ""
    text: str = ""
    """What can be said of it: `<appId>/functions/on_cluster_created`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, by a condition that is not known."""

    options: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource or module of the file, itself."""

    to: Declaration


type Value = (
    str | int | bool | list["Value"] | dict[str, "Value"] | Unknown | Choice | Reference | None
)


_KINDS = {
    bool: "bool",
    int: "int",
    str: "string",
    list: "array",
    dict: "object",
    Reference: "object",
}


def kind_of(value: Value) -> str:
    """Give Bicep's name of a value's type; empty where it is not known."""
    if isinstance(value, Unknown):
        return value.kind
    return _KINDS.get(type(value), "")


def shown(value: Value) -> str:
    """Give a string, or what can be said of it."""
    return value.text if isinstance(value, Unknown) else str(value)


def options_of(value: Value) -> tuple[Value, ...]:
    """Give every value that a value can come to."""
    if isinstance(value, Choice):
        return tuple(each for option in value.options for each in options_of(option))
    return (value,)


def strings_in(value: Value) -> list[str]:
    """Give every string of a list, or of each list that it can come to."""
    return [shown(s) for each in options_of(value) if isinstance(each, list) for s in each]


def at(value: Value, path: str) -> Value:
    """Give what is at `a.b.0.c` of a value; Unknown where there is nothing."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return Unknown(text="<absent>")
    return value
