"""`narrowcast experiment rate-distortion`: CCC against rate, factors x QP."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_models.commands import output
from narrowcast_models.commands.experiment_paper import FERPLUS, factors
from narrowcast_models.commands.measuring_options import (
    out_folder_option,
    qp_list_option,
    seed_option,
)

if TYPE_CHECKING:
    from narrowcast_models.paper.rate_distortion import ValenceReader


@click.command("rate-distortion")
@click.option(
    "--model",
    default="oa",
    metavar="NAME",
    help="Shipped model, a .safetensors file, or the JSON of a cell of the paper's table.",
)
@click.option(
    "--factors",
    "chosen",
    type=factors,
    default="3,4,6,8,12,16",
    show_default=True,
    metavar="LIST",
    help="Downsampling factors of the 96-px chip.",
)
@qp_list_option("18,24,30,36,42")
@click.option(
    "--data",
    type=click.Choice([FERPLUS]),
    default=FERPLUS,
    show_default=True,
    help="Labelled faces: FER+ `eval_clean`.",
)
@seed_option()
@out_folder_option(Path("runs/rate-distortion"), "MODEL.json, MODEL-bpp.svg and MODEL-wire.svg")
def rate_distortion(
    model: str,
    chosen: tuple[int, ...],
    qps: tuple[int, ...],
    data: str,
    seed: int,
    folder: Path,
) -> None:
    r"""Measure CCC against bits per pixel and wire rate.

    \b
    Examples:
      narrowcast experiment rate-distortion
      narrowcast experiment rate-distortion --model paper --factors 3,6 --qp 24,36

    Of gently moving faces, through x264.
    """
    from narrowcast_models import model_card
    from narrowcast_models.data import ferplus
    from narrowcast_models.paper import rate_distortion as rd
    from narrowcast_models.training.provenance import git_revision

    assert data == FERPLUS
    read, name = _reader(model)
    faces = ferplus.load().eval_clean
    points = rd.measure(read, faces, chosen, qps, seed)
    report = {
        "model": name,
        "faces": faces.name,
        "count": len(faces),
        "seed": seed,
        "git_revision": git_revision(),
        "fps": rd.FPS,
        "frames_per_message": rd.FRAMES_PER_MESSAGE,
        "points": [point._asdict() for point in points],
    }
    folder.mkdir(parents=True, exist_ok=True)
    title = f"{name} on {len(faces)} faces of {faces.name}"
    output.write(folder / f"{name}.json", model_card.to_json(report))
    for suffix, against in (("bpp", "bits_per_pixel"), ("wire", "wire_bps")):
        output.write(folder / f"{name}-{suffix}.svg", rd.chart(points, against, title))
    for point in points:
        click.echo(
            f"s={point.factor} QP {point.qp}: CCC {point.ccc:.3f} at "
            f"{point.bits_per_pixel:.4f} bit/px, {point.wire_bps / 1000:.1f} kbit/s of wire"
        )
    click.echo(f"wrote {name}.json, {name}-bpp.svg and {name}-wire.svg in {folder}")


def _reader(model: str) -> tuple["ValenceReader", str]:
    """What reads, and the name of its figures."""
    from narrowcast_models.evaluation import models
    from narrowcast_models.paper import rate_distortion as rd
    from narrowcast_models.paper import store

    if model.endswith(".json"):
        network, cell = store.load_network(Path(model))
        return rd.reader_of(network), f"paper-{cell.cell.slug}"
    reader, card = models.load(model)
    return rd.reader_of_model(reader), card.name
