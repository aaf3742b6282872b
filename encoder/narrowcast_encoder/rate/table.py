"""The operating table: what each rung costs, and what it keeps of valence at a line's rate.

Measured by `narrowcast rd`, which sends film and reels over simulated lines at each rung, and
shipped beside this file.
"""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError
from pydantic_core import from_json

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP, MIN_PX, Rung
from narrowcast_shared.wire.cost import data_wire_bps

SHIPPED = Path(__file__).with_name("table.json")

EMPTY_BYTES = 4.0
"""Of a P access unit in which nothing has changed."""

GROWTH_EXPONENT = 0.45
"""P frames grow with the time since the frame before, above the empty bytes, as its power: on film
1.5, 1.85, 2.3, 2.65 and 2.9 times for 2, 3, 5, 8 and 12 times as long, at every rung."""

TABLE_FPS = 25.0


class Row(NamedTuple):
    """One rung.

    p_frame_bytes: mean access unit at 25 frames a second; keyframe_bytes: the one that opens a
    stream. kept: share of valence that is left, by the line's rate as `Table.rates_bps` has it.
    """

    rung: Rung
    p_frame_bytes: float
    keyframe_bytes: float
    kept: tuple[float, ...]

    def excess_bytes(self, gap_s: float) -> float:
        """P access unit above the empty bytes, `gap_s` after the frame before."""
        growth = max(gap_s * TABLE_FPS, 1.0) ** GROWTH_EXPONENT
        return float(growth * max(self.p_frame_bytes - EMPTY_BYTES, 0.5))


class Source(NamedTuple):
    """What a table was measured with."""

    model: str
    weights_sha256: str
    git_revision: str
    command: str
    footage: dict[str, Any]


class Table(NamedTuple):
    """rates_bps: of the lines, rising. Rows in no order."""

    rates_bps: tuple[float, ...]
    rows: tuple[Row, ...]
    source: Source

    def kept(self, row: Row, line_bps: float) -> float:
        """What the row keeps on a line, between the measured ones by the rate's logarithm."""
        rates = np.log(self.rates_bps)
        return float(np.interp(np.log(line_bps), rates, row.kept))

    def best(self, line_bps: float) -> Row:
        """The row that keeps most on a line."""
        return max(self.rows, key=lambda row: self.kept(row, line_bps))

    def least_bps(self, fps: float) -> float:
        """Wire rate of the row that costs least, at `fps` but no more than a frame a second."""
        fps = min(fps, 1.0)
        unit_bytes = min(EMPTY_BYTES + row.excess_bytes(1 / fps) for row in self.rows)
        return data_wire_bps(fps, 1, unit_bytes, run=True)


class RowJson(BaseModel):
    """A row as a table's file has it."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    px: Annotated[int, Field(ge=MIN_PX, le=CHIP_PX)]
    qp: Annotated[int, Field(ge=0, le=MAX_QP)]
    p_frame_bytes: PositiveFloat
    keyframe_bytes: PositiveFloat
    kept: list[float]


class TableJson(BaseModel):
    """A table as its file has it: rows, and what `Source` tells."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    model: str
    weights_sha256: str
    git_revision: str
    command: str
    footage: dict[str, Any]
    rates_bps: Annotated[list[PositiveFloat], Field(min_length=1)]
    rows: Annotated[list[RowJson], Field(min_length=1)]


def load(path: Path | None = None) -> Table:
    """The table at `path`, the shipped one by default.

    Raises SettingsError where the file cannot be read or holds no table.
    """
    path = path or SHIPPED
    remedy = "write one with `narrowcast rd --table FILE`"
    try:
        table = TableJson.model_validate(from_json(path.read_bytes()))
    except OSError as error:
        problem = f"the operating table {path} cannot be read ({error.strerror})"
        raise SettingsError(problem, remedy) from error
    except ValidationError as error:
        raise SettingsError(f"{path} is no operating table ({_first(error)})", remedy) from error
    except ValueError as error:
        raise SettingsError(f"{path} is no JSON ({error})", remedy) from error
    rates_bps = tuple(table.rates_bps)
    if list(rates_bps) != sorted(set(rates_bps)):
        raise SettingsError(f"{path} is no operating table (rates_bps do not rise)", remedy)
    for row in table.rows:
        if len(row.kept) != len(rates_bps):
            problem = f"{path} is no operating table (px {row.px}, qp {row.qp}: one kept a rate)"
            raise SettingsError(problem, remedy)
    rows = tuple(
        Row(Rung(row.px, row.qp), row.p_frame_bytes, row.keyframe_bytes, tuple(row.kept))
        for row in table.rows
    )
    source = table.model_dump(include=set(Source._fields))
    return Table(rates_bps, rows, Source(**source))


def _first(error: ValidationError) -> str:
    """The first fault, and where it is."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {fault['msg']}" if where else fault["msg"]
