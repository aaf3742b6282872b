"""`narrowcast score`: valence of recordings, offline, through the same path as live."""

import sys

import click

from narrowcast_shared import options


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.px_option()
@options.qp_option()
@options.fps_option()
@options.cap_option()
@options.model_option()
@options.json_option("each sample, one a line,")
@options.csv_option("the samples")
def score(
    files: tuple[str, ...],
    px: int | None,
    qp: int | None,
    fps: float | None,
    cap_bps: float | None,
    model: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    r"""Score recordings: find the face, code it, decode it and read it, one sample a frame.

    \b
    Examples:
      narrowcast score interview.mp4
      narrowcast score *.mp4 --px 32 --qp 30 --csv > valence.csv
      narrowcast score interview.mp4 --cap 8k --json | jq .valence

    A terminal gets a summary and a plot of each file; a pipe gets CSV. Times are positions in
    the file; under --cap the delays are those of a line of that rate.
    """
    import cv2

    from narrowcast_encoder.detection import make_detector
    from narrowcast_encoder.session.settings import StreamSettings
    from narrowcast_lab import score_output
    from narrowcast_lab.score import Scorer
    from narrowcast_models.recogniser import Recogniser

    cv2.setNumThreads(1)  # as the live encoder: a frame is too small to share among threads
    cap = None if cap_bps is None else round(cap_bps)
    settings = StreamSettings(px, qp, fps, None, cap)
    scorer = Scorer(Recogniser.load(model), make_detector("auto", None), settings)
    if as_json:
        score_output.write_json(scorer, files)
    elif as_csv or not sys.stdout.isatty():
        score_output.write_csv(scorer, files)
    else:
        score_output.show(scorer, files)
