"""`narrowcast baseline`: what a person's face reads at rest, as a profile for `--baseline`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import store_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("source", metavar="SESSION|FILE")
@click.option(
    "--seconds",
    type=options.duration_between(5, 600),
    default="30s",
    show_default=True,
    metavar="TIME",
    help="Time of face to learn from.",
)
@click.option("--from", "from_", metavar="T", help="Begin here, and not with the first sample.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the profile; ending in .json. By default standard output.",
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
    r"""Learn what a person's face reads at rest.

    \b
    Examples:
      narrowcast baseline anna --seconds 30s --out anna.json
      narrowcast baseline anna --from 2026-01-31T14:00 --out anna.json
      narrowcast baseline valence.csv --out anna.json

    From the first seconds of face in SESSION or FILE. FILE is a series as `narrowcast export` or
    `narrowcast score --csv` wrote it. Let the person look at the camera and do nothing. A profile
    is of one person and one model, and holds for the same camera, place and light.
    """
    import asyncio
    from datetime import UTC, datetime

    from narrowcast_client import listing
    from narrowcast_client.baseline import profile_of, write_profile
    from narrowcast_client.report import rest
    from narrowcast_client.report.read_file import is_file
    from narrowcast_client.times import parse_time
    from narrowcast_shared.errors import SettingsError
    from narrowcast_shared.in_place import is_stream
    from narrowcast_shared.remote.address import parse_address

    if out is not None and out.suffix.lower() != ".json" and not is_stream(out):
        raise SettingsError(f"{out} would not be known as a profile", "end it in .json")
    from_t = None if from_ is None else parse_time(from_)
    if is_file(source):
        learner, model = rest.learn_from_file(Path(source), seconds, from_t)
    else:
        archive = listing.open_archive(parse_address(url, access), store)
        learner, model = asyncio.run(rest.learn_from_archive(archive, source, seconds, from_t))
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
