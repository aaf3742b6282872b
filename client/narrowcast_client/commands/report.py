"""The commands that evaluate a series: `narrowcast report` and `narrowcast baseline`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import baseline_option, span_options, store_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice, RestLearner
    from narrowcast_shared.archive import Archive
    from narrowcast_shared.model_name import ModelName
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
    help="File to write, ending in .html. An existing report is replaced, another file is not.",
)
@click.option(
    "--title", metavar="TEXT", help="Title of the page; by default the names of the series."
)
@span_options()
@options.decoder_option("to ask")
@store_option()
@click.option(
    "--model",
    metavar="NAME",
    help="Model of the estimates in the FILEs, where they name none.",
)
@click.option(
    "--marks",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Event markers of the sessions, as `narrowcast export --marks FILE` wrote them.",
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

    Shows the figure, summary, link and missing data of each series, and a table that compares
    several. A name ending in .csv or .parquet is a FILE, as `narrowcast export` or
    `narrowcast score --csv` wrote it. The page is self-contained and loads nothing; docs/report.md
    defines its values.
    """
    import asyncio

    from narrowcast_client.archive import parse_span
    from narrowcast_client.report.job import ReportJob, run
    from narrowcast_shared.remote.address import parse_address

    span = parse_span(from_, to)
    job = ReportJob(inputs, span, parse_address(url, access), store, baseline, model, marks)
    count = asyncio.run(run(job, out, title))
    click.echo(f"narrowcast: the report of {count} series is {out}", err=True)


# --- narrowcast baseline ---------------------------------------------------------------------


@click.command()
@click.argument("source", metavar="SESSION|FILE")
@click.option(
    "--seconds",
    type=options.duration_between(5, 600),
    default="30s",
    show_default=True,
    metavar="TIME",
    help="Time with a face to learn from.",
)
@click.option(
    "--from", "from_", metavar="T", help="Begin at this time instead of the first sample."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File to write the profile to, ending in .json; by default standard output.",
)
@options.decoder_option("to ask")
@store_option()
@options.access_options()
def baseline(
    source: str,
    seconds: float,
    from_: str | None,
    out: Path | None,
    url: str,
    store: Path | None,
    access: "Access",
) -> None:
    r"""Learn a person's valence at rest.

    \b
    Examples:
      narrowcast baseline anna --seconds 30s --out anna.json
      narrowcast baseline anna --from 2026-01-31T14:00 --out anna.json
      narrowcast baseline valence.csv --out anna.json

    Uses the first seconds with a face in SESSION or FILE. FILE is a series as `narrowcast export`
    or `narrowcast score --csv` wrote it. Let the person look at the camera and do nothing. A
    profile belongs to one person and one model, and is valid for the same camera, place and light.
    """
    import asyncio
    from datetime import UTC, datetime

    from narrowcast_client.archive import open_archive, parse_time
    from narrowcast_client.baseline import profile_of, write_profile
    from narrowcast_client.report.read_file import is_file, learn_from_file
    from narrowcast_shared.errors import SettingsError
    from narrowcast_shared.in_place import is_stream
    from narrowcast_shared.remote.address import parse_address

    if out is not None and out.suffix.lower() != ".json" and not is_stream(out):
        raise SettingsError(f"{out} does not end in .json", "end --out in .json")
    from_t = None if from_ is None else parse_time(from_)
    if is_file(source):
        learner, model = learn_from_file(Path(source), seconds, from_t)
    else:
        archive = open_archive(parse_address(url, access), store)
        learner, model = asyncio.run(_learn(archive, source, seconds, from_t))
    profile = profile_of(learner, model, source, datetime.now(UTC).replace(microsecond=0))
    if out is None:
        click.echo(profile.model_dump_json(indent=2))
    else:
        write_profile(profile, out)
        click.echo(
            f"narrowcast: rest {profile.resting_valence:+.2f} ±{profile.standard_error:.2f}, "
            f"of {profile.face_s:.0f} s of face, is in {out}",
            err=True,
        )


async def _learn(
    archive: "Archive", session: str, seconds: float, from_t: float | None
) -> "tuple[RestLearner, ModelName]":
    """What was learned from the session, and the model of its estimates."""
    from narrowcast_client.baseline import BaselineChoice, learn_from_archive
    from narrowcast_shared.archive import TimeSpan

    info = await archive.session(session)
    learned = await learn_from_archive(BaselineChoice(seconds), archive, info, TimeSpan(from_t))
    assert learned.learner is not None
    return learned.learner, info.read_by
