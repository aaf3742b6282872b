"""`narrowcast bench figures`: the figures that README shows."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--benchmarks",
    type=click.Path(path_type=Path),
    default=Path("benchmarks"),
    metavar="FOLDER",
    help="Folder of what was measured.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("docs/images"),
    metavar="FOLDER",
    help="Where recognition.svg and rate.svg are written.",
)
def figures(benchmarks: Path, out: Path) -> None:
    r"""Draw README's figures out of what was measured.

    \b
    Examples:
      narrowcast bench figures
      narrowcast bench figures --out /tmp

    Nothing is measured here. Recognition is from peers.json, as `narrowcast bench peers` writes
    it, rate from link/caps.json.
    """
    from narrowcast_lab.readme_figures import FIGURES
    from narrowcast_models.commands import output

    drawn = {out / f"{name}.svg": draw(benchmarks) for name, draw in FIGURES.items()}
    output.make_folder(out)
    for path, text in drawn.items():
        output.write(path, text)
        click.echo(f"{path}", err=True)
