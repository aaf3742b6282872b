"""The whole picture of a HEIC or AVIF file that is made of tiles.

Phones cut a picture of 12 megapixels into tiles of 512x512, and FFmpeg hands out each tile as a
stream. Pillow reads a tiled AVIF as one picture, and with pi-heif (libheif) a tiled HEIC as well;
both turn it upright as its `irot` and `imir` boxes ask. Other pictures do not come here: FFmpeg
reads them with their colours told, which these libraries leave out.
"""

import warnings
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.errors import SourceError


class TiledPictureError(SourceError):
    """A HEIF picture made of tiles, of which FFmpeg gives each as a stream of its own."""


def whole_picture(file: Path | IO[bytes], name: str) -> NDArray[np.uint8]:
    """uint8 [H, W, 3], BGR, upright. Raises SourceError, which calls the file by `name`."""
    try:  # here, and not above: few sessions ever read such a file
        import pi_heif  # noqa: PLC0415
        from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SourceError(f"{name} is a picture made of tiles", "pip install pi-heif") from error

    pi_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():  # of a picture that is large; one too large is an error
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=["AVIF", "HEIF"]) as image:
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as error:
        raise SourceError(f"{name} has more pixels than any camera", "make it smaller") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        problem = f"{name} is a picture made of tiles, and not all of them can be read"
        raise SourceError(problem, "convert it to JPEG or PNG") from error
    return np.ascontiguousarray(np.asarray(upright, dtype=np.uint8)[..., ::-1])
