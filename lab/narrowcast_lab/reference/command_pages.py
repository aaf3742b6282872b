"""The reference of the command line: each help page, as `-h` prints it."""

from collections.abc import Iterator

import click

from narrowcast_lab.reference.walk import contexts


def commands() -> str:
    """Markdown: a heading a command, its help page below."""
    return "\n".join(line for context in contexts() for line in _page(context))


def _page(context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}\n"
    yield "```text"
    yield context.command.get_help(context)
    yield "```\n"
