"""Every command there is, with the context that its help page is drawn in."""

from collections.abc import Iterator

import click

from narrowcast_shared.command_line import commands

PROGRAM = "narrowcast"


def contexts() -> Iterator[click.Context]:
    """Of `narrowcast` and all below it, each group before its commands, by name."""
    yield from _below(click.Context(commands, None, PROGRAM, **commands.context_settings))


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _below(click.Context(command, context, name, **command.context_settings))
