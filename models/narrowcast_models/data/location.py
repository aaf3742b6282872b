"""Where the data sets are: the folder that the environment variable NARROWCAST_DATA names."""

import os
from pathlib import Path

from narrowcast_shared.errors import DataError

VARIABLE = "NARROWCAST_DATA"


def data_file(relative: str) -> Path:
    """Path of a file below the data folder. Raises DataError where there is none."""
    root = os.environ.get(VARIABLE)
    if not root:
        raise DataError(
            f"no data folder is known, so {relative} cannot be read",
            f"set {VARIABLE} to the folder that holds it",
        )
    path = Path(root) / relative
    if not path.is_file():
        raise DataError(f"{path} is not there", f"check {VARIABLE} (now {root})")
    return path
