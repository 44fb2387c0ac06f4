"""Working a file out without deploying it: every expression, with both branches of every condition.

What depends on Azure or on parameters stays unknown; names, references, functions and outputs that
do not exist are findings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from local.infra_check import functions
from local.infra_check.references import answered
from local.infra_check.syntax import BicepFile, Declaration, Kind, text
from local.infra_check.values import Choice, Reference, Unknown, Value, kind_of, shown

_ESCAPES = {"\\'": "'", "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\$": "$"}
_KINDS = {"string", "int", "bool", "object", "array"}


@dataclass(slots=True)
class Evaluation:
    """One file being worked out; `parameters` are those whose values are given."""

    file: BicepFile
    folder: Mapping[str, BicepFile]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    _bound: dict[str, Value] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)

    def bodies(self, declaration: Declaration) -> list[Value]:
        """Give every body that a declaration has: one, or one for each turn of its loop."""
        if declaration.value is None:
            return []
        value = self.value(declaration.value)
        return value if isinstance(value, list) else [value]

    def value(self, node: Node) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        """Work an expression out."""
        parts = node.named_children
        match node.type:
            case "string":
                return self._string(node)
            case "number":
                return int(text(node))
            case "boolean":
                return text(node) == "true"
            case "null":
                return None
            case "array":
                return [self.value(each) for each in parts]
            case "object":
                return self._object(node)
            case "identifier":
                return self._named(text(node))
            case "parenthesized_expression" if parts:
                return self.value(parts[0])
            case "if_statement":
                self.value(parts[0])
                return self.value(parts[1])
            case "for_statement":
                return self._loop(node)
            case "ternary_expression":
                return self._ternary([self.value(each) for each in parts])
            case "unary_expression":
                return self._negated(node)
            case "binary_expression":
                return self._compared(node)
            case "call_expression":
                return self._called(node)
            case "member_expression" | "subscript_expression":
                return self._reached(node)
            case _:
                # `[f().id]` is one such: the grammar takes it for two items.
                self.wrong.append(f"{text(node)[:40]!r} is more than this checker understands")
                return Unknown()

    def _string(self, node: Node) -> Value:
        known, written = True, ""
        for part in node.named_children:
            if part.type == "interpolation":
                value = self.value(part.named_children[0])
                known = known and isinstance(value, str | int)
                written += shown(value)
            else:
                written += _ESCAPES.get(text(part), text(part))
        # The line break after ''' is not part of the text.
        written = written.removeprefix("\n") if text(node).startswith("'''") else written
        return written if known else Unknown("string", written)

    def _object(self, node: Node) -> Value:
        made: dict[str, Value] = {}
        for each in node.named_children:
            if each.type != "object_property":
                continue
            key, value = each.named_children
            name = shown(self._string(key)) if key.type == "string" else text(key)
            if name in made:
                self.wrong.append(f"{name} is there twice")
            made[name] = self.value(value)
        return made

    def _named(self, name: str) -> Value:
        self.used.add(name)
        if name in self._bound:
            return self._bound[name]
        declared = {each.name: each for each in self.file.declarations if each.kind != Kind.OUTPUT}
        if name not in declared:
            self.wrong.append(f"{name} is not declared")
            return Unknown()
        one = declared[name]
        match one.kind:
            case Kind.PARAMETER:
                kind = one.literal if one.literal in _KINDS else ""
                return self.parameters.get(name, Unknown(kind, f"<{name}>"))
            case Kind.VARIABLE if name in self._busy:
                self.wrong.append(f"{name} depends on itself")
                return Unknown()
            case Kind.VARIABLE if one.value is not None:
                self._busy.add(name)
                value = self.value(one.value)
                self._busy.discard(name)
                return value
            case _:
                return Reference(one)

    def _loop(self, node: Node) -> Value:
        parts = node.named_children
        names = [text(each) for each in parts[0].named_children] or [text(parts[0])]
        items = self.value(parts[1])
        if kind_of(items) not in {"array", ""}:
            self.wrong.append(f"a loop goes over {text(parts[1])}, which is no array")
        turns = items if isinstance(items, list) else [Unknown(text=f"<{names[0]}>")]
        made: list[Value] = []
        before = dict(self._bound)
        for number, item in enumerate(turns):
            self._bound |= dict(zip(names, (item, number), strict=False))
            made.append(self.value(parts[2]))
        self._bound = before
        return made

    @staticmethod
    def _ternary(values: list[Value]) -> Value:
        condition, yes, no = values
        if isinstance(condition, bool):
            return yes if condition else no
        return Choice((yes, no))

    def _negated(self, node: Node) -> Value:
        value = self.value(node.named_children[-1])
        return not value if isinstance(value, bool) else Unknown("bool")

    def _compared(self, node: Node) -> Value:
        left, right = (self.value(each) for each in node.named_children)
        operator = node.child_by_field_name("operator")
        sign = text(operator) if operator is not None else ""
        if sign == "==" and isinstance(left, str | int) and isinstance(right, str | int):
            return left == right
        return Unknown("int" if sign in {"+", "-", "*", "/", "%"} else "bool")

    def _called(self, node: Node) -> Value:
        function, arguments = node.named_children
        values = [self.value(each) for each in arguments.named_children]
        if text(function) not in functions.KINDS:
            self.wrong.append(f"{text(function)}() is not a function that this checker knows")
            return Unknown()
        return functions.call(text(function), values)

    def _reached(self, node: Node) -> Value:
        path: list[Node] = []
        while node.type in {"member_expression", "subscript_expression"}:
            path.insert(0, node.named_children[-1])
            node = node.named_children[0]
        start = self.value(node)
        names = [text(e) if e.type == "property_identifier" else self.value(e) for e in path]
        if isinstance(start, Reference):
            return self._answered(start, tuple(shown(each) for each in names))
        for name in names:
            start = self._member(start, name, text(node))
        return start

    def _member(self, value: Value, name: Value, of: str) -> Value:
        match value, name:
            case dict(), str():
                if name not in value:
                    self.wrong.append(f"{of} has no {name}")
                return value.get(name, Unknown())
            case list(), int() if name < len(value):
                return value[name]
            case _:
                return Unknown(text=f"<{of}.{shown(name)}>")

    def _answered(self, start: Reference, path: tuple[str, ...]) -> Value:
        answer = answered(start.to, path, self.folder)
        if answer is None:
            self.wrong.append(f"{start.to.name}.{'.'.join(path)} does not exist")
        return answer or Unknown()
