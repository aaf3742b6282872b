"""Command lines as people read them, in help pages, documents and container files: do they exist?

They are parsed by click as they would be, and never run.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import click

from narrowcast_shared.command_line import commands

PROGRAM = "narrowcast"
_ENDS = re.compile(r"[|&;<>()]+")
"""Shell punctuation, behind which the command's own words are over."""


def find(text: str) -> Iterator[list[str]]:
    """The words after each `narrowcast` that stands where a shell takes a command."""
    for line in text.replace("\\\n", " ").splitlines():
        for words in _commands_of(line):
            if words and PurePath(words[0]).name == PROGRAM:
                yield words[1:]


def _commands_of(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for token in lexer:
        if _ENDS.fullmatch(token):
            yield words
            words = []
        else:
            words.append(token)
    yield words


def check(words: Sequence[str], *, whole: bool = True) -> click.Command:
    """The command that these words call.

    Raises click.UsageError as the command line would: no such command, no such option, and in a
    `whole` line a value that is none, or an argument that is missing.
    """
    parent: click.Context | None = None
    command: click.Command = commands
    rest = list(words)
    while True:
        name = command.name if parent else PROGRAM
        context = click.Context(command, parent, name, **command.context_settings)
        given, rest, _ = command.make_parser(context).parse_args(rest)
        if whole:
            _check_values(context, given)
        if not rest:
            return command
        if not isinstance(command, click.Group):
            raise click.UsageError(f"too many arguments: {rest}", context)
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, parent = found, context


def _check_value(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """What its type says of it; files that an example names need not be there."""
    try:
        parameter.type_cast_value(context, value)
    except click.BadParameter as error:
        if not isinstance(getattr(error.__cause__, "__cause__", None), FileNotFoundError):
            raise


def _check_values(context: click.Context, given: Mapping[str, Any]) -> None:
    """Types and what is required, without callbacks: `--help` prints nothing here."""
    helps = context.command.get_help_option(context)
    helped = helps is not None and helps.name in given
    for parameter in context.command.params:
        value, _ = parameter.consume_value(context, given)
        if not parameter.value_is_missing(value):
            _check_value(context, parameter, value)
        elif parameter.required and not helped:
            raise click.MissingParameter(ctx=context, param=parameter)
