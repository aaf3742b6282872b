"""Every command there is, with the context that its help page is drawn in."""

from collections.abc import Iterator

import click

from narrowcast_shared.command_line import commands

PROGRAM = "narrowcast"

WIDTH = 100
"""Columns of a help page, whatever the terminal has."""


def contexts() -> Iterator[click.Context]:
    """Of `narrowcast` and all below it, each group before its commands, by name."""
    yield from _below(_context(commands, None, PROGRAM))


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _below(_context(command, context, name))


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    settings = {**command.context_settings, "terminal_width": WIDTH}
    return click.Context(command, parent, name, **settings)
