"""Who takes part in a run: our controller, and what it is held against."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from narrowcast_encoder.control.table import Table, load
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.link_bench.footage import Footage
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.coded_stream import CodedStream
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.cost import data_wire_bps

ADAPTIVE = "adaptive"
STEPPING: Final = "stepping"
PSNR = "psnr"
FIXED = "fixed-"

PINNED_PX = (96, 64, 48, 32, 24, 16, 8)
PINNED_QP = (24, 30, 36, 42)
PINNED_FRAMES_PER_MESSAGE = (1, 5)

FEW = 8
"""Pinned operating points that are tried at a cap, of all 56, where time is short."""

COSTED_FRAMES = 250
"""Frames that tell what a rung costs: ten seconds of footage."""


class Baselines(StrEnum):
    """How many baselines take part."""

    NONE = "none"
    FEW = "few"
    ALL = "all"


class Contender(NamedTuple):
    """A name in the report, and what the stream is told."""

    name: str
    settings: StreamSettings


class Pinned(NamedTuple):
    """An operating point at full frame rate, and what it would need of an open line, bit/s."""

    rung: Rung
    frames_per_message: int
    wire_bps: float

    @property
    def name(self) -> str:
        """As the report calls it: px, QP, frames a message."""
        return f"{FIXED}{self.rung.px}-{self.rung.qp}-k{self.frames_per_message}"


def contenders(
    base: StreamSettings,
    baselines: Baselines,
    pinned: Sequence[Pinned],
    psnr_table: Table | None = None,
) -> list[Contender]:
    """Ours first; on a line of `base`, which pins nothing. Only ours without a capacity.

    psnr_table: what the PSNR baseline chooses from; None for the same table as ours.

    Raises SettingsError where the operating table cannot be read.
    """
    out = [Contender(ADAPTIVE, base)]
    mean_bps = base.link.mean_bps
    if baselines is Baselines.NONE or mean_bps is None:
        return out
    out.append(Contender(STEPPING, base._replace(control=STEPPING)))
    by_picture = by_psnr(psnr_table or base.table or load())
    if by_picture is not None:
        out.append(Contender(PSNR, base._replace(table=by_picture)))
    some = pinned if baselines is Baselines.ALL else nearest(pinned, mean_bps, FEW)
    return out + [Contender(point.name, _pin(base, point)) for point in some]


def by_psnr(table: Table) -> Table | None:
    """The table of a controller that protects the picture: PSNR, scaled to 0..1, in place of CCC.

    Rows without a PSNR are left out; None where that leaves no two that differ.
    """
    known = [(row, row.psnr_db) for row in table.rows if row.psnr_db is not None]
    levels_db = [psnr_db for _, psnr_db in known]
    least_db, most_db = min(levels_db, default=0.0), max(levels_db, default=0.0)
    if most_db == least_db:
        return None
    span_db = most_db - least_db
    rows = (row._replace(kept=(psnr_db - least_db) / span_db) for row, psnr_db in known)
    return table._replace(rows=tuple(rows))


def nearest(pinned: Sequence[Pinned], mean_bps: float, count: int) -> list[Pinned]:
    """Those whose needs are nearest to a rate, by ratio.

    Both sides of it: what needs more than the line carries is thinned to what it does carry.
    """
    return sorted(pinned, key=lambda p: max(p.wire_bps / mean_bps, mean_bps / p.wire_bps))[:count]


def cost_pinned(footage: Footage) -> list[Pinned]:
    """Every pinned operating point, with what it costs on the first seconds of the footage."""
    chips = [chip for _, chip in footage.faces()[:COSTED_FRAMES]]
    out = []
    for px in PINNED_PX:
        for qp in PINNED_QP:
            stream = CodedStream(Coding(px, qp))
            for chip in chips:
                stream.next(chip)
            unit_bytes = stream.coded_bytes / len(chips)
            rung = Rung(px, qp)
            out += [
                Pinned(rung, k, data_wire_bps(FPS, k, unit_bytes, run=False))
                for k in PINNED_FRAMES_PER_MESSAGE
            ]
    return out


def _pin(base: StreamSettings, point: Pinned) -> StreamSettings:
    px, qp = point.rung
    # Told the source's frame rate, a message waits for as long as its k frames take.
    return base._replace(px=px, qp=qp, fps=FPS, frames_per_message=point.frames_per_message)
