"""`narrowcast screenshots`: the live page's states as pictures, for the docs."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def screenshots(folder: Path) -> None:
    r"""Take pictures of the live page's states.

    \b
    Examples:
      narrowcast screenshots docs/images
      narrowcast screenshots /tmp/pictures

    Writes FOLDER/page-NAME.png, one a state. Starts decoders and encoders of its own, which play
    the source `sample`, and takes two minutes. Faces are not shown: the pictures are published, and
    the faces are somebody's. Needs Chromium with its driver, and Selenium.
    """
    from narrowcast_lab.screenshots import take_all

    take_all(folder, lambda words: click.echo(words, err=True))
