"""Anybody's labelled faces: image files, and a CSV that names each and its valence.

    path,valence
    anna/001.png,0.4
    anna/002.png,-0.1

More columns are allowed, and one may name groups. Paths are relative to the CSV's folder.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import delimited
from narrowcast_models.data.delimited import Row
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import CHIP_PX
from narrowcast_shared.resample import resample

_FRAMING = "crop it to a square of 1.06 times a face detector's box"


def load(path: Path, group: str | None = None) -> LabelledFaces:
    """The faces of a CSV file, or of the folder that holds exactly one.

    Images are read gray. Where all have one side of at most 96 px they stay as they are;
    otherwise all are brought to chips of 96 px, as the encoder would. group: a column that becomes
    `LabelledFaces.group`. Raises DataError, naming
    the CSV's line, for an image that is missing, unreadable or not square, and for a valence
    that is no number from -1 to 1.
    """
    table = _table(path)
    rows = delimited.read(table)
    if not rows:
        raise DataError(f"{table} names no face", "a line each: path,valence")
    group = group and group.lower()
    for name in ("path", "valence", *([group] if group else [])):
        delimited.column(table, rows[0].cells, (name,))
    valence = np.array([_valence(row) for row in rows], dtype=np.float32)
    images = _of_one_side([_image(row, table.parent) for row in rows])
    groups = np.array([row.cells[group] for row in rows]) if group else None
    return LabelledFaces(table.stem, images, valence, group=groups)


def _table(path: Path) -> Path:
    if not path.is_dir():
        return path
    tables = sorted(path.glob("*.csv"))
    if len(tables) != 1:
        raise DataError(f"{path} holds {len(tables)} CSV files", "name the one to read")
    return tables[0]


def _valence(row: Row) -> float:
    value = row.number("valence")
    if abs(value) > 1:
        raise row.error(f"valence is {value:g}", "scale it to -1..1")
    return value


def _image(row: Row, folder: Path) -> NDArray[np.uint8]:
    """Gray, square, of at most 96 px."""
    path = folder / row.cells["path"]
    try:
        # Decoded from memory: imread would also complain on standard error.
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise row.error(f"{path} cannot be read ({error.strerror})") from error
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if image is None:
        raise row.error(f"{path} is no image that OpenCV can read")
    height, width = image.shape
    if height != width:
        raise row.error(f"{path} is {width}x{height} px, not square", _FRAMING)
    gray = np.asarray(image, dtype=np.uint8)
    return gray if height <= CHIP_PX else resample(gray, CHIP_PX)


def _of_one_side(images: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    if len({len(image) for image in images}) > 1:
        images = [resample(image, CHIP_PX) for image in images]
    return np.stack(images)
