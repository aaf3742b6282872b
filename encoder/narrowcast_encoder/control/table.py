"""The operating table: what each way of coding keeps of valence, and what it costs.

Measured by `narrowcast rd` through the real codec and model, and shipped beside this file.
"""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError
from pydantic_core import from_json

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import CHIP_PX, MAX_FPS, MAX_QP, MIN_PX, Rung

SHIPPED = Path(__file__).with_name("table.json")


class Row(NamedTuple):
    """One rung at one frame rate.

    kept: what is left of valence, every captured frame having the newest reading: the mean of
    the CCC against labels, as a share of the same model's on uncoded chips, and of the CCC with
    that model's readings of these. p_frame_bytes: mean access unit, cuts in the picture
    included; keyframe_bytes: the one that opens a stream. psnr_db: of the picture held.
    """

    rung: Rung
    fps: float
    kept: float
    p_frame_bytes: float
    keyframe_bytes: float
    psnr_db: float | None = None


class Source(NamedTuple):
    """What a table was measured with; ccc_uncoded: of uncoded chips against labels."""

    model: str
    weights_sha256: str
    git_revision: str
    command: str
    reels: dict[str, Any]
    ccc_uncoded: float


class Table(NamedTuple):
    """Rows by frame rate, the cheapest of each first, and where they come from."""

    rows: tuple[Row, ...]
    source: Source


class RowJson(BaseModel):
    """A row as a table's file has it."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    px: Annotated[int, Field(ge=MIN_PX, le=CHIP_PX)]
    qp: Annotated[int, Field(ge=0, le=MAX_QP)]
    fps: Annotated[float, Field(gt=0, le=MAX_FPS)]
    kept: float
    psnr_db: float | None = None
    p_frame_bytes: PositiveFloat
    keyframe_bytes: PositiveFloat

    @property
    def row(self) -> Row:
        return Row(
            Rung(self.px, self.qp),
            self.fps,
            self.kept,
            self.p_frame_bytes,
            self.keyframe_bytes,
            self.psnr_db,
        )


class TableJson(BaseModel):
    """A table as its file has it: rows, and what `Source` tells."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    model: str
    weights_sha256: str
    git_revision: str
    command: str
    reels: dict[str, Any]
    ccc_uncoded: float
    rows: Annotated[list[RowJson], Field(min_length=1)]


def load(path: Path | None = None) -> Table:
    """The table at `path`, the shipped one unless told otherwise.

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
    rows = sorted((row.row for row in table.rows), key=lambda row: (row.fps, row.p_frame_bytes))
    return Table(tuple(rows), Source(**table.model_dump(exclude={"rows"})))


def _first(error: ValidationError) -> str:
    """The first fault, and where it is."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {fault['msg']}" if where else fault["msg"]
