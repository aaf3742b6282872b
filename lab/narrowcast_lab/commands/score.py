"""`narrowcast score`: valence of recordings, offline, through the same path as live."""

import sys
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import baseline_option
from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.px_option()
@options.qp_option()
@options.fps_option()
@options.link_options()
@options.model_option()
@detector_options()
@baseline_option()
@options.json_option("each sample, one a line,")
@options.csv_option("the samples")
def score(
    files: tuple[str, ...],
    px: int | None,
    qp: int | None,
    fps: float | None,
    model: str,
    detector: DetectorChoice,
    baseline: "BaselineChoice | None",
    as_json: bool,
    as_csv: bool,
    link: options.LinkChoice,
) -> None:
    r"""Read recordings offline, one sample a frame.

    \b
    Examples:
      narrowcast score interview.mp4
      narrowcast score *.mp4 --px 32 --qp 30 --csv > valence.csv
      narrowcast score interview.mp4 --cap 8k --json | jq .valence
      narrowcast score interview.mp4 --baseline 30s --csv > valence.csv
      narrowcast score - --json < interview.mkv
      narrowcast score interview.mp4 --trace ATT-LTE-driving.up --trace-scale 0.02

    Finds the face, codes it, decodes it and reads it as live. A terminal gets a summary and a
    plot of each file; a pipe gets CSV. Times are positions in the file; under --cap or --trace
    the delays are those of such a line. Each file's session is named after it, and after its folder
    too where two are named alike. FILE - is a recording on standard input. Files that
    cannot be read are named at the end, behind the others; the status is then 1.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read once: give - once")
    import cv2

    from narrowcast_client.baseline import ModelName
    from narrowcast_encoder.session.settings import StreamSettings
    from narrowcast_lab import score_output
    from narrowcast_lab.score import Scorer
    from narrowcast_lab.score_output import Scored
    from narrowcast_models.recogniser import Recogniser

    cv2.setNumThreads(1)  # as the live encoder: a frame is too small to share among threads
    settings = StreamSettings(px, qp, fps, None, link.settings())
    recogniser = Recogniser.load(model)
    read_by = ModelName(name=model, sha256=recogniser.sha256)
    scorer = Scorer(recogniser, detector.make(), settings)
    scored = Scored(scorer, files, baseline, read_by)
    if as_json:
        score_output.write_json(scored)
    elif as_csv or not sys.stdout.isatty():
        score_output.write_csv(scored)
    else:
        score_output.show(scored)
    scored.tell_failed()
