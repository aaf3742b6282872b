"""`narrowcast bench crop`: what the steady crop saves, in bits and in time."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_shared import options

if TYPE_CHECKING:
    from rich.table import Table

    from narrowcast_lab.crop_report import CropComparison, CropFigures

TOTAL = "all"


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="FILE...")
@options.px_option(32)
@options.qp_option(30)
@detector_options()
@options.json_file_option()
def crop(
    clips: tuple[str, ...], px: int, qp: int, detector: DetectorChoice, json_path: Path | None
) -> None:
    r"""Compare the steady crop with one made anew each frame.

    \b
    Examples:
      narrowcast bench crop interview.mp4
      narrowcast bench crop clips/*.mpg --px 32 --qp 30 --json crop.json
    """
    import json

    import cv2
    from rich.console import Console

    from narrowcast_encoder.sources import open_source
    from narrowcast_lab.crop_report import CropComparison, compare
    from narrowcast_shared.operating_point import check_rung

    cv2.setNumThreads(1)
    rung, finder = check_rung(px, qp), detector.make()
    total = CropComparison()
    results: dict[str, CropComparison] = {}
    for clip in clips:
        with open_source(clip) as source:
            results[clip] = compare((frame.image for frame in source), finder, rung)
        total.add(results[clip])
    if json_path is not None:
        json_path.write_text(json.dumps(_report(rung._asdict(), results, total), indent=2) + "\n")
    Console().print(_table(f"{px} px, QP {qp}", results | {TOTAL: total}))


def _report(
    rung: dict[str, Any], results: "dict[str, CropComparison]", total: "CropComparison"
) -> dict[str, Any]:
    """Clips by the file's name alone: where they lie is nobody else's matter."""
    clips = {Path(clip).name: comparison.summary() for clip, comparison in results.items()}
    return {"rung": rung, "clips": clips, TOTAL: total.summary()}


def _table(title: str, results: "dict[str, CropComparison]") -> "Table":
    from rich.table import Table

    table = Table(
        title=f"Detection on every frame, raw box -> steady crop ({title})", title_justify="left"
    )
    table.add_column("clip")
    for heading in ("face", "moved", "jitter px", "bytes a unit", "bits saved", "CPU ms a frame"):
        table.add_column(heading, justify="right")
    for clip, comparison in results.items():
        raw, steady = comparison.raw.figures(), comparison.steady.figures()
        table.add_row(Path(clip).name, *_cells(raw, steady, comparison.bits_saved()))
    return table


def _cells(raw: "CropFigures", steady: "CropFigures", bits_saved: float) -> list[str]:
    return [
        f"{raw.face_share:.1%} -> {steady.face_share:.1%}",
        f"{raw.moved_share:.1%} -> {steady.moved_share:.1%}",
        f"{raw.jitter_px:.2f} -> {steady.jitter_px:.2f}",
        f"{raw.unit_bytes:.1f} -> {steady.unit_bytes:.1f}",
        f"{bits_saved:.1%}",
        f"{raw.cpu_ms:.1f} -> {steady.cpu_ms:.1f}",
    ]
