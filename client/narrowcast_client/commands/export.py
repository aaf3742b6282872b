"""`narrowcast export`: a stored series as a CSV or Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import baseline_option, store_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("session")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to write; ending in .csv or .parquet, or /dev/stdout, which gets CSV.",
)
@click.option(
    "--marks",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the marks of that time, with their own times, to this file; ending in .csv.",
)
@click.option("--from", "from_", metavar="T", help="Only samples captured at this time or later.")
@click.option("--to", metavar="T", help="Only samples captured before this time.")
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

    What is stored of SESSION, or of a time of it. Times are ISO 8601, in this machine's zone
    where they name none, or Unix time in seconds. Of a session that goes on, the samples that
    there are when the command starts.
    """
    import asyncio
    import os

    from narrowcast_client import listing
    from narrowcast_client.times import parse_span
    from narrowcast_shared.remote.address import parse_address

    if marks is not None and os.path.realpath(marks) == os.path.realpath(out):
        raise click.UsageError(f"{out} cannot hold samples and marks: name two files")
    span = parse_span(from_, to)
    address = parse_address(url, access)
    noted = 0
    if marks is not None:
        noted = asyncio.run(listing.write_marks(address, store, session, span, marks))
    done = listing.write_export(address, store, session, span, out, baseline)
    count, rest = asyncio.run(done)
    click.echo(f"narrowcast: {count} samples of {session} are in {out}", err=True)
    if marks is not None:
        click.echo(f"narrowcast: {noted} marks of {session} are in {marks}", err=True)
    if rest is not None:
        empty = "" if rest.known else ": the columns above rest are empty"
        click.echo(f"narrowcast: {rest}{empty}", err=True)
