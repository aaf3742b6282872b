"""Finished parts of a measurement, kept in a folder."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from narrowcast_lab.rd.row import Row
from narrowcast_models.evaluation import cell_file


class Cell(BaseModel):
    """The rows of one size at one frame rate, and the run that they belong to."""

    model_config = ConfigDict(extra="forbid")

    run: dict[str, Any]
    rows: list[Row]


class Cells(NamedTuple):
    """Where finished cells are kept, and what they must be of to be taken up again."""

    folder: Path
    run: dict[str, Any]

    @classmethod
    def of(cls, folder: Path, run: dict[str, Any]) -> "Cells":
        """`run` is brought to what it will be when it is read back from a file."""
        return cls(folder, json.loads(json.dumps(run)))

    def read(self, px: int, fps: float) -> list[Row] | None:
        """The rows of a finished cell, None without one. Raises DataError on another run's."""
        path = self._path(px, fps)
        if not path.exists():
            return None
        cell = cell_file.read(path, Cell)
        if cell.run != self.run:
            raise cell_file.of_another_configuration(path)
        return cell.rows

    def write(self, px: int, fps: float, rows: list[Row]) -> None:
        cell_file.write(Cell(run=self.run, rows=rows), self._path(px, fps))

    def _path(self, px: int, fps: float) -> Path:
        return self.folder / f"{px}px-{fps:g}fps.json"
