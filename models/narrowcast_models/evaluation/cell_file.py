"""A finished cell of an experiment as a file of JSON: there whole, or not there."""

from pathlib import Path
from typing import TypeVar

import pydantic
from pydantic import BaseModel

from narrowcast_models.model_card import to_json
from narrowcast_shared.errors import DataError
from narrowcast_shared.in_place import in_place

Cell = TypeVar("Cell", bound=BaseModel)


def write(cell: BaseModel, path: Path) -> None:
    """Write a cell; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_place(path) as part:
        part.write_text(to_json(cell.model_dump(mode="json")), encoding="utf-8")


def read(path: Path, kind: type[Cell]) -> Cell:
    """The cell at `path`. Raises DataError where it is none of this kind."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from error
    except pydantic.ValidationError as error:
        raise DataError(f"{path} is no cell of the table ({error.error_count()} faults)") from error


def of_another_configuration(path: Path) -> DataError:
    """What is raised where a folder holds cells of another run."""
    return DataError(
        f"{path} was made with another configuration",
        "name another folder for this run, or remove this one",
    )
