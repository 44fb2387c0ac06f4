"""Everything that the compiler would say, as far as syntax and type data tell it."""

import posixpath
from collections.abc import Iterator, Mapping

from local.infra_check.evaluate import Evaluation
from local.infra_check.syntax import BicepFile, Declaration, Finding, Kind, text
from local.infra_check.type_data import known_types
from local.infra_check.values import Reference, Unknown, Value, kind_of, options_of

type Folder = Mapping[str, BicepFile]

_COMMON = {"parent", "scope", "dependsOn"}
_DECORATORS = {"allowed", "description", "maxLength", "maxValue", "minLength", "minValue"}
_PLAIN = {"array", "bool", "int", "object", "string"}
_SCOPES = {"resourceGroup": "ResourceGroup", "subscription": "Subscription"}


def check_folder(folder: Folder) -> list[Finding]:
    """Give everything that is wrong in any file."""
    return [finding for file in folder.values() for finding in check_file(file, folder)]


def check_file(file: BicepFile, folder: Folder) -> Iterator[Finding]:
    """Give everything that is wrong in one file."""
    yield from file.findings
    if file.findings:
        return
    work = Evaluation(file, folder)
    for declaration in file.declarations:
        where = f"{file.name}:{declaration.line}"
        yield from (Finding(where, what) for what in dict.fromkeys(_wrong(declaration, work)))
    unused = set(_declared_names(file)) - work.used
    yield from (Finding(file.name, f"{name} is declared and not used") for name in sorted(unused))
    names = [each.name for each in file.declarations if each.kind is not Kind.OUTPUT]
    twice = {name for name in names if names.count(name) > 1}
    yield from (Finding(file.name, f"{name} is declared twice") for name in sorted(twice))


def _unknown_decorators(declaration: Declaration) -> Iterator[str]:
    for call in declaration.decorators:
        name = text(call.named_children[0])
        if name not in _DECORATORS:
            yield f"@{name}() is not a decorator"
    plain = declaration.kind in {Kind.PARAMETER, Kind.OUTPUT}
    if plain and declaration.literal.partition("[")[0] not in _PLAIN:
        yield f"{declaration.literal} is not a type"


def _declared_names(file: BicepFile) -> Iterator[str]:
    for kind in (Kind.PARAMETER, Kind.VARIABLE):
        yield from (each.name for each in file.of(kind))
    yield from (each.name for each in file.resources if each.existing)


def _wrong(declaration: Declaration, work: Evaluation) -> Iterator[str]:
    work.wrong.clear()
    yield from _unknown_decorators(declaration)
    bodies = work.bodies(declaration)
    yield from work.wrong
    for body in bodies:
        match declaration.kind:
            case Kind.RESOURCE:
                yield from _wrong_resource(declaration, body, work)
            case Kind.MODULE:
                yield from _wrong_module(declaration, body, work)
            case Kind.PARAMETER | Kind.OUTPUT:
                wanted = (
                    declaration.literal.partition("[")[0]
                    if "[" not in declaration.literal
                    else "array"
                )
                yield from _mismatch(body, wanted, declaration.name) if len(bodies) == 1 else ()
            case _:
                pass


def _mismatch(value: Value, wanted: str, where: str) -> Iterator[str]:
    for option in options_of(value):
        if kind_of(option) not in {wanted, ""}:
            yield f"{where} must be {wanted}, not {kind_of(option)}"


def _wrong_resource(declaration: Declaration, body: Value, work: Evaluation) -> Iterator[str]:
    known = known_types().get(declaration.literal)
    if known is None:
        yield f"{declaration.literal} is not in types.json: no such type, or make infra-types"
        return
    if not isinstance(body, dict):
        yield f"{declaration.name} must be an object"
        return
    yield from _wrong_parent(declaration, body)
    scope = _SCOPES.get(work.file.target_scope, "")
    anywhere = known.scopes in {"AllExceptExtension", "Extension"}
    if "scope" not in body and not declaration.existing and not anywhere and known.scopes != scope:
        yield f"{declaration.literal} cannot be deployed at scope {work.file.target_scope}"
    own = {key: value for key, value in body.items() if key not in _COMMON}
    if declaration.existing:
        yield from (
            f"{declaration.name}.{k}: an existing one only has a name" for k in own if k != "name"
        )
    else:
        yield from known.check(own, known.body, declaration.name)


def _wrong_parent(declaration: Declaration, body: Mapping[str, Value]) -> Iterator[str]:
    parent = body.get("parent")
    expected = declaration.literal.partition("@")[0].rpartition("/")[0]
    if isinstance(parent, Reference):
        given = parent.to.literal.partition("@")[0]
        if given != expected:
            yield f"{declaration.name}.parent must be a {expected}, not a {given}"
    elif parent is not None:
        yield f"{declaration.name}.parent must be a resource"
    elif expected.count("/"):
        yield f"{declaration.name}.parent is missing: a {expected}"


def _wrong_module(declaration: Declaration, body: Value, work: Evaluation) -> Iterator[str]:
    path = posixpath.normpath(
        posixpath.join(posixpath.dirname(work.file.name), declaration.literal)
    )
    file = work.folder.get(path)
    if file is None:
        yield f"{declaration.literal}: there is no such file"
        return
    if not isinstance(body, dict):
        yield f"{declaration.name} must be an object"
        return
    for name in body.keys() - {"name", "scope", "params", "dependsOn"}:
        yield f"{declaration.name}.{name} is not known"
    if file.target_scope != work.file.target_scope and "scope" not in body:
        yield f"{declaration.name}.scope is missing: {path} is for a {file.target_scope}"
    yield from _wrong_params(declaration.name, body.get("params", {}), file)


def _wrong_params(name: str, given: Value, file: BicepFile) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"{name}.params must be an object"
        return
    for key, value in given.items():
        if key not in file.parameters:
            yield f"{name}.params.{key}: {file.name} has no such parameter"
            continue
        parameter = file.parameters[key]
        yield from _mismatch(value, parameter.literal, f"{name}.params.{key}")
        yield from _not_allowed(f"{name}.params.{key}", value, parameter, file)
    for key, parameter in file.parameters.items():
        if parameter.value is None and key not in given:
            yield f"{name}.params.{key} is required by {file.name}"


def _not_allowed(
    where: str, value: Value, parameter: Declaration, file: BicepFile
) -> Iterator[str]:
    arguments = parameter.decorator("allowed")
    if arguments is not None and not isinstance(value, Unknown):
        allowed = Evaluation(file, {}).value(arguments.named_children[0])
        if isinstance(allowed, list) and value not in allowed:
            yield f"{where} must be one of {', '.join(map(str, allowed))}, not {value!r}"
