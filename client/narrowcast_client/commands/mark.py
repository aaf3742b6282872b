"""`narrowcast mark`: a note of what happened when, beside a series."""

from typing import TYPE_CHECKING

import click

from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("session")
@click.argument("text")
@click.option("--at", metavar="T", help="When it happened; now by default.")
@options.decoder_option("that has it")
@options.access_options()
def mark(session: str, text: str, at: str | None, url: str, access: "Access") -> None:
    r"""Note what happened, and when, beside a series.

    \b
    Examples:
      narrowcast mark anna "stimulus 3"
      narrowcast mark anna "door slams" --at 2026-01-31T14:03:20.5

    TEXT is one line: a stimulus, a question, a break. The time is that of the samples, on the
    encoder's clock: ISO 8601, in this machine's zone where it names none, or Unix time in seconds.
    `narrowcast export --marks` writes the marks to a file.
    """
    import asyncio

    from narrowcast_client.marks import add_mark
    from narrowcast_client.times import format_time, parse_time
    from narrowcast_shared.remote.address import parse_address

    t = None if at is None else parse_time(at)
    added = asyncio.run(add_mark(parse_address(url, access), session, text, t))
    when = format_time(added.t)
    click.echo(f"narrowcast: mark {added.id} of {session} is at {when}: {added.text}", err=True)
