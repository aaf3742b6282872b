"""`narrowcast chips`: the chips of real clips in one file, as training reads it."""

from pathlib import Path

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="CLIP...",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="File to write, npz.",
)
@detector_options()
def chips(paths: tuple[Path, ...], out: Path, detector: DetectorChoice) -> None:
    r"""Crop the faces of video clips, for training to learn from.

    \b
    Examples:
      narrowcast chips recordings --out film.npz
      narrowcast chips anna.mp4 ben.mov --out film.npz

    A CLIP is a file, or a folder of video files. They are cropped as live and brought to 25 fps;
    frames without a face are left out. `narrowcast train oa --film FILE` reads the result: arrays
    `chips` (uint8 [N, 96, 96]), `starts` (int64 [clips], the row of each clip's first chip),
    `names` and `fps`.
    """
    import cv2
    import numpy as np

    from narrowcast_lab import real_clips
    from narrowcast_models.evaluation.moving_figures import FPS
    from narrowcast_shared.in_place import in_place

    cv2.setNumThreads(1)
    # Opened first: nobody waits for chips that cannot be written.
    with in_place(out) as part:
        files = real_clips.find(paths)
        clips = real_clips.load(files, detector.make(), FPS)
        lengths = [len(clip.chips) for clip in clips]
        with part.open("wb") as file:
            np.savez(
                file,
                chips=np.concatenate([clip.chips for clip in clips]),
                starts=np.cumsum([0, *lengths[:-1]], dtype=np.int64),
                names=np.array([clip.name for clip in clips]),
                fps=np.array(FPS),
            )
    names = {clip.name for clip in clips}
    for path in files:
        if path.name not in names:
            click.echo(f"left out: {path.name} (no face is seen)")
    click.echo(f"wrote {out}: {sum(lengths)} chips of {len(clips)} clips")
