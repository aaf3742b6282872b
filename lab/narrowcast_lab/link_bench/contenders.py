"""Who takes part in a run: our controller, and what it is held against."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from narrowcast_encoder.control import latency
from narrowcast_encoder.control.table import Table, load
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.link_bench.pinned import (
    Budget,
    Costed,
    Pinned,
    on_line,
    promising,
    simple,
)

ADAPTIVE = "adaptive"
STEPPING: Final = "stepping"
PSNR = "psnr"
SIMPLE: Final = "simple"

FEW = 8
"""Fixed operating points that are tried on a line, of all 168, where time is short."""


class Baselines(StrEnum):
    """How many baselines take part."""

    NONE = "none"
    FEW = "few"
    ALL = "all"


class Contender(NamedTuple):
    """A name in the report, and what the stream is told.

    by_clip: what is told to each clip's own stream, empty where one stream plays all.
    """

    name: str
    settings: StreamSettings
    by_clip: tuple[StreamSettings, ...] = ()


def contenders(
    base: StreamSettings,
    baselines: Baselines,
    costed: Sequence[Costed],
    psnr_table: Table | None = None,
) -> list[Contender]:
    """Ours first; on a line of `base`, which pins nothing. Only ours without a capacity.

    costed: fixed points as `pinned.cost` has them, empty without baselines. psnr_table: what the
    PSNR baseline chooses from; None for the same table as ours.

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
    # The same latency is promised as by ours.
    budget = Budget(mean_bps, base.latency_us or round(latency.default_us(mean_bps)))
    out.append(Contender(SIMPLE, _pin(base, simple(costed, budget), budget)))
    some = on_line(costed, budget)
    if baselines is Baselines.FEW:
        some = promising(some, mean_bps, FEW)
    return out + [Contender(point.name, _pin(base, point, budget)) for point in some]


def apart(contender: Contender, tables: Sequence[Table], psnr_table: Table | None) -> Contender:
    """The same with a stream a clip: those of ours go by the table that is for the clip, and those
    by PSNR, too, unless they have their own. The others have a stream a clip all the same.
    """
    name, settings, _ = contender
    if name == ADAPTIVE:
        chosen: list[Table | None] = list(tables)
    elif name == PSNR and psnr_table is None:
        chosen = [by_psnr(table) or settings.table for table in tables]
    else:
        chosen = [settings.table] * len(tables)
    return Contender(name, settings, tuple(settings._replace(table=table) for table in chosen))


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


def _pin(base: StreamSettings, point: Pinned, budget: Budget) -> StreamSettings:
    px, qp = point.rung
    # Told the frame rate, a message waits for as long as its k frames take.
    return base._replace(
        px=px,
        qp=qp,
        fps=point.fps,
        frames_per_message=point.frames_per_message,
        latency_us=round(budget.latency_us),
    )
