"""Run by azure-cli's own Python: which commands and flags it does not have.

Reads a JSON list of commands, each a list of arguments, from standard input; prints one line for
each that is wrong. Nothing is run. Commands of an extension (`graph`) are left out.
"""

import json
import sys
from collections.abc import Iterable

from azure.cli.core import get_default_cli

_OF_EVERY_COMMAND = {"--query", "--output", "-o", "--only-show-errors", "--subscription"}
_OF_EXTENSIONS = {"graph"}


def main() -> int:
    """Look at every command; 1 if one is wrong."""
    told = [line for each in json.load(sys.stdin) if (line := _wrong(each))]
    print(*told, sep="\n", end="")
    return bool(told)


def _wrong(arguments: list[str]) -> str:
    if arguments[0] in _OF_EXTENSIONS:
        return ""
    cli = get_default_cli()
    invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    cli.invocation = invocation
    loader = invocation.commands_loader
    loader.load_command_table(arguments)
    first_flag = next((n for n, each in enumerate(arguments) if each[0] == "-"), len(arguments))
    words = [" ".join(arguments[:length]) for length in range(first_flag, 0, -1)]
    name = next((each for each in words if each in loader.command_table), "")
    if not name and _is_group(arguments, loader.command_table):
        return ""
    if not name:
        return f"az {' '.join(arguments)}: there is no such command"
    invocation.data["command_string"] = name
    loader.command_name = name
    loader.load_arguments(name)
    command = loader.command_table[name]
    known = set(_OF_EVERY_COMMAND)
    for argument_name, argument in command.arguments.items():
        known.add(f"--{argument_name.replace('_', '-')}")
        known |= {str(each) for each in argument.type.settings.get("options_list") or ()}
    unknown = [each for each in arguments if each.startswith("-") and each not in known]
    return f"az {' '.join(arguments)}: it has no {', '.join(unknown)}" if unknown else ""


def _is_group(arguments: list[str], commands: Iterable[str]) -> bool:
    """Say whether it names a group of commands, as a sentence may; with a flag it does not."""
    return any(each.startswith(" ".join([*arguments, ""])) for each in commands)


if __name__ == "__main__":
    sys.exit(main())
