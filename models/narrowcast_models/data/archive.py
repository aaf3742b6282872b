"""Named arrays out of an npz file, or one clear error."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.errors import DataError


def read(
    path: Path, wanted: Iterable[str], optional: Iterable[str] = (), layout: str = ""
) -> dict[str, NDArray[Any]]:
    """The arrays `wanted`, and those of `optional` that are there. Nothing is unpickled.

    Raises DataError where the file is missing or damaged or lacks an array; `layout`, where it
    is given, says in the error what the file must hold.
    """
    wanted = set(wanted)
    try:
        # Opened here: np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = wanted - set(archive.files)
            names = (wanted | set(optional)) & set(archive.files)
            table = {name: archive[name] for name in names}
    except FileNotFoundError:
        raise DataError(f"{path} is not there") from None
    except (OSError, EOFError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        # Type and attribute errors: a bare array, not an archive of them.
        raise DataError(f"{path} is no npz file, or a damaged one", layout) from error
    if missing:
        raise DataError(f"{path} has no array {min(missing)!r}", layout)
    return table
