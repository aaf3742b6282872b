"""Who takes part in a run: our controller, and what it is held against."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from narrowcast_encoder.control import latency
from narrowcast_encoder.control.table import Table, load
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.link_bench.footage import Footage
from narrowcast_lab.link_bench.valence import read
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.coded_stream import CodedStream
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX, Rung
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

AFFORDABLE = 1.2
"""Times the line's rate that a point may need: a little too much is thinned."""

COSTED_FRAMES = 250
"""Frames that tell what a rung costs and keeps: ten seconds of footage."""


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
    """An operating point at full frame rate, what it would need of an open line, bit/s, and the
    CCC of its readings with those of the uncoded chips.
    """

    rung: Rung
    frames_per_message: int
    wire_bps: float
    fidelity: float

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
    some = pinned if baselines is Baselines.ALL else promising(pinned, mean_bps, FEW)
    return out + [Contender(point.name, _pin(base, point, mean_bps)) for point in some]


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


def promising(pinned: Sequence[Pinned], mean_bps: float, count: int) -> list[Pinned]:
    """Those of the greatest fidelity among what the line can carry, or nearly; of two frames a
    message of one rung, the fewer. Where it carries none of them, those that need least.
    """
    affordable = [point for point in pinned if point.wire_bps <= AFFORDABLE * mean_bps]
    by_rung: dict[Rung, Pinned] = {}
    for point in sorted(affordable, key=lambda point: -point.frames_per_message):
        by_rung[point.rung] = point
    best = sorted(by_rung.values(), key=lambda point: -point.fidelity)[:count]
    others = sorted((p for p in pinned if p not in best), key=lambda point: point.wire_bps)
    return best + others[: count - len(best)]


def cost_pinned(recogniser: Recogniser, footage: Footage) -> list[Pinned]:
    """Every pinned operating point, with what it costs and keeps on the first of the footage."""
    chips = [chip for _, chip in footage.faces()[:COSTED_FRAMES]]
    uncoded = read(
        recogniser, [CodedChip(chip, Coding(CHIP_PX, None)) for chip in chips], "uncoded"
    )
    out = []
    for px in PINNED_PX:
        for qp in PINNED_QP:
            stream = CodedStream(Coding(px, qp))
            coded = [stream.next(chip) for chip in chips]
            fidelity = metrics.score(read(recogniser, coded, f"{px} px, QP {qp}"), uncoded).ccc
            unit_bytes = stream.coded_bytes / len(chips)
            rung = Rung(px, qp)
            out += [
                Pinned(rung, k, data_wire_bps(FPS, k, unit_bytes, run=False), fidelity)
                for k in PINNED_FRAMES_PER_MESSAGE
            ]
    return out


def _pin(base: StreamSettings, point: Pinned, mean_bps: float) -> StreamSettings:
    px, qp = point.rung
    # The same latency is promised as by ours. Told the source's frame rate, a message waits for as
    # long as its k frames take.
    latency_us = base.latency_us or round(latency.default_us(mean_bps))
    return base._replace(
        px=px,
        qp=qp,
        fps=FPS,
        frames_per_message=point.frames_per_message,
        latency_us=latency_us,
    )
