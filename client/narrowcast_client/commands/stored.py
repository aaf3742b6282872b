"""The commands on stored sessions: `narrowcast sessions`, `mark` and `export`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import baseline_option, span_options, store_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice
    from narrowcast_shared.archive import SessionInfo
    from narrowcast_shared.remote.access import Access

# --- narrowcast sessions ---------------------------------------------------------------------


@click.group(invoke_without_command=True)
@options.decoder_option("to ask")
@store_option()
@options.json_option("each session, one a line,")
@options.access_options()
@click.pass_context
def sessions(
    context: click.Context, url: str, store: Path | None, as_json: bool, access: "Access"
) -> None:
    r"""List the stored sessions.

    \b
    Examples:
      narrowcast sessions
      narrowcast sessions --decoder http://decoder:8000 --json | jq .session
      narrowcast sessions --store narrowcast.sqlite
      narrowcast sessions delete anna

    Shows their times, and their samples by status, the most recently active session first. Times
    are in this machine's zone.
    """
    context.obj = access
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from narrowcast_client.archive import open_archive
    from narrowcast_shared.remote.address import parse_address

    archive = open_archive(parse_address(url, access), store)
    listed = asyncio.run(archive.sessions())
    lines = "".join(f"{info.model_dump_json()}\n" for info in listed)
    click.echo(lines if as_json else _table(listed), nl=False)


_HEAD = ("session", "state", "first sample", "last sample", "samples")


def _table(listed: "Sequence[SessionInfo]") -> str:
    """Columns for people; numbers to the right."""
    from narrowcast_client.archive import format_time
    from narrowcast_shared.samples import Status

    if not listed:
        return "no session is stored\n"
    rows = [(*_HEAD, *(status.value.replace("_", " ") for status in Status))]
    for info in listed:
        counts = (str(info.by_status.get(status, 0)) for status in Status)
        times = (format_time(info.first_t), format_time(info.last_t))
        rows.append((info.session, info.state, *times, str(info.samples or 0), *counts))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts = len(_HEAD) - 1
    cells = [
        cell.ljust(width) if index < texts else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip() + "\n"


@sessions.command()
@click.argument("session")
@click.option(
    "--decoder", "url", metavar="URL", help="The decoder that has it; by default the one above."
)
@click.option("--force", is_flag=True, help="Delete it even while it is being published.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@options.access_options()
@click.pass_context
def delete(
    context: click.Context,
    session: str,
    url: str | None,
    force: bool,
    yes: bool,
    access: "Access",
) -> None:
    r"""Delete a session and all of its samples, for good.

    \b
    Examples:
      narrowcast sessions delete anna
      narrowcast sessions delete anna --decoder http://decoder:8000 --yes
    """
    import asyncio

    from narrowcast_client.api import delete_session, get_session
    from narrowcast_shared.remote.access import Access
    from narrowcast_shared.remote.address import parse_address

    assert context.parent is not None
    if context.parent.params["store"] is not None:
        raise click.UsageError("only a running decoder deletes sessions: leave out --store")
    given: Access = context.obj
    access = Access(access.token or given.token, access.ca or given.ca)
    address = parse_address(url or context.parent.params["url"], access)
    info = asyncio.run(get_session(address, session))
    if not yes:
        what = f"{session} and its {info.samples} samples"
        click.confirm(f"Delete {what} at {address.base} for good?", abort=True)
    asyncio.run(delete_session(address, session, force=force))
    click.echo(f"narrowcast: {session} is deleted", err=True)


# --- narrowcast mark -------------------------------------------------------------------------


@click.command()
@click.argument("session")
@click.argument("text")
@click.option("--at", metavar="T", help="Time of the event; now by default.")
@options.decoder_option("that has it")
@options.access_options()
def mark(session: str, text: str, at: str | None, url: str, access: "Access") -> None:
    r"""Add an event marker to a session.

    \b
    Examples:
      narrowcast mark anna "stimulus 3"
      narrowcast mark anna "door slams" --at 2026-01-31T14:03:20.5

    TEXT is one line: a stimulus, a question, a break. The time is that of the samples, on the
    encoder's clock: ISO 8601, in this machine's zone where it names none, or Unix time in seconds.
    `narrowcast export --marks` writes the event markers to a file.
    """
    import asyncio

    from narrowcast_client.api import add_mark
    from narrowcast_client.archive import format_time, parse_time
    from narrowcast_shared.remote.address import parse_address

    t = None if at is None else parse_time(at)
    added = asyncio.run(add_mark(parse_address(url, access), session, text, t))
    when = format_time(added.t)
    click.echo(f"narrowcast: mark {added.id} of {session} is at {when}: {added.text}", err=True)


# --- narrowcast export -----------------------------------------------------------------------


@click.command()
@click.argument("session")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="File to write, ending in .csv or .parquet; or /dev/stdout, which gets CSV.",
)
@click.option(
    "--marks",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the event markers of that time to this file, ending in .csv.",
)
@span_options()
@options.decoder_option("to ask")
@store_option()
@baseline_option()
@options.access_options()
def export(
    session: str,
    out: Path,
    marks: Path | None,
    from_: str | None,
    to: str | None,
    url: str,
    store: Path | None,
    baseline: "BaselineChoice | None",
    access: "Access",
) -> None:
    r"""Write a stored series to a file.

    \b
    Examples:
      narrowcast export anna --out anna.parquet
      narrowcast export anna --out anna.csv --from 2026-01-31T14:00 --to 2026-01-31T15:00
      narrowcast export anna --out anna.csv --store narrowcast.sqlite
      narrowcast export anna --out anna.csv --baseline 30s
      narrowcast export anna --out anna.csv --marks anna-marks.csv

    Writes all stored samples of SESSION, or those of a time span. Times are ISO 8601, in this
    machine's zone where they name none, or Unix time in seconds. Of a live session, the samples
    stored when the command starts.
    """
    import asyncio
    import os

    from narrowcast_client.archive import open_archive, parse_span
    from narrowcast_client.export import export_marks, export_samples
    from narrowcast_shared.remote.address import parse_address

    if marks is not None and os.path.realpath(marks) == os.path.realpath(out):
        raise click.UsageError(f"{out} cannot hold samples and event markers: name two files")
    span = parse_span(from_, to)
    archive = open_archive(parse_address(url, access), store)
    marks_written = 0
    if marks is not None:
        marks_written = asyncio.run(export_marks(archive, session, span, marks))
    count, rest = asyncio.run(export_samples(archive, session, span, out, baseline))
    click.echo(f"narrowcast: {count} samples of {session} are in {out}", err=True)
    if marks is not None:
        click.echo(
            f"narrowcast: {marks_written} event markers of {session} are in {marks}", err=True
        )
    if rest is not None:
        empty = "" if rest.known else ": the baseline-corrected columns are empty"
        click.echo(f"narrowcast: {rest}{empty}", err=True)
