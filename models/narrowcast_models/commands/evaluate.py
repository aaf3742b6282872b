"""`narrowcast evaluate`: how well a model reads faces, by size and quantiser."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP, MIN_PX

if TYPE_CHECKING:
    from narrowcast_models.data.faces import LabelledFaces

FERPLUS = "ferplus"


def sizes(value: str) -> tuple[int, ...]:
    """A click type: sides in px, separated by commas."""
    return tuple(_number(part, MIN_PX, CHIP_PX) for part in value.split(","))


def quantisers(value: str) -> tuple[int | None, ...]:
    """A click type: quantisers separated by commas, `none` for chips that are not coded."""
    parts = [part.strip() for part in value.split(",")]
    return tuple(None if part == "none" else _number(part, 0, MAX_QP) for part in parts)


def _number(text: str, low: int, high: int) -> int:
    if not text.strip().isdecimal() or not low <= int(text) <= high:
        raise click.BadParameter(f"{text.strip()!r} is no whole number from {low} to {high}")
    return int(text)


@click.command(epilog="Example: narrowcast evaluate --faces mine.npz --px 48,24 --qp none,30")
@click.option(
    "--faces",
    required=True,
    metavar="FILE.npz|ferplus",
    help="Labelled faces: an npz with images uint8 [N,H,H] and valence float [N], of which only "
    "those in its masks `keep` and `eval_clean`; or FER+ where NARROWCAST_DATA holds it.",
)
@click.option(
    "--px",
    "sizes_px",
    type=sizes,
    default="96,48,32,24,16,12,8,6",
    show_default=True,
    metavar="LIST",
    help="Sides that the faces are shrunk to.",
)
@click.option(
    "--qp",
    "qps",
    type=quantisers,
    default="none",
    show_default=True,
    metavar="LIST",
    help="x264's quantisers, `none` for uncoded: none,24,30,36,42.",
)
@click.option("--model", default="oa", show_default=True, help="A shipped model or a weight file.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write the figures there as JSON.",
)
def evaluate(
    faces: str,
    sizes_px: tuple[int, ...],
    qps: tuple[int | None, ...],
    model: str,
    json_path: Path | None,
) -> None:
    """Measure CCC, CC, RMSE and the truth of sigma on labelled faces.

    Coded faces are stills at rest, decoded after a keyframe and three P frames.
    """
    from rich.console import Console

    from narrowcast_models import checkpoint
    from narrowcast_models.evaluation import grid
    from narrowcast_models.evaluation import sizes as sizes_
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.recogniser import Recogniser

    labelled = _load(faces)
    network, card = checkpoint.load(model)
    figures = sizes_.evaluate(Recogniser(network), labelled, grid.codings(sizes_px, qps))
    title = f"{card.name} on {len(labelled)} faces of {labelled.name}"
    Console().print(table(figures, title))
    if json_path is not None:
        report = {
            "model": card.name,
            "sha256": card.sha256,
            "faces": labelled.name,
            "count": len(labelled),
            "figures": [row._asdict() for row in figures],
        }
        _write(json_path, checkpoint.to_json(report))


def _load(faces: str) -> "LabelledFaces":
    from narrowcast_models.data import ferplus, npz

    return ferplus.load().eval_clean if faces == FERPLUS else npz.load(Path(faces))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror})") from error
