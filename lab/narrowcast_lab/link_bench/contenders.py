"""Who takes part in a run: our controller, and what it is held against."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from narrowcast_encoder.rate.controller import Controller, default_latency_us
from narrowcast_encoder.rate.table import Table
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.link_bench.pinned import (
    Budget,
    Costed,
    Pinned,
    on_line,
    promising,
    simple,
)
from narrowcast_lab.link_bench.stepping import SteppingController

ADAPTIVE = "adaptive"
STEPPING: Final = "stepping"
PSNR = "psnr"
PSNR_TABLE = Path(__file__).with_name("psnr_table.json")
"""Of `narrowcast rd --psnr-table`, with the shipped operating table."""

SIMPLE: Final = "simple"

FEW = 8
"""Fixed operating points that are tried on a line, of all 168, where time is short."""


class Baselines(StrEnum):
    """How many baselines take part."""

    NONE = "none"
    FEW = "few"
    ALL = "all"


class Contender(NamedTuple):
    """A name in the report, and the settings of its stream.

    by_clip: settings of each clip's own stream, empty where one stream plays all.
    """

    name: str
    settings: StreamSettings
    by_clip: tuple[StreamSettings, ...] = ()

    def controller(self) -> Controller | None:
        """A new one where the settings alone do not say which."""
        return SteppingController() if self.name == STEPPING else None


def contenders(
    base: StreamSettings,
    baselines: Baselines,
    costed: Sequence[Costed],
    psnr_table: Table,
) -> list[Contender]:
    """Ours first; on a line of `base`, which pins nothing. Only ours without a capacity.

    costed: fixed points as `pinned.cost` has them, empty without baselines. psnr_table: what the
    PSNR baseline chooses from.
    """
    out = [Contender(ADAPTIVE, base)]
    mean_bps = base.link.mean_bps
    if baselines is Baselines.NONE or mean_bps is None:
        return out
    out.append(Contender(STEPPING, base))
    out.append(Contender(PSNR, base._replace(table=psnr_table)))
    # The same latency is promised as by ours.
    budget = Budget(mean_bps, base.latency_us or round(default_latency_us(mean_bps)))
    out.append(Contender(SIMPLE, _pin(base, simple(costed, budget), budget)))
    some = on_line(costed, budget)
    if baselines is Baselines.FEW:
        some = promising(some, mean_bps, FEW)
    return out + [Contender(point.name, _pin(base, point, budget)) for point in some]


def apart(contender: Contender, tables: Sequence[Table]) -> Contender:
    """The same with a stream a clip: those of ours go by the table that is for the clip. The others
    have a stream a clip all the same.
    """
    name, settings, _ = contender
    if name == ADAPTIVE:
        by_clip = tuple(settings._replace(table=table) for table in tables)
    else:
        by_clip = (settings,) * len(tables)
    return Contender(name, settings, by_clip)


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
