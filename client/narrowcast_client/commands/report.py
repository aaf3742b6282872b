"""`narrowcast report`: series, and what may be concluded of them, as one HTML page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import baseline_option, store_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="SESSION|FILE...")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    metavar="FILE",
    help="Where to write; ending in .html. A report that is there is replaced, nothing else is.",
)
@click.option("--title", metavar="TEXT", help="The page's title; by default, what it is of.")
@click.option("--from", "from_", metavar="T", help="Only samples captured at this time or later.")
@click.option("--to", metavar="T", help="Only samples captured before this time.")
@options.decoder_option("to ask")
@store_option()
@click.option(
    "--model",
    metavar="NAME",
    help="Model that read the FILEs, where they do not say.",
)
@click.option(
    "--marks",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Marks of the sessions, as `narrowcast export --marks FILE` wrote them.",
)
@baseline_option()
@options.access_options()
def report(
    inputs: tuple[str, ...],
    out: Path,
    title: str | None,
    from_: str | None,
    to: str | None,
    url: str,
    store: Path | None,
    model: str | None,
    marks: Path | None,
    baseline: "BaselineChoice | None",
    access: "Access",
) -> None:
    r"""Write a report of series as one HTML page.

    \b
    Examples:
      narrowcast report anna
      narrowcast report anna ben --decoder http://decoder:8000 -o study.html
      narrowcast report anna --store narrowcast.sqlite --from 2026-01-31T14:00
      narrowcast report valence.csv --model oa

    Figure, summary, link and missing data of each. What ends in .csv or .parquet is a FILE, as
    `narrowcast export` or `narrowcast score --csv` wrote it. The page holds all that it needs and
    loads nothing; docs/report.md says how each figure is defined. Several series get a table that
    compares them.
    """
    import asyncio

    from narrowcast_client.report.job import Job, run
    from narrowcast_client.times import parse_span
    from narrowcast_shared.remote.address import parse_address

    span = parse_span(from_, to)
    job = Job(inputs, span, parse_address(url, access), store, baseline, model, marks)
    count = asyncio.run(run(job, out, title))
    click.echo(f"narrowcast: the report of {count} series is {out}", err=True)
