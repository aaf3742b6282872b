"""A finished cell as a file of JSON, and its weights beside it."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from narrowcast_models.evaluation import cell_file
from narrowcast_models.networks.paper import PaperNetworkConfig, Recognition
from narrowcast_models.paper.cells import Cell, Method
from narrowcast_models.paper.config import network_of
from narrowcast_shared.errors import DataError, WeightsError


class CellFigures(BaseModel):
    """Scores at one factor; 1 is the face that was not shrunk."""

    model_config = ConfigDict(extra="forbid")

    factor: int
    rmse: float
    cc: float
    ccc: float


class CellReport(BaseModel):
    """One cell of the table: what was trained, by which code, and what it scores."""

    model_config = ConfigDict(extra="forbid")

    method: Method
    factors: tuple[int, ...]
    variant: str
    steps: int
    sr_factor: int | None
    config: dict[str, Any]
    git_revision: str
    torch: str
    device: str
    faces: str
    train_faces: int
    test_faces: int
    parameters: int
    seconds: float
    figures: list[CellFigures]

    @property
    def cell(self) -> Cell:
        return Cell(self.method, self.factors)

    def network(self) -> PaperNetworkConfig:
        """The network's configuration. Raises DataError where the file has been tampered with."""
        try:
            return network_of(self.config["network"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"cell {self.cell.slug} tells no network ({error})") from error


def write(report: CellReport, network: Recognition, folder: Path) -> None:
    """Weights first: a cell whose JSON is there is finished."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.cell.slug}.json"
    tensors = {name: t.detach().cpu().contiguous() for name, t in network.state_dict().items()}
    save_file(tensors, path.with_suffix(".safetensors"))
    cell_file.write(report, path)


def read(path: Path) -> CellReport:
    """The cell at `path`. Raises DataError where it is no cell."""
    return cell_file.read(path, CellReport)


def read_all(folder: Path) -> list[CellReport]:
    """Every finished cell of a folder, by name. Raises DataError where there is none."""
    reports = [read(path) for path in sorted(folder.glob("*.json")) if _is_cell(path)]
    if not reports:
        raise DataError(
            f"{folder} holds no finished cell", "make some with `narrowcast experiment paper-table`"
        )
    return reports


def load_network(path: Path) -> tuple[Recognition, CellReport]:
    """The recogniser of a finished cell, `path` being its JSON. Raises WeightsError, DataError."""
    report = read(path)
    weights = path.with_suffix(".safetensors")
    network = Recognition(report.network())
    try:
        network.load_state_dict(load_file(weights), strict=True)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise WeightsError(f"{weights} is missing or does not fit its cell") from error
    return network.eval(), report


def _is_cell(path: Path) -> bool:
    """Other figures may lie in the folder: a rate-distortion's, say."""
    try:
        return "method" in json.loads(path.read_bytes())
    except (OSError, ValueError, TypeError):
        return True  # damaged: reading it tells
