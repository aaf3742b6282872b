"""`narrowcast export`: a stored series as a CSV or Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("session")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to write; ending in .csv or .parquet.",
)
@click.option("--from", "from_", metavar="T", help="Only samples captured at this time or later.")
@click.option("--to", metavar="T", help="Only samples captured before this time.")
@click.option(
    "--decoder",
    "url",
    default=options.DECODER_URL,
    show_default=True,
    metavar="URL",
    help="The decoder to ask.",
)
@options.access_options()
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read this store instead, which no decoder is using.",
)
def export(
    session: str,
    out: Path,
    from_: str | None,
    to: str | None,
    url: str,
    store: Path | None,
    access: "Access",
) -> None:
    r"""Write what is stored of SESSION, or of a time of it, to a file.

    \b
    Examples:
      narrowcast export anna --out anna.parquet
      narrowcast export anna --out anna.csv --from 2026-01-31T14:00 --to 2026-01-31T15:00
      narrowcast export anna --out anna.csv --store narrowcast.sqlite

    Times are ISO 8601, in this machine's zone where they name none, or Unix time in seconds. Of
    a session that goes on, the samples that there are when the command starts.
    """
    import asyncio

    from narrowcast_shared.client import listing
    from narrowcast_shared.client.archive import TimeSpan
    from narrowcast_shared.client.times import parse_time
    from narrowcast_shared.errors import SettingsError
    from narrowcast_shared.remote.address import parse_address

    span = TimeSpan(parse_time(from_) if from_ else None, parse_time(to) if to else None)
    if span.from_t is not None and span.to_t is not None and span.to_t <= span.from_t:
        raise SettingsError("--to must be later than --from")
    count = asyncio.run(listing.write_export(parse_address(url, access), store, session, span, out))
    click.echo(f"narrowcast: {count} samples of {session} are in {out}", err=True)
